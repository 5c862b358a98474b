"""MMPose: a list of frames, each a list of instances."""

from pathlib import Path
from typing import Any

import numpy as np

from neuhmr.formats.keypoints.found import FoundKeypoints, KeypointTool, gather
from neuhmr.formats.reading.tree import UnusableTree, has

_ID_KEYS = ("track_id", "instance_id")


def matches(tree: Any) -> bool:
    """Tell by frames of instances, or one picture's instances."""
    frames = tree.get("instance_info") if has(tree, "instance_info") else tree
    first = frames[0] if isinstance(frames, list) and frames else None
    return has(first, "instances") or has(first, "keypoints", "keypoint_scores")


def read(tree: Any, path: Path) -> FoundKeypoints:
    """Read everybody; the demo scripts count frames from 1, the inferencer from 0."""
    frames = tree["instance_info"] if has(tree, "instance_info") else tree
    if frames and not has(frames[0], "instances"):
        frames = [{"frame_id": 0, "instances": frames}]
    numbers = [int(frame.get("frame_id", index)) for index, frame in enumerate(frames)]
    counts_from_1 = has(tree, "instance_info") and bool(numbers) and min(numbers) >= 1
    rows = [
        (number - counts_from_1, _id(person), _points(person))
        for number, frame in zip(numbers, frames, strict=True)
        for person in frame["instances"]
    ]
    remarks = ("its frames are counted from 1",) if counts_from_1 else ()
    return gather("MMPose", rows, remarks)


def _id(person: dict[str, Any]) -> str:
    key = next((key for key in _ID_KEYS if key in person), None)
    return "" if key is None else str(person[key])


def _points(person: dict[str, Any]) -> np.ndarray:
    points = np.asarray(person["keypoints"], np.float64)
    if points.ndim != 2 or points.shape[1] < 2:
        raise UnusableTree(f"has keypoints of shape {points.shape}")
    if "keypoint_scores" not in person:
        return points[:, :3]
    scores = np.asarray(person["keypoint_scores"], np.float64).reshape(-1)
    if len(scores) != len(points):
        raise UnusableTree(f"has {len(points)} keypoints but {len(scores)} scores")
    return np.column_stack([points[:, :2], scores])


TOOL = KeypointTool(
    name="MMPose",
    give="the predictions JSON of the inferencer or results_CLIP.json of the demos",
    layouts="COCO-17, COCO-133, Halpe-26",
    matches=matches,
    read=read,
)
