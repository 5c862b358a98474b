"""Two-bone limbs as hinges: an elbow and a knee bend one way only, so no solution bends them back.

A limb runs from `start` over `middle` to `end`. All geometry is in the camera's axes (m).
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.skeleton import SMPL_PARENTS
from neuhmr.geometry.rotations import axisangle_to_rotmat
from neuhmr.refine.correction.skeleton import Skeleton

_STRAIGHT = 1e-4
"""Sine of the bend below which a limb counts as straight and has no plane of its own."""
_LEGS = (1, 2)


@dataclass(frozen=True)
class Limb:
    """One posed limb."""

    upper: int
    """Joint that turns the upper bone."""
    lower: int
    """Joint that turns the lower bone."""
    start: Float[Tensor, "3"]
    middle: Float[Tensor, "3"]
    end: Float[Tensor, "3"]
    hinge: Float[Tensor, "3"]
    """Unit axis about which bending further turns the lower bone."""
    rotmats: Float[Tensor, "joints 3 3"]
    """Of all bones, from rest space to camera."""

    @property
    def upper_bone(self) -> Float[Tensor, "3"]:
        """From start to middle (m)."""
        return self.middle - self.start

    @property
    def lower_bone(self) -> Float[Tensor, "3"]:
        """From middle to end (m)."""
        return self.end - self.middle

    @property
    def bend(self) -> Float[Tensor, ""]:
        """Angle from the upper to the lower bone (rad); 0 is straight."""
        return angle_between(self.upper_bone, self.lower_bone)


def posed_limb(
    skeleton: Skeleton,
    rotmat: Float[Tensor, "24 3 3"],
    transl: Float[Tensor, "3"],
    joints: tuple[int, int],
    end: int,
) -> Limb:
    """See a limb in a pose.

    Args:
        skeleton: the person.
        rotmat: local rotations.
        transl: as in smplx.
        joints: the joints that turn the upper and the lower bone.
        end: the joint at its end; it may lie further out than the lower bone.
    """
    bones = skeleton.bones(rotmat, transl)
    places = bones.apply(skeleton.joints_rest)
    upper, lower = joints
    start, middle, last = places[upper], places[lower], places[end]
    axis = torch.linalg.cross(middle - start, last - middle)
    size = (middle - start).norm() * (last - middle).norm()
    if float(axis.norm()) < _STRAIGHT * float(size):
        axis = bones.rotmat[upper] @ _rest_hinge(skeleton, upper, lower)
        along = unit(middle - start)
        axis = axis - (axis @ along) * along
    return Limb(upper, lower, start, middle, last, unit(axis), bones.rotmat)


def bent_and_turned(
    rotmat: Float[Tensor, "24 3 3"],
    limb: Limb,
    bend: Float[Tensor, ""],
    turn: Float[Tensor, "3 3"],
) -> Float[Tensor, "24 3 3"]:
    """Bend a limb at its middle to an angle (rad), then turn the whole of it about its start."""
    hinge = axisangle_to_rotmat(limb.hinge * (bend - limb.bend))
    upper_rotmat = turn @ limb.rotmats[limb.upper]
    lower_rotmat = turn @ hinge @ limb.rotmats[limb.lower]
    turned = rotmat.clone()
    above = limb.rotmats[SMPL_PARENTS[limb.upper]]
    turned[limb.upper] = above.T @ upper_rotmat
    turned[limb.lower] = upper_rotmat.T @ lower_rotmat
    return turned


def unit(vector: Float[Tensor, "3"]) -> Float[Tensor, "3"]:
    """Scale to length one; nothing stays nothing."""
    return torch.nn.functional.normalize(vector, dim=-1)


def angle_between(first: Float[Tensor, "3"], second: Float[Tensor, "3"]) -> Float[Tensor, ""]:
    """Measure the angle between two directions (rad, in [0, pi])."""
    return torch.atan2(torch.linalg.cross(first, second).norm(), first @ second)


def swing(
    start: Float[Tensor, "3"], end: Float[Tensor, "3"], spare: Float[Tensor, "3"]
) -> Float[Tensor, "3 3"]:
    """Turn one direction onto another by the shortest way.

    Args:
        start: any length; nothing at all is not turned.
        end: any length.
        spare: an axis for opposite directions, where every way is as short as any other.
    """
    axis = torch.linalg.cross(unit(start), unit(end))
    angle = angle_between(start, end)
    if float(axis.norm()) < 1e-9:
        along = unit(start)
        axis = spare - (spare @ along) * along
    return axisangle_to_rotmat(unit(axis) * angle)


def _rest_hinge(skeleton: Skeleton, upper: int, lower: int) -> Float[Tensor, "3"]:
    """Say about which axis a straight limb begins to bend: forearms forward, shanks backward."""
    bone = skeleton.joints_rest[lower] - skeleton.joints_rest[upper]
    towards = bone.new_tensor([0.0, 0.0, -1.0 if upper in _LEGS else 1.0])
    return unit(torch.linalg.cross(bone, towards))
