"""Whole images from GHNeRF, a handful of rays at a time."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.ghnerf.network.evidence import EncodedViews
from neuhmr.ghnerf.network.frustum import box_pixels
from neuhmr.ghnerf.network.model import Ghnerf
from neuhmr.ghnerf.network.views import TargetView
from neuhmr.tensor_struct import TensorStruct

RAYS_AT_ONCE = 2048
"""So few that samples stay in the processor's cache: eight times as many take twice as long."""


@dataclass(frozen=True)
class GhnerfImage(TensorStruct):
    """A rendered view; zero outside the subject's projected box."""

    color: Float[Tensor, "height width 3"]
    """On black, in [0, 1]."""
    opacity: Float[Tensor, "height width"]
    depth: Float[Tensor, "height width"]
    """Camera depth (m); 0 where nothing is seen."""
    features: Float[Tensor, "height width channels"]
    """Channels of `GhnerfConfig.feature_heads`."""


@torch.no_grad()
def render_target(
    model: Ghnerf, encoded: EncodedViews, target: TargetView, chunk: int = RAYS_AT_ONCE
) -> GhnerfImage:
    """Render all pixels of a target view that look at the subject's box; no gradient is kept.

    Args:
        model: in the mode it is to be rendered in; `eval` for anything but a look at training.
        encoded: source views.
        target: where to look from.
        chunk: rays at once; fewer need less memory.

    Raises:
        DatasetError: the target or a source camera does not see the subject's box.
    """
    frustum = model.frustum(encoded, target)
    pixels = box_pixels(target)
    height, width = target.camera.height, target.camera.width
    flat = (pixels[:, 1].long() * width + pixels[:, 0].long()).split(chunk)
    image = pixels.new_zeros(height * width, 5 + model.config.channels)
    for places, some in zip(flat, pixels.split(chunk), strict=True):
        seen = model.fine.cast(encoded, frustum, some)
        image[places] = torch.cat(
            [seen.colors, seen.opacities[:, None], seen.depths[:, None], seen.features], dim=-1
        )
    table = image.view(height, width, -1)
    return GhnerfImage(table[..., :3], table[..., 3], table[..., 4], table[..., 5:])
