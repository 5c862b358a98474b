"""Noise over time: constant, slow, in bursts, and from frame to frame."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.geometry.rotations import axisangle_to_rotmat, rotmat_to_axisangle
from neuhmr.lab.people.motion.key_poses import smooth_noise
from neuhmr.lab.people.motion.stage_motion import smooth_over_time

LIMBS = ((1, 4, 7), (2, 5, 8), (16, 18, 20), (17, 19, 21))
SLOW_FRAMES = 5.0
"""Time constant of what drifts (frames, a Gaussian's deviation)."""


def correlated_noise(
    rng: np.random.Generator, frames: int, channels: int, constant: float = 0.5
) -> Float[Tensor, "frames channels"]:
    """Draw noise of unit variance of which a part is constant and the rest drifts."""
    parts = (
        constant**0.5 * torch.from_numpy(rng.standard_normal((1, channels))),
        (1.0 - constant) ** 0.5 * smooth_noise(rng, frames, channels, SLOW_FRAMES),
    )
    return parts[0] + parts[1]


def burst_gain(rng: np.random.Generator, frames: int) -> Float[Tensor, "frames 24 1"]:
    """Double the noise of one limb for about a third of a second, now and then."""
    gain = torch.ones(frames, 24, 1, dtype=torch.float64)
    times = torch.arange(frames, dtype=torch.float64)[:, None]
    for _ in range(max(1, frames // 45)):
        limb = list(LIMBS[int(rng.integers(len(LIMBS)))])
        middle, width = float(rng.uniform(0, frames)), float(rng.uniform(3.0, 6.0))
        gain[:, limb, 0] += torch.exp(-0.5 * ((times - middle) / width).square())
    return gain


def smooth_residual(
    rotmats: Float[Tensor, "frames joints 3 3"],
    truth: Float[Tensor, "frames joints 3 3"],
    deviation_frames: float,
) -> Float[Tensor, "frames joints 3 3"]:
    """Smooth over time how rotations differ from the true ones, not the motion itself."""
    residual = rotmat_to_axisangle(truth.transpose(-1, -2) @ rotmats)
    frames, joints = residual.shape[:2]
    smooth = smooth_over_time(residual.reshape(frames, 3 * joints), deviation_frames)
    return truth @ axisangle_to_rotmat(smooth.reshape(frames, joints, 3))
