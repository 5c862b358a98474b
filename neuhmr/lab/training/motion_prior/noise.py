"""Random numbers that change slowly, for whole batches of windows."""

import torch
from jaxtyping import Float
from torch import Tensor


def uniform(
    low: float, high: float, shape: tuple[int, ...], generator: torch.Generator
) -> Float[Tensor, "..."]:
    """Draw evenly between two numbers."""
    return low + (high - low) * torch.rand(shape, generator=generator)


def normal(shape: tuple[int, ...], generator: torch.Generator) -> Float[Tensor, "..."]:
    """Draw from the normal distribution."""
    return torch.randn(shape, generator=generator)


def smoothing_kernels(
    deviation: Float[Tensor, " batch"], frames: int
) -> Float[Tensor, "batch frames frames"]:
    """Weigh neighboring frames by Gaussians (frames); every row sums to one."""
    index = torch.arange(frames)
    offsets = (index[:, None] - index[None]) / deviation.clamp_min(1e-2)[:, None, None]
    kernels = torch.exp(-0.5 * offsets.square())
    return kernels / kernels.sum(dim=-1, keepdim=True)


def drifting(
    constant: Float[Tensor, " batch"],
    deviation: Float[Tensor, " batch"],
    frames: int,
    channels: int,
    generator: torch.Generator,
) -> Float[Tensor, "batch frames channels"]:
    """Draw noise of unit variance, of which a share is constant and the rest drifts.

    Args:
        constant: share of the variance that stays the same over a window.
        deviation: of the Gaussian that the rest is smoothed with (frames).
        frames: length of the windows.
        channels: independent numbers in each frame.
        generator: makes all draws.
    """
    batch = len(constant)
    kernels = smoothing_kernels(deviation, frames)
    kernels = kernels / kernels.square().sum(dim=-1, keepdim=True).sqrt()
    slow = kernels @ normal((batch, frames, channels), generator)
    share = constant[:, None, None]
    return share.sqrt() * normal((batch, 1, channels), generator) + (1.0 - share).sqrt() * slow


def spans(
    rate: float, batch: int, frames: int, channels: int, generator: torch.Generator
) -> Float[Tensor, "batch frames channels"]:
    """Draw stretches of about a third of a second that rise to one and fall again.

    Args:
        rate: share of windows and channels that have one.
        batch: how many windows.
        frames: length of the windows.
        channels: independent stretches in each window.
        generator: makes all draws.
    """
    shape = (batch, 1, channels)
    middle = uniform(0.0, frames - 1.0, shape, generator)
    length = uniform(4.0, 22.0, shape, generator)
    away = (torch.arange(frames)[None, :, None] - middle).abs() - length / 2.0
    share = (0.5 - away / 3.0).clamp(0.0, 1.0)
    share = share * share * (3.0 - 2.0 * share)
    return share * (torch.rand(shape, generator=generator) < rate)
