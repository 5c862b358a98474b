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

    def planes(self, count: int, in_disparity: bool = False) -> Float[Tensor, "*pixels planes"]:
        """Spread depths from near to far, both included, evenly in depth or in 1 / depth."""
        near, far = self.near[..., None], self.far[..., None]
        steps = torch.linspace(0.0, 1.0, count).to(self.near)
        if in_disparity:
            return 1.0 / torch.lerp(1.0 / near, 1.0 / far, steps)
        return torch.lerp(near, far, steps)

    def fraction(
        self, depths: Float[Tensor, "*pixels samples"], in_disparity: bool = False
    ) -> Float[Tensor, "*pixels samples"]:
        """Say how far from near (0) to far (1) depths lie; the inverse of `planes`."""
        near, far = self.near[..., None], self.far[..., None]
        if in_disparity:
            return (1.0 / depths - 1.0 / near) / (1.0 / far - 1.0 / near)
        return (depths - near) / (far - near).clamp_min(1e-6)


def regress_range(
    logits: Float[Tensor, "rows columns planes"],
    plane_depths: Float[Tensor, "rows columns planes"],
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
    weights = torch.softmax(logits, dim=-1)
    values = 1.0 / plane_depths if in_disparity else plane_depths
    mean = (weights * values).sum(dim=-1)
    variance = (weights * (values - mean[..., None]).square()).sum(dim=-1)
    spread = variance.clamp_min(SMALLEST_VARIANCE).sqrt()
    if in_disparity:
        farthest = 1.0 / bounds.far
        near, far = 1.0 / (mean + spread), 1.0 / (mean - spread).maximum(farthest)
    else:
        near, far = mean - spread, mean + spread
    return DepthRange(near.maximum(bounds.near), far.minimum(bounds.far))
