"""What is found in a file of 2D keypoints, before anybody asks for one person."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from neuhmr.formats.keypoints.layouts import as_body25, layout_name
from neuhmr.formats.reading.tree import UnusableTree

MOST_PIXELS = 1e6
_PIXEL_CENTER = 0.5
"""Added to what detectors measure: they put a pixel's center at whole numbers, but MediaPipe."""
_MEDIAPIPES = 33


@dataclass(frozen=True, kw_only=True)
class FoundKeypoints:
    """Everybody's keypoints, one row per person and frame."""

    tool: str
    layout: str
    frame_index: Int[np.ndarray, " rows"]
    ids: tuple[str, ...]
    """Of the people, row by row; empty where the tool does not follow them from frame to frame."""
    points: Float[np.ndarray, "rows 25 3"]
    """BODY_25: x, y (px; NaN where missing), confidence."""
    is_normalized: bool = False
    """True where x and y are shares of the picture's width and height."""
    image_size: tuple[int, int] | None = None
    """Height and width of the picture, where the file says them (px)."""
    frames_counted: int | None = None
    """How many frames there are, where they are listed without numbers."""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class KeypointTool:
    """One tool, how its files are told from others' and read."""

    name: str
    give: str
    """Which of its files to give."""
    layouts: str
    matches: Callable[[Any], bool]
    read: Callable[[Any, Path], FoundKeypoints]


def gather(
    tool: str,
    rows: list[tuple[int, str, Any]],
    remarks: tuple[str, ...] = (),
    is_normalized: bool = False,
    frames_counted: int | None = None,
) -> FoundKeypoints:
    """Stack what was found: frame, person and an array of keypoints for each.

    Raises:
        UnusableTree: there is nothing, or the numbers are no keypoints.
    """
    if not rows:
        raise UnusableTree("holds nobody's keypoints")
    arrays = [_as_points(values) for _, _, values in rows]
    counts = sorted({len(points) for points in arrays})
    if len(counts) > 1:
        raise UnusableTree(f"holds people of {counts[0]} and of {counts[1]} keypoints")
    points = np.stack(arrays)
    if counts[0] != _MEDIAPIPES:
        points[..., :2] += _PIXEL_CENTER
    seen = points[..., 2] > 0
    if seen.any() and not (np.abs(np.nan_to_num(points[seen][:, :2])) < MOST_PIXELS).all():
        raise UnusableTree("holds keypoints a million pixels away and more")
    return FoundKeypoints(
        tool=tool,
        layout=layout_name(counts[0]),
        frame_index=np.array([frame for frame, _, _ in rows], np.int64),
        ids=tuple(person for _, person, _ in rows) if all(row[1] for row in rows) else (),
        points=as_body25(points),
        is_normalized=is_normalized,
        frames_counted=frames_counted,
        remarks=remarks,
    )


def _as_points(values: Any) -> Float[np.ndarray, "keypoints 3"]:
    """Take (keypoints, 2 or more) numbers: x, y and, last of three, how sure they are."""
    try:
        array = np.asarray(values, np.float64)
    except (ValueError, TypeError) as problem:
        raise UnusableTree(f"has keypoints that are no numbers ({problem})") from problem
    if array.ndim != 2 or array.shape[1] not in (2, 3):
        raise UnusableTree(
            f"has keypoints of shape {array.shape}, rows of x, y and confidence were expected"
        )
    if array.shape[1] == 2:
        array = np.column_stack([array, np.isfinite(array).all(axis=1).astype(float)])
    return array
