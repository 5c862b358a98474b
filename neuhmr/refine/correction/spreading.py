"""How far in time a correction reaches, and mixing poses along the shortest rotations."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from neuhmr.body.local_pose import LocalPose
from neuhmr.geometry.rotations import axisangle_to_rotmat, nearest_rotations, rotmat_to_axisangle

EDGE = 3
"""Frames over which a correction of a stretch fades in and out."""


def bell_shares(
    frame_index: Int[Tensor, " frames"], frame: int, radius: int
) -> Float[Tensor, " frames"]:
    """Fall smoothly from 1 at a frame to 0 just beyond `radius` frames; gaps in numbers count."""
    off = (frame_index - frame).abs().double() / (radius + 1.0)
    return _smooth((1.0 - off).clamp_min(0.0)).float()


def stretch_shares(
    frame_index: Int[Tensor, " frames"], first: int, last: int, edge: int = EDGE
) -> Float[Tensor, " frames"]:
    """Stay at 1 from the first to the last frame and fall smoothly to 0 within `edge` frames.

    A single frame has no edges: what is said of one frame is not said of its neighbors.
    """
    edge = min(edge, (last - first + 1) // 2)
    before = (first - frame_index).clamp_min(0)
    after = (frame_index - last).clamp_min(0)
    off = torch.maximum(before, after).double() / (edge + 1.0)
    return _smooth((1.0 - off).clamp_min(0.0)).float()


def mix_poses(
    old: LocalPose,
    new: LocalPose,
    shares: Float[Tensor, " frames"],
    free: Bool[Tensor, "frames 24"],
    free_transl: Bool[Tensor, " frames"],
) -> LocalPose:
    """Go a share of the way from old to new poses, each rotation on the shortest arc.

    Shares of 0 and 1, what is not free, and rotations that are the same in both are one of the two
    bit for bit.

    Args:
        old: poses before.
        new: poses after, row for row.
        shares: of the new poses, in [0, 1].
        free: which rotations may change, root first.
        free_transl: which translations may change.
    """
    keeps = ~free | (shares[:, None] == 0.0) | (old.rotmat == new.rotmat).flatten(2).all(dim=-1)
    rotmat = torch.where(keeps[..., None, None], old.rotmat, new.rotmat)
    # Only what really lies between the two: finding nearest rotations takes a while.
    rows, joints = (~keeps & (shares < 1.0)[:, None]).nonzero(as_tuple=True)
    start, end = old.rotmat[rows, joints], new.rotmat[rows, joints]
    step = rotmat_to_axisangle(start.transpose(-1, -2) @ end)
    part = axisangle_to_rotmat(shares[rows, None] * step)
    rotmat[rows, joints] = nearest_rotations(start @ part)
    moved = old.transl + (new.transl - old.transl) * shares[:, None]
    transl = torch.where((shares == 1.0)[:, None], new.transl, moved)
    stays = ~free_transl | (shares == 0.0)
    return LocalPose(rotmat, torch.where(stays[:, None], old.transl, transl))


def _smooth(shares: Float[Tensor, " frames"]) -> Float[Tensor, " frames"]:
    """Round the corners of a ramp from 0 to 1."""
    return shares * shares * (3.0 - 2.0 * shares)
