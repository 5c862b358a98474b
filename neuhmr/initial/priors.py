"""What a human joint can do: angle limits and natural angles of SMPL's body joints.

A joint's rotation is split into a twist about its bone and a swing of the bone (R = swing twist).
Together they give three angles about the rest axes (x the subject's left, y up, z front): the
twist about the bone's axis, the swing about the other two. So the angles keep their anatomical
sense where a rotation vector would mix them: a bent elbow with a turned forearm still bends about
y alone.
"""

from dataclasses import dataclass
from math import radians
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.skeleton import SMPL_JOINT_NAMES
from neuhmr.tensor_struct import TensorStruct


class _Range(NamedTuple):
    """Limits of a left or middle joint about x, y, z (degrees); right joints mirror them."""

    x: tuple[float, float]
    y: tuple[float, float]
    z: tuple[float, float]
    natural: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Angles of a relaxed person (degrees)."""
    spread: float = 30.0
    """How far a joint strays from them (degrees, one standard deviation)."""
    twist_axis: int = 1
    """Axis of the bone: 0 for the arms, 1 for trunk and legs."""


_FIXED = _Range((-1, 1), (-1, 1), (-1, 1), spread=1.0)
_SPINE = _Range((-20, 40), (-22, 22), (-18, 18), spread=10.0)
_RANGES: dict[str, _Range] = {
    # Negative x lifts the thigh, positive x bends the knee and points the toes down.
    "left_hip": _Range((-130, 35), (-50, 50), (-35, 80), natural=(-5, 0, 3), spread=35.0),
    "left_knee": _Range((0, 155), (-12, 12), (-6, 6), natural=(10, 0, 0), spread=40.0),
    "left_ankle": _Range((-35, 55), (-25, 25), (-25, 25), spread=12.0),
    "left_foot": _FIXED,
    "spine1": _SPINE,
    "spine2": _SPINE,
    "spine3": _SPINE,
    "neck": _Range((-35, 45), (-45, 45), (-30, 30), spread=12.0),
    "head": _Range((-30, 35), (-45, 45), (-25, 25), spread=12.0),
    # Negative y brings a left arm forward, negative z lets it hang.
    "left_collar": _Range((-10, 10), (-25, 20), (-15, 35), spread=8.0, twist_axis=0),
    "left_shoulder": _Range(
        (-90, 90), (-125, 45), (-100, 100), natural=(0, -10, -60), spread=50.0, twist_axis=0
    ),
    "left_elbow": _Range(
        (-85, 90), (-155, 0), (-6, 6), natural=(0, -25, 0), spread=45.0, twist_axis=0
    ),
    "left_wrist": _Range((-12, 12), (-35, 35), (-70, 70), spread=8.0, twist_axis=0),
    "left_hand": _FIXED,
}  # fmt: skip


@dataclass(frozen=True)
class JointRanges(TensorStruct):
    """Angle limits of the 23 body joints about the rest axes (rad)."""

    lower: Float[Tensor, "23 3"]
    upper: Float[Tensor, "23 3"]
    natural: Float[Tensor, "23 3"]
    spread: Float[Tensor, "23 1"]
    twist_axis: Float[Tensor, "23 3"]
    """Unit vector along each bone's main rest axis."""


def human_joint_ranges() -> JointRanges:
    """Tabulate the ranges of both sides."""
    lower, upper, natural, spread, axes = [], [], [], [], []
    for name in SMPL_JOINT_NAMES[1:]:
        limits = _RANGES[name.replace("right", "left")]
        low = [radians(pair[0]) for pair in (limits.x, limits.y, limits.z)]
        high = [radians(pair[1]) for pair in (limits.x, limits.y, limits.z)]
        rest = [radians(angle) for angle in limits.natural]
        if "right" in name:
            # A mirror in x keeps rotations about x and turns the others round.
            low[1:], high[1:] = [-h for h in high[1:]], [-v for v in low[1:]]
            rest[1:] = [-angle for angle in rest[1:]]
        lower.append(low)
        upper.append(high)
        natural.append(rest)
        spread.append([radians(limits.spread)])
        axes.append([float(axis == limits.twist_axis) for axis in range(3)])
    return JointRanges(*(torch.tensor(table) for table in (lower, upper, natural, spread, axes)))


def joint_angles(
    body_pose_axisangle: Float[Tensor, "*batch 23 3"], twist_axis: Float[Tensor, "23 3"]
) -> Float[Tensor, "*batch 23 3"]:
    """Split rotations into twist and swing and give both as angles about the rest axes (rad).

    Works on rotation vectors of any length below 2 pi; the twist of a bone that is swung by
    exactly pi is undefined, there its gradient is not meaningful.
    """
    squared = body_pose_axisangle.square().sum(dim=-1, keepdim=True)
    is_small = squared < 1e-8
    angle = torch.where(is_small, 1.0, squared).sqrt()
    # sin(angle / 2) / angle, by its series near zero where the square root has no gradient.
    factor = torch.where(is_small, 0.5 - squared / 48.0, torch.sin(angle / 2) / angle)
    real = torch.where(is_small, 1.0 - squared / 8.0, torch.cos(angle / 2))
    imaginary = body_pose_axisangle * factor
    along = (imaginary * twist_axis).sum(dim=-1, keepdim=True)
    # The twist's quaternion is (real, along * axis) / norm; swing = rotation * conjugate(twist).
    norm = (real.square() + along.square()).clamp_min(1e-12).sqrt()
    twist_real, twist_along = real / norm, along / norm
    sign = torch.where(real < 0, -1.0, 1.0)
    twist = 2.0 * torch.atan2(twist_along * sign, twist_real * sign)
    swing = (
        imaginary * twist_real
        - real * twist_along * twist_axis
        - torch.linalg.cross(imaginary, (twist_along * twist_axis).expand_as(imaginary))
    )
    return twist * twist_axis + swing * _angle_per_sine(swing, norm)


def _angle_per_sine(
    imaginary: Float[Tensor, "*batch 3"], real: Float[Tensor, "*batch 1"]
) -> Float[Tensor, "*batch 1"]:
    """Divide a rotation's angle by the sine of its half, for a quaternion with real part >= 0."""
    squared = imaginary.square().sum(dim=-1, keepdim=True)
    is_small = squared < 1e-8
    sine = torch.where(is_small, 1.0, squared).sqrt()
    return torch.where(is_small, 2.0 + squared / 3.0, 2.0 * torch.atan2(sine, real) / sine)


def joint_limit_loss(
    angles: Float[Tensor, "*batch 23 3"], ranges: JointRanges
) -> Float[Tensor, "*batch 23 3"]:
    """Squared excess of each angle over its limits (rad^2)."""
    over = torch.relu(angles - ranges.upper) + torch.relu(ranges.lower - angles)
    return over.square()


def natural_pose_loss(
    angles: Float[Tensor, "*batch 23 3"], ranges: JointRanges
) -> Float[Tensor, "*batch 23 3"]:
    """Squared distance of each angle from a relaxed person's, in standard deviations."""
    return ((angles - ranges.natural) / ranges.spread).square()
