"""Where a heatmap says that a keypoint is, in two or three dimensions alike.

The procedure is GHNeRF's, section 3.4: a Gaussian filter, a threshold, connected components, the
peak of each. Positions count cells from the corner of the first one, with centers at +0.5.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import ndimage

WINDOW_RADIUS = 3
"""Cells to each side of a peak that refine it: 7 x 7, as OpenPose does."""
LOWEST_SCORE = 1e-6
"""Keeps the logarithm of an empty cell finite."""


@dataclass(frozen=True, kw_only=True)
class PeakConfig:
    """How peaks are found."""

    smoothing: float = 3.0
    """Standard deviation of the Gaussian filter (cells); 0 filters nothing."""
    threshold: float = 0.1
    """Filtered scores above it belong to a component."""
    refinement: Literal["none", "centroid", "parabola"] = "parabola"
    """How a position between cell centers is found: not at all; OpenPose's score-weighted centroid
    of 7 x 7 cells; or the vertex of a parabola through their logarithms. The centroid of a blob
    wider than its window hardly leaves the middle cell; the parabola is exact for a Gaussian of
    any width."""


class Peak(NamedTuple):
    """One keypoint."""

    position: Float[np.ndarray, " axes"]
    """In array order: (row, column), or (plane, row, column)."""
    score: float
    """Of the unfiltered map at its highest cell."""


def find_peak(scores: Float[np.ndarray, "..."], config: PeakConfig) -> Peak | None:
    """Find the keypoint of one map (GHNeRF, section 3.4); None where nothing passes the threshold.

    There is one person, so of several components the one with the highest peak is taken, and that
    peak is the highest cell of all that pass. Of equally high cells it is the first in array order
    (the last axis runs fastest), on every processor and however the array lies in memory.
    """
    smooth = scores
    if config.smoothing:
        # Mirroring at the edges, scipy's default, would move peaks near them outwards.
        smooth = ndimage.gaussian_filter(scores, config.smoothing, mode="constant")
    passing = smooth > config.threshold
    if not passing.any():
        return None
    # scipy's maximum_position sorts, and which of equal cells comes out depends on the processor.
    highest = np.where(passing, scores, -np.inf).argmax()
    cell = np.array(np.unravel_index(highest, scores.shape))
    return Peak(_refine(scores, smooth, cell, config) + 0.5, float(scores[tuple(cell)]))


def _refine(
    scores: Float[np.ndarray, "..."],
    smooth: Float[np.ndarray, "..."],
    cell: np.ndarray,
    config: PeakConfig,
) -> Float[np.ndarray, " axes"]:
    # At an edge of the map the window shrinks on both sides, or it would pull inwards.
    room = np.minimum(cell, np.array(scores.shape) - 1 - cell).min()
    radius = int(min(WINDOW_RADIUS, room))
    if config.refinement == "none" or radius == 0:
        return cell.astype(np.float64)
    window = tuple(slice(middle - radius, middle + radius + 1) for middle in cell)
    if config.refinement == "centroid":
        return cell + _centroid(scores[window].astype(np.float64), radius)
    return cell + _vertex(smooth[window].astype(np.float64), radius)


def _offsets(radius: int, axes: int) -> Float[np.ndarray, "axes cells"]:
    steps = np.arange(-radius, radius + 1, dtype=np.float64)
    return np.stack(np.meshgrid(*[steps] * axes, indexing="ij")).reshape(axes, -1)


def _centroid(window: Float[np.ndarray, "..."], radius: int) -> Float[np.ndarray, " axes"]:
    weights = window.clip(min=0.0).ravel()
    return _offsets(radius, window.ndim) @ weights / max(weights.sum(), LOWEST_SCORE)


def _vertex(window: Float[np.ndarray, "..."], radius: int) -> Float[np.ndarray, " axes"]:
    """Fit log(score) = a + b x + x C x by least squares and return its highest point.

    The cells are symmetric about the middle, so every coefficient but those of the squares is
    fitted on its own.
    """
    offsets = _offsets(radius, window.ndim)
    logs = np.log(window.clip(min=LOWEST_SCORE)).ravel()
    linear = offsets @ logs / (offsets**2).sum(axis=1)
    products = offsets[:, None] * offsets[None]
    centered = products - products.mean(axis=-1, keepdims=True)
    quadratic = (centered @ logs) / (centered**2).sum(axis=-1)
    # x C x counts the products of two different axes twice.
    quadratic = np.where(np.eye(window.ndim, dtype=bool), quadratic, quadratic / 2.0)
    if np.linalg.eigvalsh(quadratic).max() > -1e-9:
        return np.zeros(window.ndim)  # No hill: a plateau or a saddle has no highest point.
    vertex = -0.5 * np.linalg.solve(quadratic, linear)
    return vertex.clip(-radius, radius)
