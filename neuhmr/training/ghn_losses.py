"""Losses of the GHN's training: NeuHMR Eq. 7, and the features' consistency beside it."""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from neuhmr.rendering.volume_rendering import Rendering


class GhnLoss(NamedTuple):
    """Terms of one step."""

    color: Float[Tensor, ""]
    mask: Float[Tensor, ""]
    features: Float[Tensor, ""]

    def total(self, feature_weight: float) -> Float[Tensor, ""]:
        """Eq. 7, in which the mask weighs one half, plus the weighted feature term."""
        return self.color + 0.5 * self.mask + feature_weight * self.features


def rendering_loss(
    rendering: Rendering,
    colors: Float[Tensor, "rays 3"],
    masks: Float[Tensor, " rays"],
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Compare rays with the masked image and the person's mask.

    Returns both terms of Eq. 7, averaged over rays: the paper's sum divided by its length.
    """
    color = (rendering.colors - colors).square().sum(dim=-1).mean()
    mask = (rendering.opacities - masks).square().mean()
    return color, mask
