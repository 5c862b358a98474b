"""What can be made of recorded motions, which are few: people move in more ways than these show.

A window gets limbs of another, bends that it had not, swings as fast as kicks and throws, straight
legs, turns on its heel, or lies down. Nothing of it need look natural. The prior learns from it how
bodies, pictures and the errors of estimators hang together, and less what these few performers did.
"""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.skeleton import BODY_PARTS, NUM_JOINTS
from neuhmr.geometry.rotations import axisangle_to_rotmat
from neuhmr.lab.training.motion_prior.noise import drifting, normal, uniform
from neuhmr.lab.training.motion_prior.straight_legs import stretch_legs
from neuhmr.lab.training.motion_prior.windows import Windows
from neuhmr.motion_prior.mirroring import mirror_points, mirror_rotations

_LEFT_ARM, _RIGHT_ARM = BODY_PARTS["left_arm"], BODY_PARTS["right_arm"]
EXCHANGED: tuple[tuple[tuple[int, ...], float], ...] = (
    ((*_LEFT_ARM, *_RIGHT_ARM, *BODY_PARTS["head"]), 0.25),
    (_LEFT_ARM, 0.12),
    (_RIGHT_ARM, 0.12),
    ((*BODY_PARTS["left_leg"], *BODY_PARTS["right_leg"]), 0.12),
)
"""Joints whose rotations come from another window, and in what share of windows."""

SWUNG = ((16, 18), (17, 19), (1, 4), (2, 5), (16,), (17,), (1,), (2,))
"""Joints that are swung together."""

BENDS = (
    0.0, 0.30, 0.30, 0.12, 0.0, 0.0, 0.12, 0.15, 0.15, 0.12, 0.0, 0.0, 0.15, 0.08, 0.08, 0.15,
    0.45, 0.45, 0.0, 0.0, 0.15, 0.15, 0.0, 0.0,
)  # fmt: skip
"""Deviation of each joint's additional bend (rad per axis); hinges are bent one way only."""
HINGES: tuple[tuple[int, int, float], ...] = ((4, 0, 0.8), (5, 0, 0.8), (18, 1, -0.9), (19, 1, 0.9))
"""Knees and elbows: joint, axis, and most of the additional bend (rad)."""

STRAIGHT_LEGS = 0.35
"""Share of windows whose knees are stretched."""


