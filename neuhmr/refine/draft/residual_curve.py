"""Corrections of poses that change as slowly as the errors of estimators do."""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.refine.settings.draft import DraftConfig

_SPREAD = (
    1.0, 0.8, 0.8, 0.3, 1.0, 1.0, 0.3, 1.1, 1.1, 0.3, 0.75, 0.75, 0.6, 0.4, 0.4, 0.6, 1.2, 1.2,
    1.4, 1.4, 1.1, 1.1, 0.6, 0.6,
)  # fmt: skip
"""How wrong each joint is, against the average one: trunk little, arms and ankles more."""
NUGGET = 1e-4
"""Added to the kernel's diagonal, without which it has no stable root."""


class ResidualCurve:
    """Rotation vectors and shifts over time, as independent numbers of unit variance.

    A correction is a constant plus a Gaussian process; written in its own standard deviations, a
    step of one size is right for all of them, and their squares are what they cost.
    """

    def __init__(
        self, frame_index: Int[Tensor, " frames"], config: DraftConfig, scale: float = 1.0
    ) -> None:
        times = frame_index.float()
        offsets = (times[:, None] - times[None]) / (math.sqrt(2.0) * config.correlation_frames)
        kernel = torch.exp(-0.5 * offsets.square()) + NUGGET * torch.eye(len(times)).to(times)
        self._root = math.sqrt(1.0 - config.constant_share) * torch.linalg.cholesky(kernel)
        self._constant_root = math.sqrt(config.constant_share)
        spread = torch.tensor(_SPREAD) * config.sigma_rotation
        spread[0] = config.sigma_root
        shifts = [config.sigma_lateral, config.sigma_lateral, config.sigma_depth]
        sigmas = torch.cat([spread.repeat_interleave(3), torch.tensor(shifts)])
        self._sigmas = scale * sigmas.to(times)
        self.constant = torch.zeros(1, 75).to(times).requires_grad_()
        self.changing = torch.zeros(len(times), 75).to(times).requires_grad_()

    @property
    def parameters(self) -> list[Tensor]:
        """What is to be found."""
        return [self.constant, self.changing]

    def corrections(self) -> tuple[Float[Tensor, "frames 24 3"], Float[Tensor, "frames 3"]]:
        """Give rotation vectors (rad) and shifts (right, down, along the viewing ray; m)."""
        whitened = self._constant_root * self.constant + self._root @ self.changing
        scaled = whitened * self._sigmas
        return scaled[:, :72].unflatten(1, (24, 3)), scaled[:, 72:]

    def cost(self) -> Float[Tensor, ""]:
        """Squared size of the corrections, in standard deviations, per frame."""
        total = self.constant.square().sum() + self.changing.square().sum()
        return total / len(self.changing)
