"""Limbs that an estimator takes for another: mirrored in depth, or left for right.

A picture does not tell whether a forearm points towards the camera or away from it: mirrored at the
plane across the viewing ray it looks the same. Estimators fall for this for some frames at a time,
where the joints allow it.
"""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.skinning import pose_bones
from neuhmr.body.smpl_model import ShapedBody
from neuhmr.geometry.rotations import axisangle_to_rotmat, rotmat_to_axisangle
from neuhmr.lab.people.errors.pose_noise import LIMBS

_LEAST_MOVE = 0.08
"""A flip that moves the limb's end by less (m) is none."""
_LARGEST_TURN = 2.4
"""Flips that turn a segment further (rad) are left out: the limb points at the camera."""
LEG_PAIRS = ((1, 2), (4, 5), (7, 8), (10, 11))

Rotmats = Float[Tensor, "frames 24 3 3"]


def flip_limbs(
    rotmats: Rotmats, transl: Tensor, shaped: ShapedBody, rng: np.random.Generator, rate: float
) -> Rotmats:
    """Mirror a forearm, shank, arm or leg in depth for some frames, now and then.

    Args:
        rotmats: local rotations, the root's in the camera's frame.
        transl: as in smplx, camera frame (m).
        shaped: the body.
        rng: chooses when and which.
        rate: expected number of flips in 60 frames.
    """
    frames = len(rotmats)
    for _ in range(int(rng.poisson(rate * frames / 60.0))):
        for _attempt in range(12):
            share = _span(rng, frames)
            limb, is_whole = LIMBS[int(rng.integers(4))], bool(rng.uniform() < 0.4)
            flipped = _mirrored(rotmats, transl, shaped, limb, is_whole)
            middle = int(share.argmax())
            if _is_plausible(rotmats, flipped, shaped, limb, middle):
                rotmats = _blend(rotmats, flipped, share)
                break
    return rotmats


