"""Inverse kinematics: a dragged joint takes along what holds it, and nothing else.

Limbs are solved in closed form, the trunk by damped least squares. Bones keep their lengths, since
only rotations change; elbows and knees keep the side to which they bend.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.skeleton import SMPL_PARENTS
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rotations import axisangle_to_rotmat, nearest_rotations
from neuhmr.refine.correction.limbs import bent_and_turned, posed_limb, swing
from neuhmr.refine.correction.skeleton import Skeleton, chain_of

_DAMPING = 0.02
"""Of the least squares (m): a trunk that is stretched out does not shake."""
_MOST_TURNS = 200
_CLOSE_ENOUGH = 1e-4
"""Distance at which the trunk has arrived (m)."""
_STANDSTILL = 1e-6
"""Turns below this (rad) change nothing any more: the target is out of reach."""
_LARGEST_TURN = 0.3
"""Of one joint of the trunk in one turn (rad)."""


def reach(
    skeleton: Skeleton,
    rotmat: Float[Tensor, "24 3 3"],
    transl: Float[Tensor, "3"],
    joint: int,
    target: Float[Tensor, "3"],
) -> tuple[Float[Tensor, "24 3 3"], Float[Tensor, "3"]]:
    """Bring a joint to a point (m, camera), or as near as the bones reach.

    Returns:
        Local rotations and translation; what does not take part is the same bit for bit.
    """
    skeleton, target = skeleton.double(), target.double()
    exact, place = rotmat.double(), transl.double()
    chain = chain_of(joint)
    if chain.kind == "place":
        return rotmat, (place + target - skeleton.joints(exact, place)[joint]).to(transl)
    if chain.kind == "limb":
        upper, lower = chain.joints
        moved = _reach_limb(skeleton, exact, place, (upper, lower), joint, target)
    elif chain.kind == "one bone":
        moved = _point_bone(skeleton, exact, place, chain.joints[0], joint, target)
    else:
        moved = _bend_trunk(skeleton, exact, place, chain.joints, joint, target)
    turned = rotmat.clone()
    for each in chain.joints:
        turned[each] = moved[each].to(rotmat)
    return turned, transl


def point_at_depth(camera: Camera, pixel: Float[Tensor, "2"], depth: float) -> Float[Tensor, "3"]:
    """Find the point (m, camera) behind a pixel in the plane of one depth.

    Args:
        camera: of that frame alone.
        pixel: where the user let go (px).
        depth: of the plane, along the optical axis (m).
    """
    return camera.ray_directions(pixel[None])[0] * depth


def _reach_limb(
    skeleton: Skeleton,
    rotmat: Float[Tensor, "24 3 3"],
    transl: Float[Tensor, "3"],
    joints: tuple[int, int],
    end: int,
    target: Float[Tensor, "3"],
) -> Float[Tensor, "24 3 3"]:
    """Bend the limb to the target's distance by the law of cosines, then turn it there."""
    limb = posed_limb(skeleton, rotmat, transl, joints, end)
    upper, lower = limb.upper_bone.norm(), limb.lower_bone.norm()
    distance = (target - limb.start).norm().clamp((upper - lower).abs(), upper + lower)
    cosine = (distance.square() - upper.square() - lower.square()) / (2.0 * upper * lower)
    bend = torch.acos(cosine.clamp(-1.0, 1.0))
    hinge = axisangle_to_rotmat(limb.hinge * (bend - limb.bend))
    bent_end = limb.upper_bone + hinge @ limb.lower_bone
    turn = swing(bent_end, target - limb.start, limb.hinge)
    return bent_and_turned(rotmat, limb, bend, turn)


def _point_bone(
    skeleton: Skeleton,
    rotmat: Float[Tensor, "24 3 3"],
    transl: Float[Tensor, "3"],
    turning: int,
    joint: int,
    target: Float[Tensor, "3"],
) -> Float[Tensor, "24 3 3"]:
    """Point one bone at the target."""
    bones = skeleton.bones(rotmat, transl)
    places = bones.apply(skeleton.joints_rest)
    spare = bones.rotmat[turning][:, 2]
    turn = swing(places[joint] - places[turning], target - places[turning], spare)
    return _turned_in_camera(rotmat, bones.rotmat, turning, turn)


def _bend_trunk(
    skeleton: Skeleton,
    rotmat: Float[Tensor, "24 3 3"],
    transl: Float[Tensor, "3"],
    joints: tuple[int, ...],
    end: int,
    target: Float[Tensor, "3"],
) -> Float[Tensor, "24 3 3"]:
    """Turn a chain of joints a little at a time, each by as much as it helps."""
    for _ in range(_MOST_TURNS):
        bones = skeleton.bones(rotmat, transl)
        places = bones.apply(skeleton.joints_rest)
        off = target - places[end]
        if float(off.norm()) < _CLOSE_ENOUGH:
            break
        levers = places[end] - places[list(joints)]
        slopes = torch.cat([-_cross_matrix(lever) for lever in levers], dim=-1)
        square = slopes @ slopes.T + _DAMPING**2 * torch.eye(3).to(slopes)
        turns = (slopes.T @ torch.linalg.solve(square, off)).unflatten(0, (-1, 3))
        largest = turns.norm(dim=-1).max()
        if float(largest) < _STANDSTILL:
            break
        turns = turns * (_LARGEST_TURN / largest).clamp_max(1.0)
        # From the outside in: turning an inner joint carries the outer ones along.
        for joint, turn in reversed(list(zip(joints, turns, strict=True))):
            rotmat = _turned_in_camera(rotmat, bones.rotmat, joint, axisangle_to_rotmat(turn))
        # Rounding errors of the bones would grow from turn to turn.
        rotmat[list(joints)] = nearest_rotations(rotmat[list(joints)])
    return rotmat


def _turned_in_camera(
    rotmat: Float[Tensor, "24 3 3"],
    rotmats: Float[Tensor, "24 3 3"],
    joint: int,
    turn: Float[Tensor, "3 3"],
) -> Float[Tensor, "24 3 3"]:
    """Turn one joint by a rotation that is stated in the camera's axes."""
    above = rotmats[SMPL_PARENTS[joint]]
    turned = rotmat.clone()
    turned[joint] = above.T @ turn @ above @ rotmat[joint]
    return turned


def _cross_matrix(vector: Float[Tensor, "3"]) -> Float[Tensor, "3 3"]:
    """Write the cross product from the left as a matrix."""
    x, y, z = vector.unbind()
    zero = torch.zeros_like(x)
    rows = [zero, -z, y, z, zero, -x, -y, x, zero]
    return torch.stack(rows).reshape(3, 3)
