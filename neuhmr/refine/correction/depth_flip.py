"""Mirroring a limb in depth: no picture tells whether a forearm points at the camera or away.

A bone of known length from a known joint meets the viewing ray of its other joint in two points.
Estimators often take the wrong one. The other one projects to the very same pixel.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.skeleton import SMPL_JOINT_NAMES
from neuhmr.errors import NeuhmrError
from neuhmr.refine.correction.limbs import Limb, angle_between, bent_and_turned, posed_limb, unit
from neuhmr.refine.correction.skeleton import Skeleton

_FLIPS: dict[int, tuple[tuple[int, int, int], bool]] = {
    1: ((1, 4, 7), True), 4: ((1, 4, 7), True), 7: ((1, 4, 7), False), 10: ((1, 4, 7), False),
    2: ((2, 5, 8), True), 5: ((2, 5, 8), True), 8: ((2, 5, 8), False), 11: ((2, 5, 8), False),
    16: ((16, 18, 20), True), 18: ((16, 18, 20), True), 20: ((16, 18, 20), False),
    22: ((16, 18, 20), False),
    17: ((17, 19, 21), True), 19: ((17, 19, 21), True), 21: ((17, 19, 21), False),
    23: ((17, 19, 21), False),
}  # fmt: skip
"""Limb of each joint, and whether the upper bone is mirrored, too."""
_SEGMENTS = {1: "left shank", 2: "right shank", 16: "left forearm", 17: "right forearm"}
_LIMBS = {1: "left leg", 2: "right leg", 16: "left arm", 17: "right arm"}
_STRAIGHT = 1e-4


def flip_of(joint: int) -> tuple[tuple[int, int, int], bool]:
    """Look up which limb a joint flips: from wrist and ankle outwards the lower bone alone.

    Returns:
        Joints at the limb's start, middle and end; whether its upper bone is mirrored, too.

    Raises:
        NeuhmrError: the joint belongs to no limb.
    """
    if joint not in _FLIPS:
        name = SMPL_JOINT_NAMES[joint].replace("_", " ")
        raise NeuhmrError(
            f"The {name} belongs to no limb, so there is nothing to flip in depth; select a "
            "shoulder, elbow, wrist, hip, knee or ankle."
        )
    return _FLIPS[joint]


def flip_words(joint: int) -> str:
    """Name what a joint flips.

    Raises:
        NeuhmrError: the joint belongs to no limb.
    """
    (start, _, _), is_whole = flip_of(joint)
    return (_LIMBS if is_whole else _SEGMENTS)[start]


def flip_depth(
    skeleton: Skeleton,
    rotmat: Float[Tensor, "24 3 3"],
    transl: Float[Tensor, "3"],
    joint: int,
) -> Float[Tensor, "24 3 3"]:
    """Mirror the limb of a joint in depth, or its lower bone alone; the camera is at the origin.

    Returns:
        Local rotations. Bones keep their lengths, and the joints their pixels wherever the bone
        reaches its ray; twice is the identity there.

    Raises:
        NeuhmrError: the joint belongs to no limb.
    """
    (upper, lower, end), is_whole = flip_of(joint)
    exact = rotmat.double()
    limb = posed_limb(skeleton.double(), exact, transl.double(), (upper, lower), end)
    middle = other_crossing(limb.start, limb.middle) if is_whole else limb.middle
    is_nearer = bool(limb.lower_bone @ limb.end < 0)
    last = crossing(middle, limb.end, limb.lower_bone.norm(), is_nearer=not is_nearer)
    moved = _placed(exact, limb, middle, last)
    turned = rotmat.clone()
    for each in (upper, lower):
        turned[each] = moved[each].to(rotmat)
    return turned


def other_crossing(center: Float[Tensor, "3"], point: Float[Tensor, "3"]) -> Float[Tensor, "3"]:
    """Find the second point on a point's viewing ray that is as far from the center (m)."""
    ray = unit(point)
    return (2.0 * (ray @ center) - ray @ point) * ray


def crossing(
    center: Float[Tensor, "3"],
    through: Float[Tensor, "3"],
    length: Float[Tensor, ""],
    is_nearer: bool,
) -> Float[Tensor, "3"]:
    """Find where a viewing ray is a bone's length away from the center (m).

    Where the ray is further away than that, the bone points at the ray's nearest point.

    Args:
        center: where the bone begins.
        through: a point on the ray from the camera.
        length: of the bone.
        is_nearer: take the crossing that is nearer to the camera.
    """
    ray = unit(through)
    along = ray @ center
    off = length.square() - (center.square().sum() - along.square())
    if float(off) < 0.0:
        return center + unit(along * ray - center) * length
    half = off.sqrt()
    return (along - half if is_nearer else along + half) * ray


def _placed(
    rotmat: Float[Tensor, "24 3 3"],
    limb: Limb,
    middle: Float[Tensor, "3"],
    end: Float[Tensor, "3"],
) -> Float[Tensor, "24 3 3"]:
    """Turn and bend a limb so that its middle and end lie in given places.

    The middle stays a hinge that bends the way it does; what a hinge cannot do, the upper bone
    does by turning about itself.
    """
    upper_bone, lower_bone = middle - limb.start, end - middle
    axis = torch.linalg.cross(upper_bone, lower_bone)
    if float(axis.norm()) < _STRAIGHT * float(upper_bone.norm() * lower_bone.norm()):
        along = unit(upper_bone)
        axis = limb.hinge - (limb.hinge @ along) * along
    turn = _axes(upper_bone, unit(axis)) @ _axes(limb.upper_bone, limb.hinge).T
    return bent_and_turned(rotmat, limb, angle_between(upper_bone, lower_bone), turn)


def _axes(bone: Float[Tensor, "3"], hinge: Float[Tensor, "3"]) -> Float[Tensor, "3 3"]:
    """Build axes from a bone and the hinge across it."""
    along = unit(bone)
    return torch.stack([along, hinge, torch.linalg.cross(along, hinge)], dim=-1)
