"""ViTPose as pose estimators keep it: GVHMR's vitpose.pt, WHAM's tracking_results.pth, npy, npz."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from neuhmr.files.stand_ins import as_array
from neuhmr.formats.keypoints.found import FoundKeypoints, KeypointTool, gather
from neuhmr.formats.keypoints.layouts import LAYOUTS
from neuhmr.formats.reading.tree import UnusableTree, children_with, has, numbers, whole_numbers

_NAMES = ("keypoints", "keypoints_2d", "kp2d", "vitpose", "pose_landmarks", "landmarks")
_FRAMES = ("frame_id", "frame_ids", "frame_index", "frames")


def matches(tree: Any) -> bool:
    """Tell by an array of keypoints, tracks that hold one each, or one list of people a frame."""
    is_list = isinstance(tree, list) and bool(tree) and _is_frame(tree[0])
    return _array(tree) is not None or bool(children_with(tree, "keypoints")) or is_list


def read(tree: Any, path: Path) -> FoundKeypoints:
    """Read one person's array, several tracks, or several people a frame."""
    array = _array(tree)
    if array is not None:
        rows = [(frame, "", points) for frame, points in _rows_of(array, _index(tree, array))]
        counted = None if any(has(tree, name) for name in _FRAMES) else len(array)
        return gather("arrays", rows, (), is_normalized(array), counted)
    tracks = children_with(tree, "keypoints")
    if not tracks:
        rows = [
            (frame, "", as_array(points))
            for frame, people in enumerate(tree)
            for points in _people(people)
        ]
        return gather("ViTPose", rows, frames_counted=len(tree))
    rows = []
    for name, track in tracks.items():
        points = numbers(track, "keypoints")
        rows += [(frame, str(name), p) for frame, p in _rows_of(points, _index(track, points))]
    return gather("ViTPose", rows)


def is_normalized(points: np.ndarray) -> bool:
    """Tell shares of the picture from pixels: BlazePose's, none far outside 0 to 1."""
    places = points[..., :2][np.isfinite(points[..., :2])]
    return points.shape[-2] == 33 and bool(places.size) and float(np.abs(places).max()) < 5.0


def _array(tree: Any) -> np.ndarray | None:
    """Find an array of (rows, keypoints, 2 to 5), or people as an axis more."""
    if isinstance(tree, Mapping):
        name = next((name for name in _NAMES if name in tree), None)
        if name is None:
            return None
        tree = tree[name]
    if not isinstance(tree, np.ndarray) or tree.dtype.hasobject or tree.ndim not in (3, 4):
        return None
    is_known = tree.shape[-2] in LAYOUTS and 2 <= tree.shape[-1] <= 5
    return tree.astype(np.float64) if is_known else None


def _index(tree: Any, array: np.ndarray) -> np.ndarray:
    name = next((name for name in _FRAMES if has(tree, name)), None)
    index = np.arange(len(array)) if name is None else whole_numbers(tree, name)
    if len(index) != len(array):
        raise UnusableTree(f"has {len(index)} frame numbers for {len(array)} rows of keypoints")
    return index


def _rows_of(array: np.ndarray, index: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """List frames and keypoints, each x, y and confidence; z is dropped."""
    people = array if array.ndim == 4 else array[:, None]
    last = [0, 1] if array.shape[-1] == 2 else [0, 1, 2 if array.shape[-1] == 3 else 3]
    return [
        (int(frame), points[:, last])
        for frame, row in zip(index, people, strict=True)
        for points in row
        if np.isfinite(points[:, :2]).any()
    ]


def _is_frame(frame: Any) -> bool:
    first = frame[0] if isinstance(frame, list | tuple) and frame else frame
    points = first.get("keypoints") if isinstance(first, Mapping) else first
    return isinstance(points, np.ndarray) and points.ndim in (2, 3) and points.shape[-2] in LAYOUTS


def _people(frame: Any) -> list[Any]:
    """List the arrays of everybody in one frame."""
    if isinstance(frame, np.ndarray):
        return list(frame) if frame.ndim == 3 else [frame]
    if isinstance(frame, Mapping):
        return _people(as_array(frame["keypoints"]))
    return [points for person in frame or [] for points in _people(person)]


TOOL = KeypointTool(
    name="ViTPose, arrays",
    give="vitpose.pt of GVHMR, tracking_results.pth of WHAM, or an npy or npz of such arrays",
    layouts="COCO-17, COCO-133, and any other",
    matches=matches,
    read=read,
)
