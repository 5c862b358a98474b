"""Where along its ray each pixel's surface may be: mean and spread of the plane probabilities."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.tensor_struct import TensorStruct

SMALLEST_VARIANCE = 1e-8
"""Below it the square root's gradient explodes (m2, or 1/m2 of disparity)."""


@dataclass(frozen=True)
class DepthRange(TensorStruct):
    """Nearest and farthest depth per pixel (m)."""

    near: Float[Tensor, " *pixels"]
    far: Float[Tensor, " *pixels"]

    def planes(self, count: int, in_disparity: bool = False) -> Float[Tensor, "planes *pixels"]:
        """Spread depths from near to far, both included, evenly in depth or in 1 / depth."""
        steps = torch.linspace(0.0, 1.0, count).to(self.near)
        steps = steps.view(-1, *(1,) * self.near.ndim)
        if in_disparity:
            return 1.0 / (1.0 / self.near + steps * (1.0 / self.far - 1.0 / self.near))
        return self.near + steps * (self.far - self.near)

    def fraction(
        self, depths: Float[Tensor, "samples *pixels"], in_disparity: bool = False
    ) -> Float[Tensor, "samples *pixels"]:
        """Say how far from near (0) to far (1) depths lie; the inverse of `planes`."""
        if in_disparity:
            near = 1.0 / self.near
            return (1.0 / depths - near) / (1.0 / self.far - near)
        return (depths - self.near) / (self.far - self.near).clamp_min(1e-6)


def regress_range(
    logits: Float[Tensor, "planes rows columns"],
    plane_depths: Float[Tensor, "planes rows columns"],
    bounds: DepthRange,
    in_disparity: bool = False,
) -> DepthRange:
    """Keep one standard deviation to either side of the mean depth, within the bounds.

    Args:
        logits: of the surface being at each plane.
        plane_depths: depths of the planes (m).
        bounds: where the planes are.
        in_disparity: take mean and deviation of 1 / depth, for planes that are even in it.
    """
    weights = torch.softmax(logits, dim=0)
    values = 1.0 / plane_depths if in_disparity else plane_depths
    mean = (weights * values).sum(dim=0)
    variance = (weights * (values - mean).square()).sum(dim=0)
    spread = variance.clamp_min(SMALLEST_VARIANCE).sqrt()
    if in_disparity:
        farthest = 1.0 / bounds.far
        near, far = 1.0 / (mean + spread), 1.0 / (mean - spread).maximum(farthest)
    else:
        near, far = mean - spread, mean + spread
    return DepthRange(near.maximum(bounds.near), far.minimum(bounds.far))
