"""Distances between pictures and between silhouettes."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def silhouette_iou(
    silhouette: Bool[Tensor, "*batch height width"], target: Bool[Tensor, "*batch height width"]
) -> Float[Tensor, " *batch"]:
    """Divide the common area of two silhouettes by the area of both together.

    Two empty silhouettes agree: 1.
    """
    common = (silhouette & target).sum(dim=(-2, -1))
    together = (silhouette | target).sum(dim=(-2, -1))
    return torch.where(together > 0, common / together.clamp_min(1), 1.0)


def psnr_db(
    image: Float[Tensor, "*batch 3 height width"],
    target: Float[Tensor, "*batch 3 height width"],
    mask: Bool[Tensor, "*batch height width"] | None = None,
) -> Float[Tensor, " *batch"]:
    """Measure the peak signal-to-noise ratio of images in [0, 1] (dB).

    Args:
        image: what is judged.
        target: what it should be.
        mask: count only these pixels, as tables of human NeRFs do; None counts all.

    Returns:
        Infinity for identical images, NaN where the mask is empty.
    """
    squared = (image - target).square().mean(dim=-3)
    if mask is None:
        mask = torch.ones_like(squared, dtype=torch.bool)
    error = (squared * mask).sum(dim=(-2, -1)) / mask.sum(dim=(-2, -1))
    return -10.0 * torch.log10(error)