def change(windows: Windows, rng: np.random.Generator) -> Windows:
    """Make other motions of motions, most of them a little, some beyond recognition."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    rotmat = _exchange(windows.rotmat, generator)
    rotmat = _bend(rotmat, generator)
    rotmat = _swing(rotmat, rng)
    rotmat = stretch_legs(rotmat, STRAIGHT_LEGS, generator)
    changed = _turn(Windows(rotmat, windows.pelvis), generator)
    changed = _lay_down(changed, generator)
    is_mirrored = torch.rand(len(rotmat), generator=generator) < 0.5
    flipped = mirrored(changed)
    return Windows(
        torch.where(is_mirrored[:, None, None, None, None], flipped.rotmat, changed.rotmat),
        torch.where(is_mirrored[:, None, None], flipped.pelvis, changed.pelvis),
    )


def mirrored(windows: Windows) -> Windows:
    """Exchange left and right."""
    return Windows(mirror_rotations(windows.rotmat), mirror_points(windows.pelvis))


def _chosen(share: float, batch: int, generator: torch.Generator) -> Float[Tensor, "batch 1 1 1"]:
    return (torch.rand(batch, 1, 1, 1, generator=generator) < share).float()


def _exchange(
    rotmat: Float[Tensor, "batch frames 24 3 3"], generator: torch.Generator
) -> Float[Tensor, "batch frames 24 3 3"]:
    """Give windows limbs of other windows."""
    batch = len(rotmat)
    mixed = rotmat.clone()
    for part, share in EXCHANGED:
        joints = list(part)
        others = torch.randperm(batch, generator=generator)
        takes = torch.rand(batch, 1, 1, 1, 1, generator=generator) < share
        mixed[:, :, joints] = torch.where(takes, rotmat[others][:, :, joints], mixed[:, :, joints])
    return mixed


def _bend(
    rotmat: Float[Tensor, "batch frames 24 3 3"], generator: torch.Generator
) -> Float[Tensor, "batch frames 24 3 3"]:
    """Hold the body otherwise: mostly the same way throughout, in part changing."""
    batch, frames = rotmat.shape[:2]
    constant, pace = (
        uniform(0.2, 1.0, (batch,), generator),
        uniform(2.5, 9.0, (batch,), generator),
    )
    held = drifting(constant, pace, frames, 3 * NUM_JOINTS, generator)
    held = held.unflatten(-1, (NUM_JOINTS, 3))
    strength = uniform(0.2, 1.3, (batch, 1, 1, 1), generator) * _chosen(0.4, batch, generator)
    turns = strength * torch.tensor(BENDS)[:, None] * held
    for joint, axis, most in HINGES:
        turns[:, :, joint, axis] = (
            most * strength[..., 0, 0] * torch.sigmoid(2.0 * held[:, :, joint, axis])
        )
    return rotmat @ axisangle_to_rotmat(turns)


def _swing(
    rotmat: Float[Tensor, "batch frames 24 3 3"], rng: np.random.Generator
) -> Float[Tensor, "batch frames 24 3 3"]:
    """Swing limbs of some windows, slowly or as fast as kicks and throws are."""
    batch, frames = rotmat.shape[:2]
    turns = torch.zeros(batch, frames, NUM_JOINTS, 3)
    seconds = torch.arange(frames) / 30.0
    for row in np.flatnonzero(rng.uniform(size=batch) < 0.45):
        for _ in range(int(rng.integers(1, 4))):
            for joint in SWUNG[int(rng.integers(len(SWUNG)))]:
                axis = torch.from_numpy(rng.standard_normal(3)).float()
                axis = axis / axis.norm().clamp_min(1e-3)
                pace, phase = (
                    float(np.exp(rng.uniform(np.log(0.4), np.log(3.0)))),
                    rng.uniform(0, 6.3),
                )
                extent = float(rng.uniform(0.1, 0.8)) / max(1.0, pace) ** 0.5
                wave = torch.sin(2.0 * torch.pi * pace * seconds + float(phase))
                turns[row, :, joint] += extent * wave[:, None] * axis
    return rotmat @ axisangle_to_rotmat(turns)


def _turn(windows: Windows, generator: torch.Generator) -> Windows:
    """Let some turn on their heel while they do what they do, up to twice a second."""
    batch, frames = windows.pelvis.shape[:2]
    rate = uniform(-2.0, 2.0, (batch, 1), generator) * _chosen(0.15, batch, generator)[:, 0, 0]
    angle = 2.0 * torch.pi * rate * (torch.arange(frames) - frames / 2) / 30.0
    upward = torch.tensor([0.0, 1.0, 0.0])
    root = axisangle_to_rotmat(angle[..., None] * upward) @ windows.rotmat[:, :, 0]
    return Windows(torch.cat([root[:, :, None], windows.rotmat[:, :, 1:]], dim=2), windows.pelvis)


def _lay_down(windows: Windows, generator: torch.Generator) -> Windows:
    """Tip some over by any angle, and let others lean; who lies is near the floor."""
    batch = len(windows.pelvis)
    azimuth = uniform(0.0, 2.0 * torch.pi, (batch,), generator)
    axis = torch.stack([azimuth.cos(), torch.zeros(batch), azimuth.sin()], dim=-1)
    lies = _chosen(0.15, batch, generator)[:, 0, 0, 0]
    leans = (1.0 - lies) * _chosen(0.2, batch, generator)[:, 0, 0, 0]
    angle = lies * uniform(0.7, 2.4, (batch,), generator)
    angle = angle + leans * 0.35 * normal((batch,), generator)
    tip = axisangle_to_rotmat(angle[:, None] * axis)[:, None]
    middle = windows.pelvis.mean(dim=1, keepdim=True)
    moved = (tip @ (windows.pelvis - middle)[..., None])[..., 0]
    height = uniform(0.1, 0.6, (batch, 1), generator)
    height = torch.lerp(middle[..., 1], height, lies[:, None])
    place = torch.stack([middle[..., 0], height, middle[..., 2]], dim=-1)
    root = tip @ windows.rotmat[:, :, 0]
    return Windows(torch.cat([root[:, :, None], windows.rotmat[:, :, 1:]], dim=2), place + moved)
