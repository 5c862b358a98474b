"""MediaPipe: 33 landmarks per frame as users keep them, in pixels or shares of the picture."""

from pathlib import Path
from typing import Any

import numpy as np

from neuhmr.formats.keypoints.found import FoundKeypoints, KeypointTool, gather
from neuhmr.formats.keypoints.vitpose import is_normalized
from neuhmr.formats.reading.tree import UnusableTree, has

_NAMES = ("pose_landmarks", "landmarks", "keypoints", "landmark")

_NUMBERS = ("frame", "frame_index", "frame_id")


def matches(tree: Any) -> bool:
    """Tell by frames of 33 landmarks."""
    frames = _frames(tree)
    if not isinstance(frames, list):
        return False
    first = next((landmarks for landmarks in map(_landmarks, frames) if landmarks), None)
    return first is not None and len(first) == 33


def read(tree: Any, path: Path) -> FoundKeypoints:
    """Read the one person; frames without landmarks are gaps."""
    rows, is_numbered = [], False
    for place, frame in enumerate(_frames(tree)):
        landmarks = _landmarks(frame)
        if not landmarks:
            continue
        key = next((key for key in _NUMBERS if has(frame, key)), None)
        is_numbered |= key is not None
        number = place if key is None else int(frame[key])
        rows.append((number, "", np.array([_point(point) for point in landmarks], np.float64)))
    if not rows:
        raise UnusableTree("holds nobody's landmarks")
    everything = np.stack([points for _, _, points in rows])
    counted = None if is_numbered else len(_frames(tree))
    return gather("MediaPipe", rows, (), is_normalized(everything), counted)


def _frames(tree: Any) -> Any:
    return tree["frames"] if has(tree, "frames") else tree


def _landmarks(frame: Any) -> list[Any]:
    """Take the landmarks of the first person of a frame."""
    while isinstance(frame, dict):
        name = next((name for name in _NAMES if name in frame), None)
        frame = None if name is None else frame[name]
    if isinstance(frame, list) and len(frame) == 1:
        return _landmarks(frame[0])
    return frame if isinstance(frame, list) else []


def _point(point: Any) -> list[float]:
    """Take x, y and how visible it is; bare lists of two or three say nothing of that."""
    if isinstance(point, dict):
        sure = point.get("visibility", point.get("presence", 1.0))
        return [float(point["x"]), float(point["y"]), float(sure)]
    if not isinstance(point, list) or len(point) < 2:
        raise UnusableTree("has landmarks that are no lists of x and y")
    return [float(point[0]), float(point[1]), float(point[3]) if len(point) > 3 else 1.0]


TOOL = KeypointTool(
    name="MediaPipe",
    give="a JSON list of frames of 33 landmarks, or an npz or npy of them",
    layouts="BlazePose 33",
    matches=matches,
    read=read,
)
