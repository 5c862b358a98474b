"""Walking and stepping: where the feet stand, how they swing, and how the pelvis rides on them.

A path says where the pelvis is to be and where it faces at any time; footprints are laid beside
it so that the pelvis passes over each foot in the middle of its stance. Planted feet stand still,
so walking does not slide whatever the path is: straight, curved or turning on the spot.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.tensor_struct import TensorStruct

Path = Callable[[Tensor], Tensor]
"""Time (s) to x, z (m) and heading (rad, 0 = +z, positive to the left), stacked last."""


@dataclass(frozen=True, kw_only=True)
class GaitStyle:
    """How somebody walks."""

    step_duration: float = 0.5
    """Time from one foot's landing to the other's (s)."""
    swing_share: float = 0.8
    """Part of a step in which one foot is in the air; the rest is double support."""
    half_width: float = 0.085
    """Distance of the footprints from the path (m)."""
    foot_lift: float = 0.05
    """Height of the sole at mid-swing (m)."""
    toe_out: float = 0.12
    """Outward turn of the feet (rad)."""
    heel_rise: float = 0.75
    """Pitch of the foot when it leaves the floor (rad)."""
    toe_rise: float = 0.3
    """Pitch of the foot when the heel lands (rad)."""
    bounce: float = 0.018
    """Rise and fall of the pelvis (m)."""
    sway: float = 0.025
    """Movement of the pelvis towards the standing foot (m)."""


@dataclass(frozen=True)
class Steps(TensorStruct):
    """Feet and pelvis over frames (stage frame, m, rad)."""

    feet_position: Float[Tensor, "frames 2 3"]
    feet_turn: Float[Tensor, "frames 2 2"]
    pelvis_position: Float[Tensor, "frames 2"]
    heading: Float[Tensor, " frames"]
    cycle: Float[Tensor, " frames"]
    """Phase of the stride (rad): sine is positive while the left foot swings forward."""
    stride_length: Float[Tensor, " frames"]
    """Local length of a step (m), for the swing of the arms."""


def walk_along(path: Path, times: Float[Tensor, " frames"], style: GaitStyle) -> Steps:
    """Step along a path; the left foot swings first."""
    num_steps = int(float(times.max()) / style.step_duration) + 3
    feet_position, feet_turn = [], []
    for side in range(2):
        prints = _footprints(path, side, num_steps, style)
        position, turn = _foot_track(prints, times, style)
        feet_position.append(position)
        feet_turn.append(turn)
    where = path(times)
    cycle = torch.pi * times / style.step_duration
    stride = (path(times + style.step_duration) - where)[:, :2].norm(dim=-1)
    left = torch.stack([where[:, 2].cos(), -where[:, 2].sin()], dim=-1)
    # The right foot stands while the left swings: sine positive, weight to the right.
    pelvis = where[:, :2] - style.sway * torch.sin(cycle)[:, None] * left
    return Steps(
        torch.stack(feet_position, dim=1),
        torch.stack(feet_turn, dim=1),
        pelvis,
        where[:, 2],
        cycle,
        stride,
    )


def stand_still(
    times: Float[Tensor, " frames"], half_width: float = 0.11, toe_out: float = 0.15
) -> Steps:
    """Keep both feet planted at the stage's origin, facing +z."""
    zero = torch.zeros_like(times)
    sides = (1.0, -1.0)
    position = [torch.stack([zero + s * half_width, zero, zero], dim=-1) for s in sides]
    turn = [torch.stack([zero + s * toe_out, zero], dim=-1) for s in sides]
    pelvis = torch.stack([zero, zero], dim=-1)
    return Steps(torch.stack(position, dim=1), torch.stack(turn, dim=1), pelvis, zero, zero, zero)


@dataclass(frozen=True)
class _Footprints:
    """Where one foot stands, stance after stance."""

    landing: Tensor
    position: Tensor
    heading: Tensor
    pace: Tensor
    """Length of the swing that led to each print (m), which sets lift and pitch."""


def _footprints(path: Path, side: int, num_steps: int, style: GaitStyle) -> _Footprints:
    outward = 1.0 if side == 0 else -1.0
    # Walking has begun before time zero, so nobody starts from a stand at full speed.
    swings = [k for k in range(-4, num_steps) if k % 2 == side]
    landing = torch.tensor([(k + 1) * style.step_duration for k in swings], dtype=torch.float64)
    where = path(landing + 0.5 * style.step_duration)
    heading = where[:, 2]
    left = torch.stack([heading.cos(), -heading.sin()], dim=-1)
    flat = where[:, :2] + outward * style.half_width * left
    position = torch.stack([flat[:, 0], torch.zeros_like(heading), flat[:, 1]], dim=-1)
    pace = torch.cat([heading.new_zeros(1), (flat[1:] - flat[:-1]).norm(dim=-1)])
    return _Footprints(landing, position, heading + outward * style.toe_out, pace)


def _foot_track(prints: _Footprints, times: Tensor, style: GaitStyle) -> tuple[Tensor, Tensor]:
    """Interpolate from print to print: stand, roll over the ball, swing, land on the heel."""
    swing_time = style.swing_share * style.step_duration
    following = torch.searchsorted(prints.landing, times, right=True)
    following = following.clamp(max=len(prints.landing) - 1)
    current = (following - 1).clamp_min(0)
    until_landing = prints.landing[following] - times
    swing = (1.0 - until_landing / swing_time).clamp(0.0, 1.0)
    ease = swing * swing * (3.0 - 2.0 * swing)
    start, end = prints.position[current], prints.position[following]
    position = start + ease[:, None] * (end - start)
    vigor = (prints.pace[following] / 0.6).clamp(0.35, 1.3)
    lift = style.foot_lift * vigor * torch.sin(torch.pi * swing).clamp_min(0).pow(1.3)
    position = position + torch.stack([0 * lift, lift, 0 * lift], dim=-1)
    heading = prints.heading[current] + ease * (prints.heading[following] - prints.heading[current])
    # The heel rises over the last third of the stance and the toes are up for the landing.
    rise_time = 0.45 * style.step_duration
    rising = ((swing_time + rise_time - until_landing) / rise_time).clamp(0.0, 1.0)
    heel = style.heel_rise * vigor * rising.pow(2) * (1.0 - swing / 0.55).clamp(0.0, 1.0)
    landed_vigor = (prints.pace[current] / 0.6).clamp(0.0, 1.3)
    since_landing = times - prints.landing[current]
    flattening = (1.0 - since_landing / (0.3 * style.step_duration)).clamp(0.0, 1.0)
    toe = style.toe_rise * (
        vigor * ((swing - 0.55) / 0.45).clamp(0.0, 1.0) + landed_vigor * flattening
    ).clamp(0.0, 1.3)
    return position, torch.stack([heading, toe - heel], dim=-1)
