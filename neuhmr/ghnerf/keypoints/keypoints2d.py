"""Keypoints in a picture from heatmaps (GHNeRF, section 3.4)."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from neuhmr.ghnerf.keypoints.peaks import PeakConfig, find_peak
from neuhmr.tensor_struct import TensorStruct

REFERENCE_HEIGHT = 512
"""Picture height (px) for which the default filter is meant."""
SMALLEST_FILTER = 1.0
"""Below one pixel a Gaussian filter no longer smooths."""


@dataclass(frozen=True)
class Keypoints2d(TensorStruct):
    """Keypoints of one person in one picture or, with leading axes, in several."""

    points: Float[Tensor, "*batch joints 2"]
    """(u, v) px, pixel centers at +0.5; zero where nothing was found."""
    confidence: Float[Tensor, "*batch joints"]
    """Highest score of the heatmap, in [0, 1]; zero where nothing was found."""
    found: Bool[Tensor, "*batch joints"]


def peak_config_for(height: int, config: PeakConfig | None = None) -> PeakConfig:
    """Scale the filter to pictures of another height than `REFERENCE_HEIGHT`, as targets are."""
    config = config or PeakConfig()
    smoothing = config.smoothing * height / REFERENCE_HEIGHT
    return replace(config, smoothing=max(smoothing, SMALLEST_FILTER))


def keypoints_from_heatmaps(
    heatmaps: Float[Tensor, "joints height width"], config: PeakConfig | None = None
) -> Keypoints2d:
    """Find one keypoint per heatmap.

    Not differentiable.

    Args:
        heatmaps: scores in [0, 1]; any device.
        config: how peaks are found; None scales the default to the maps' height.
    """
    config = config or peak_config_for(heatmaps.shape[-2])
    maps = heatmaps.detach().cpu().numpy()
    points = np.zeros((len(maps), 2), np.float32)
    confidence = np.zeros(len(maps), np.float32)
    found = np.zeros(len(maps), bool)
    for joint, scores in enumerate(maps):
        peak = find_peak(scores, config)
        if peak is not None:
            points[joint] = peak.position[::-1]
            confidence[joint], found[joint] = peak.score, True
    device = heatmaps.device
    return Keypoints2d(
        torch.from_numpy(points).to(device),
        torch.from_numpy(confidence).to(device),
        torch.from_numpy(found).to(device),
    )
