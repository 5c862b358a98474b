"""3DPW: the data set's sequence files, one or two people in a world that cameras are given in."""

from pathlib import Path
from typing import Any

import numpy as np

from neuhmr.formats.reading.found import FoundPerson, FoundPlace, FoundPoses
from neuhmr.formats.reading.reduce import shape, whole_pose
from neuhmr.formats.reading.tool import Tool
from neuhmr.formats.reading.tree import UnusableTree, gender, has, numbers, rows_of

_KEYS = ("poses", "trans", "betas", "genders", "cam_poses", "cam_intrinsics")
_SIZES = ((1920, 1080), (1080, 1920))
"""(height, width) of its videos."""


def matches(tree: Any) -> bool:
    """Tell by lists of people beside one moving camera."""
    return has(tree, *_KEYS)


def read(tree: Any, path: Path) -> FoundPoses:
    """Read everybody."""
    K = numbers(tree, "cam_intrinsics").reshape(3, 3)
    center = 2.0 * K[1::-1, 2]
    # The camera looks through the center, to some pixels.
    size = min(_SIZES, key=lambda sides: float(np.abs(center - sides).max()))
    towards_camera = numbers(tree, "cam_poses").reshape(-1, 4, 4)
    persons = [_person(tree, i, K, towards_camera) for i in range(len(tree["poses"]))]
    gone = any(not person.valid.all() for person in persons)
    return FoundPoses(
        tool="3DPW",
        persons=tuple(persons),
        model="SMPL",
        image_size=size if np.abs(center - size).max() < 0.05 * max(size) else None,
        fps=30.0,
        has_frame_index=False,
        remarks=("frames without a valid camera are marked as gaps",) if gone else (),
    )


def _person(tree: Any, i: int, K: np.ndarray, towards_camera: np.ndarray) -> FoundPerson:
    data = {key: tree[key][i] for key in _KEYS[:4]}
    pose = whole_pose(numbers(data, "poses"), "poses")
    rows = len(pose.orient)
    if len(towards_camera) != rows:
        raise UnusableTree(f"has {rows} poses but {len(towards_camera)} cameras")
    valid = np.ones(rows, bool)
    if has(tree, "campose_valid"):
        valid = numbers({"": tree["campose_valid"][i]}, "").reshape(-1) > 0
    keypoints = None
    if has(tree, "poses2d"):
        keypoints = np.swapaxes(numbers({"": tree["poses2d"][i]}, ""), 1, 2)
    return FoundPerson(
        id=str(i),
        frame_index=np.arange(rows),
        body_pose=pose.body_pose,
        betas=shape(numbers(data, "betas").reshape(-1), rows)[0],
        valid=valid,
        world=FoundPlace(orient=pose.orient, position=rows_of(data, "trans", 3)),
        T_camera_world=towards_camera,
        K=K,
        gender=gender(data, "genders"),
        keypoints=keypoints if keypoints is not None and len(keypoints) == rows else None,
    )


TOOL = Tool(
    name="3DPW",
    give="sequenceFiles/SPLIT/SEQUENCE.pkl",
    poses="SMPL",
    camera="yes",
    world=True,
    people=True,
    gaps=True,
    keypoints=True,
    matches=matches,
    read=read,
)
