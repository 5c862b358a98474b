"""Keypoints in space from a heatmap on a grid around the subject (GHNeRF, section 3.4)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from neuhmr.ghnerf.keypoints.peaks import PeakConfig, find_peak
from neuhmr.tensor_struct import TensorStruct

VOLUME_PEAKS = PeakConfig(smoothing=2.0, threshold=0.05)
"""Only a shell about the surface carries scores, so a filter leaves less of them than in a picture.
"""

PointScores = Callable[[Float[Tensor, "points 3"]], Float[Tensor, "points joints"]]
"""Scores in [0, 1] of world points (m)."""


@dataclass(frozen=True)
class Keypoints3d(TensorStruct):
    """Keypoints of one person at one moment."""

    points: Float[Tensor, "*batch joints 3"]
    """World (m); zero where nothing was found."""
    confidence: Float[Tensor, "*batch joints"]
    """In [0, 1]; zero where nothing was found."""
    found: Bool[Tensor, "*batch joints"]


@dataclass(frozen=True)
class HeatmapVolume(TensorStruct):
    """Scores at the cell centers of a grid along the world's axes."""

    scores: Float[Tensor, "joints depth height width"]
    """Depth runs along the world's z, height along y, width along x."""
    origin: Float[Tensor, "3"]
    """Lowest corner of the first cell (m, world)."""
    spacing: float
    """Edge of a cell (m)."""


@dataclass(frozen=True, kw_only=True)
class VolumeConfig:
    """How a volume is scored."""

    spacing: float = 0.02
    """Edge of a cell (m)."""
    chunk: int = 262_144
    """Points that are scored at once; what a chunk needs bounds the memory."""
    most_cells: int = 4_000_000
    """Larger boxes get larger cells, so that a wrong box cannot fill the memory."""


def keypoints_from_volume(
    volume: Float[Tensor, "joints depth height width"],
    origin: Float[Tensor, "3"],
    spacing: float,
    config: PeakConfig = VOLUME_PEAKS,
) -> Keypoints3d:
    """Find one keypoint per volumetric heatmap; axes as in `HeatmapVolume`.

    Not differentiable.
    """
    maps = volume.detach().cpu().numpy()
    cells = np.zeros((len(maps), 3), np.float32)
    confidence = np.zeros(len(maps), np.float32)
    found = np.zeros(len(maps), bool)
    for joint, scores in enumerate(maps):
        peak = find_peak(scores, config)
        if peak is not None:
            cells[joint] = peak.position[::-1]
            confidence[joint], found[joint] = peak.score, True
    mask = torch.from_numpy(found).to(origin.device)
    points = origin + spacing * torch.from_numpy(cells).to(origin)
    return Keypoints3d(
        torch.where(mask[:, None], points, 0.0), torch.from_numpy(confidence).to(origin), mask
    )


@torch.no_grad()
def score_volume(
    box: Float[Tensor, "2 3"], scorers: list[PointScores], config: VolumeConfig | None = None
) -> HeatmapVolume:
    """Score the cells of a box and average over several ways of scoring, as over reference views.

    Args:
        box: low and high corner (m, world).
        scorers: one per reference view, at least one.
        config: grid and memory.
    """
    config = config or VolumeConfig()
    if not scorers:
        raise ValueError("score_volume: at least one scorer is needed, got none")
    size = (box[1] - box[0]).double()
    spacing = max(config.spacing, float(size.prod() / config.most_cells) ** (1.0 / 3.0))
    width, height, depth = (max(1, round(float(edge) / spacing + 0.499)) for edge in size)
    chunks = []
    for points in _cell_centers(box[0], spacing, (depth, height, width), config.chunk):
        total = scorers[0](points)
        for scorer in scorers[1:]:
            total = total + scorer(points)
        # Gathered on the CPU: peaks are found there, and the device need not hold the volume.
        chunks.append((total / len(scorers)).cpu())
    scores = torch.cat(chunks).T.reshape(-1, depth, height, width)
    return HeatmapVolume(scores, box[0], spacing)


def _cell_centers(
    origin: Float[Tensor, "3"], spacing: float, shape: tuple[int, int, int], chunk: int
) -> Iterator[Float[Tensor, "points 3"]]:
    """Walk through the grid with x fastest, never holding more than a chunk."""
    depth, height, width = shape
    for start in range(0, depth * height * width, chunk):
        stop = min(start + chunk, depth * height * width)
        cell = torch.arange(start, stop, device=origin.device)
        column, row = cell % width, cell // width % height
        plane = cell // (width * height)
        yield origin + spacing * (torch.stack([column, row, plane], dim=-1) + 0.5)
