"""Loss of the GHN's training: NeuHMR Eq. 7."""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from neuhmr.rendering.volume_rendering import Rendering

MASK_WEIGHT = 0.5
"""What the mask weighs in Eq. 7; the color weighs one."""


class GhnLoss(NamedTuple):
    """Terms of one step, not yet weighted."""

    color: Float[Tensor, ""]
    mask: Float[Tensor, ""]

    def total(self) -> Float[Tensor, ""]:
        """Eq. 7."""
        return self.color + MASK_WEIGHT * self.mask


def rendering_loss(
    rendering: Rendering,
    colors: Float[Tensor, "rays 3"],
    masks: Float[Tensor, " rays"],
    weights: Float[Tensor, " rays"],
) -> GhnLoss:
    """Compare rays with the masked image and the person's mask.

    Returns both terms of Eq. 7 as means over the pixels that the rays stand for: the paper's sum
    divided by its length.
    """
    color = (weights * (rendering.colors - colors).square().sum(dim=-1)).mean()
    mask = (weights * (rendering.opacities - masks).square()).mean()
    return GhnLoss(color, mask)
