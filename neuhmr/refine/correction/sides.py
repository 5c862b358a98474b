"""Giving each arm or leg what the other one does: estimators mistake left for right."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.local_pose import LocalPose
from neuhmr.body.motion import Motion
from neuhmr.body.skeleton import BODY_PARTS, LEFT_RIGHT_JOINTS
from neuhmr.errors import NeuhmrError
from neuhmr.refine.correction.edits import Place
from neuhmr.refine.correction.spreading import mix_poses, stretch_shares
from neuhmr.refine.scope import Scope

Limbs = Literal["arms", "legs", "both"]
LIMB_CHOICES: tuple[Limbs, ...] = ("arms", "legs", "both")


def swapped(rotmat: Float[Tensor, "*batch 24 3 3"], limbs: Limbs) -> Float[Tensor, "*batch 24 3 3"]:
    """Exchange left and right limbs, mirrored at the body's middle plane; twice is the identity."""
    mirror = torch.diag(rotmat.new_tensor([-1.0, 1.0, 1.0]))
    joints: set[int] = set()
    if limbs != "legs":
        joints |= set(BODY_PARTS["left_arm"])
    if limbs != "arms":
        joints |= set(BODY_PARTS["left_leg"])
    changed = rotmat.clone()
    for left, right in LEFT_RIGHT_JOINTS:
        if left in joints:
            changed[..., left, :, :] = mirror @ rotmat[..., right, :, :] @ mirror
            changed[..., right, :, :] = mirror @ rotmat[..., left, :, :] @ mirror
    return changed


def swap_sides(motion: Motion, place: Place, limbs: Limbs) -> Motion:
    """Exchange left and right limbs in every frame of a stretch.

    Raises:
        NeuhmrError: one of the limbs' joints is locked, as half a swap is none.
    """
    old = LocalPose.from_motion(motion)
    new = LocalPose(swapped(old.rotmat, limbs), old.transl)
    turned = (new.rotmat != old.rotmat).flatten(2).any(dim=-1).any(dim=0).nonzero()[:, 0].tolist()
    if place.locks.locked_joints & set(turned):
        raise NeuhmrError(
            "A locked joint belongs to these limbs, and half a swap is none; unlock it first."
        )
    locks = Scope(locked_frames=place.locks.locked_frames)
    shares = stretch_shares(motion.frame_index, place.first, place.last)
    free, free_transl = locks.free_joints(motion), locks.free_translations(motion)
    return mix_poses(old, new, shares, free, free_transl).into(motion)
