"""How far a rendering is from the frame it should show.

Both losses judge anchors (NeuHMR section 3.3.1) and drive refinement (section 3.3.2).
"""

import torch
from jaxtyping import Float
from torch import Tensor

DIVISION_GUARD = 1e-6
"""Keeps Eq. 11 finite where neither mask nor body is in the image."""


def geman_mcclure(squared: Float[Tensor, " *batch"], scale: float) -> Float[Tensor, " *batch"]:
    """Flatten squared errors beyond `scale`: e^2 / (1 + e^2 / scale^2), at most scale^2.

    A scale of 0 leaves them as they are.
    """
    if scale == 0.0:
        return squared
    return squared / (1.0 + squared / scale**2)


def photometric_loss(
    colors: Float[Tensor, "*batch 3"],
    target_colors: Float[Tensor, "*batch 3"],
    robust_scale: float = 0.0,
) -> Float[Tensor, " *batch"]:
    """Squared length of the color difference of every pixel, unreduced (NeuHMR L_rgb).

    Args:
        colors: rendered on black, in [0, 1].
        target_colors: of the frame, black outside the mask.
        robust_scale: color difference from which on errors count as outliers; 0 for none.
    """
    return geman_mcclure((colors - target_colors).square().sum(dim=-1), robust_scale)


def silhouette_loss(
    opacities: Float[Tensor, "*batch rays"], mask: Float[Tensor, "*batch rays"]
) -> Float[Tensor, " *batch"]:
    """One minus the soft intersection over union of silhouette and mask (NeuHMR Eq. 11)."""
    opacities = opacities.clamp(0.0, 1.0)
    intersection = (opacities * mask).sum(dim=-1)
    union = mask.sum(dim=-1) + opacities.sum(dim=-1) - intersection
    return 1.0 - intersection / (union + DIVISION_GUARD)


def silhouette_iou(
    silhouette: Float[Tensor, "*batch rays"], mask: Float[Tensor, "*batch rays"]
) -> Float[Tensor, " *batch"]:
    """Intersection over union after both were cut at one half; 1 where both are empty."""
    inside, wanted = silhouette > 0.5, mask > 0.5
    intersection = (inside & wanted).sum(dim=-1)
    union = (inside | wanted).sum(dim=-1)
    return torch.where(union > 0, intersection / union.clamp_min(1), 1.0)
