"""Heatmaps of keypoints: what the feature branch learns to render (GHNeRF Eq. 4)."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

SIGMA_SHARE = 6.0 / 512.0
"""Width of a keypoint's Gaussian (sigma) over the image height; 6 px at 512."""


def heatmaps_at(
    pixels: Float[Tensor, "rays 2"],
    keypoints: Float[Tensor, "joints 3"],
    sigma: float,
) -> tuple[Float[Tensor, "rays joints"], Bool[Tensor, " joints"]]:
    """Evaluate the keypoints' Gaussians, of peak 1, at some pixels.

    Args:
        pixels: where (px, centers at +0.5).
        keypoints: x, y (px) and confidence; 0 where a keypoint is missing.
        sigma: standard deviation (px).

    Returns:
        The values, 0 for missing keypoints, and which keypoints are known. Those that are not have
        no target: learning zeros for them would teach the network to miss them.
    """
    known = (keypoints[:, 2] > 0) & keypoints.isfinite().all(dim=-1)
    points = torch.where(known[:, None], keypoints[:, :2], 0.0)
    squared = (pixels[:, None] - points[None]).square().sum(dim=-1)
    return torch.exp(-squared / (2.0 * sigma**2)) * known, known


def draw_heatmaps(
    keypoints: Float[Tensor, "joints 3"], height: int, width: int, sigma: float | None = None
) -> Float[Tensor, "joints height width"]:
    """Draw whole heatmaps; `sigma` (px) is `SIGMA_SHARE` of the height if left out."""
    v, u = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    pixels = torch.stack([u, v], dim=-1).reshape(-1, 2)
    values, _ = heatmaps_at(pixels.to(keypoints), keypoints, sigma or SIGMA_SHARE * height)
    return values.T.reshape(-1, height, width)
