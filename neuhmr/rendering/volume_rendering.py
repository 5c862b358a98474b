"""Volume rendering along rays (NeuHMR Eqs. 2 and 3).

`sigmas` are densities (1/m), `lengths` the way a ray travels through each sample (m).
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.tensor_struct import TensorStruct


@dataclass(frozen=True)
class Rendering(TensorStruct):
    """What rays see."""

    colors: Float[Tensor, "*rays 3"]
    """On black, in [0, 1]."""
    opacities: Float[Tensor, " *rays"]
    """W of NeuHMR Eq. 3, in [0, 1]."""
    depths: Float[Tensor, " *rays"]
    """Mean depth (m) of what the ray sees; 0 where it sees nothing."""


def render_weights(
    sigmas: Float[Tensor, "*rays samples"],
    lengths: Float[Tensor, "*rays samples"],
) -> Float[Tensor, "*rays samples"]:
    """Weigh each sample by the light that reaches it and stops there (NeuHMR Eq. 2).

    Weights are in [0, 1] and sum to the ray's opacity. Every sample has its own finite length, the
    last one too: an endless last sample would make any trace of density opaque.
    """
    optical_depths = sigmas * lengths
    transmitted = torch.exp(optical_depths - optical_depths.cumsum(dim=-1))
    return transmitted * -torch.expm1(-optical_depths)


def composite(
    weights: Float[Tensor, "*rays samples"],
    colors: Float[Tensor, "*rays samples 3"],
    depths: Float[Tensor, "*rays samples"],
) -> Rendering:
    """Accumulate samples into pixels on black (NeuHMR Eq. 3)."""
    opacities = weights.sum(dim=-1)
    mean_depths = (weights * depths).sum(dim=-1) / opacities.clamp_min(1e-6)
    return Rendering(
        colors=(weights[..., None] * colors).sum(dim=-2),
        opacities=opacities.clamp_max(1.0),
        depths=torch.where(opacities > 1e-6, mean_depths, 0.0),
    )
