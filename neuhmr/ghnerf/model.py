"""GHNeRF: source views in, colors and human features of any other view out (GHNeRF section 3)."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from neuhmr.tensor_struct import TensorStruct


@dataclass(frozen=True)
class LevelRendering(TensorStruct):
    """What the asked rays see at one level of the cascade; zero where they miss the box."""

    pixels: Float[Tensor, "rays 2"]
    """Where the rays pass through the target image (px)."""
    colors: Float[Tensor, "rays 3"]
    """On black, in [0, 1]."""
    opacities: Float[Tensor, " rays"]
    depths: Float[Tensor, " rays"]
    """Camera depths (m); 0 where the ray sees nothing."""
    features: Float[Tensor, "rays channels"]
    """Channels of `GhnerfConfig.feature_heads`; no channels without heads."""
    coordinates: Float[Tensor, "rays 3"] | None
    """Where in the subject's box the seen point lies, in [0, 1]; None without that head."""


@dataclass(frozen=True)
class GhnerfRendering(TensorStruct):
    """What both levels see."""

    fine: LevelRendering
    coarse: LevelRendering | None
    """None where no coarse pixels were asked for."""