def confuse_limbs(
    rotmats: Rotmats, transl: Tensor, shaped: ShapedBody, rng: np.random.Generator, count: int
) -> Rotmats:
    """Mirror a limb in depth, or swap the legs, for half a second, for certain.

    The arms and legs that allow a mirroring take turns; where none does, the legs are swapped.

    Args:
        rotmats: local rotations, the root's in the camera's frame.
        transl: as in smplx, camera frame (m).
        shaped: the body.
        rng: chooses when and which.
        count: how many in 48 frames and any begun.
    """
    frames = len(rotmats)
    for _ in range(count * max(1, -(-frames // 48))):
        share = _span(rng, frames, (14.0, 16.0), margin=min(9.0, frames / 3.0))
        options = [(limb, whole) for limb in LIMBS for whole in (False, True)]
        confused = _swapped_legs(rotmats)
        # One in four is a swap, whatever the limbs would allow.
        for place in rng.permutation(len(options)) if rng.uniform() < 0.75 else ():
            limb, is_whole = options[int(place)]
            flipped = _mirrored(rotmats, transl, shaped, limb, is_whole)
            if _is_plausible(rotmats, flipped, shaped, limb, int(share.argmax())):
                confused = flipped
                break
        rotmats = _blend(rotmats, confused, share)
    return rotmats


def swap_legs(rotmats: Rotmats, rng: np.random.Generator, rate: float) -> Rotmats:
    """Give each leg the other's pose for some frames, now and then.

    Args:
        rotmats: local rotations.
        rng: chooses when.
        rate: expected number of swaps in 60 frames.
    """
    frames = len(rotmats)
    for _ in range(int(rng.poisson(rate * frames / 60.0))):
        rotmats = _blend(rotmats, _swapped_legs(rotmats), _span(rng, frames))
    return rotmats


def _swapped_legs(rotmats: Rotmats) -> Rotmats:
    mirror = torch.diag(rotmats.new_tensor([-1.0, 1.0, 1.0]))
    swapped = rotmats.clone()
    for left, right in LEG_PAIRS:
        swapped[:, left] = mirror @ rotmats[:, right] @ mirror
        swapped[:, right] = mirror @ rotmats[:, left] @ mirror
    return swapped


def _span(
    rng: np.random.Generator,
    frames: int,
    lengths: tuple[float, float] = (4.0, 14.0),
    margin: float = 0.0,
) -> Float[Tensor, " frames"]:
    """Rise to one within three frames, stay for some, and fall again."""
    length = float(rng.uniform(*lengths))
    middle = float(rng.uniform(margin, frames - 1.0 - margin))
    away = (torch.arange(frames, dtype=torch.float32) - middle).abs() - length / 2
    share = (0.5 - away / 3.0).clamp(0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)


def _blend(first: Rotmats, second: Rotmats, share: Float[Tensor, " frames"]) -> Rotmats:
    step = rotmat_to_axisangle(first.transpose(-1, -2) @ second)
    return first @ axisangle_to_rotmat(share[:, None, None] * step)


def _mirrored(
    rotmats: Rotmats,
    transl: Tensor,
    shaped: ShapedBody,
    limb: tuple[int, int, int],
    is_whole: bool,
) -> Rotmats:
    """Mirror the lower segment, or both, at the plane across the ray to the limb's root."""
    upper, lower, end = limb
    bones = pose_bones(shaped.joints_rest, rotmats, shaped.model.parents)
    world = bones.rotmat
    joints = bones.apply(shaped.joints_rest) + transl[:, None]
    ray = torch.nn.functional.normalize(joints[:, upper], dim=-1)
    turned = rotmats.clone()
    parent_world = world[:, shaped.model.parents[upper]]
    before = torch.eye(3).to(world)
    if is_whole:
        before = _mirror_turn(joints[:, lower] - joints[:, upper], ray)
        turned[:, upper] = parent_world.transpose(-1, -2) @ before @ world[:, upper]
    new_upper = before @ world[:, upper]
    forearm = joints[:, end] - joints[:, lower]
    target = forearm - 2.0 * (forearm * ray).sum(-1, keepdim=True) * ray
    carried = (before @ forearm[..., None])[..., 0]
    new_lower = swing(carried, target) @ before @ world[:, lower]
    turned[:, lower] = new_upper.transpose(-1, -2) @ new_lower
    return turned


def _mirror_turn(
    direction: Float[Tensor, "frames 3"], ray: Float[Tensor, "frames 3"]
) -> Float[Tensor, "frames 3 3"]:
    return swing(direction, direction - 2.0 * (direction * ray).sum(-1, keepdim=True) * ray)


def swing(
    start: Float[Tensor, "*batch 3"],
    end: Float[Tensor, "*batch 3"],
    share: Float[Tensor, "*batch 1"] | float = 1.0,
) -> Float[Tensor, "*batch 3 3"]:
    """Rotate one direction onto another, or a share of the way, without twist."""
    start, end = (torch.nn.functional.normalize(v, dim=-1) for v in (start, end))
    axis = torch.linalg.cross(start, end)
    angle = torch.atan2(axis.norm(dim=-1), (start * end).sum(dim=-1))[..., None]
    return axisangle_to_rotmat(torch.nn.functional.normalize(axis, dim=-1) * (share * angle))


def _is_plausible(
    rotmats: Rotmats,
    flipped: Rotmats,
    shaped: ShapedBody,
    limb: tuple[int, int, int],
    middle: int,
) -> bool:
    """Ask whether the joint bends that way, and whether the flip is worth the name."""
    upper, lower, end = limb
    pair = torch.stack([rotmats[middle], flipped[middle]])
    turn = rotmat_to_axisangle(pair[0].transpose(-1, -2) @ pair[1])[[upper, lower]].norm(dim=-1)
    bones = pose_bones(shaped.joints_rest, pair, shaped.model.parents)
    ends = bones.apply(shaped.joints_rest)[:, end]
    # The shank's rest direction is down and bends backward; the forearm bends forward.
    rest = shaped.joints_rest[end] - shaped.joints_rest[lower]
    ahead = float((pair[1, lower] @ torch.nn.functional.normalize(rest, dim=0))[2])
    bends = ahead < 0.15 if lower in (4, 5) else ahead > -0.15
    moved = float((ends[1] - ends[0]).norm())
    return bends and moved > _LEAST_MOVE and float(turn.max()) < _LARGEST_TURN
