"""HybrIK: one person before a camera whose focal length follows the box, frame by frame.

Bodies are centered on the pelvis of Human3.6M, which lies between the hips, before they are moved.
"""

from pathlib import Path
from typing import Any

import numpy as np

from neuhmr.formats.reading.body_points import points_of_joints
from neuhmr.formats.reading.found import FoundPerson, FoundPlace, FoundPoses
from neuhmr.formats.reading.reduce import shape, whole_pose
from neuhmr.formats.reading.tool import Tool
from neuhmr.formats.reading.tree import (
    UnusableTree,
    frame_number,
    has,
    numbers,
    rows_of,
)

_KEYS = ("pred_thetas", "pred_betas", "transl", "bbox", "height", "width", "img_path")
_FOCAL_PER_BOX = 1000.0 / 256.0
_METERS = 2.2
"""Its joints are in units of the depth that its heatmaps span."""


def matches(tree: Any) -> bool:
    """Tell by stacked poses with their image paths."""
    return has(tree, *_KEYS)


def read(tree: Any, path: Path) -> FoundPoses:
    """Read the one person."""
    pose = whole_pose(numbers(tree, "pred_thetas").reshape(-1, 24, 3, 3), "pred_thetas")
    rows, boxes = len(pose.orient), rows_of(tree, "bbox", 4)
    height, width = (int(numbers(tree, key).reshape(-1)[0]) for key in ("height", "width"))
    focal = _FOCAL_PER_BOX * (boxes[:, 2] - boxes[:, 0])
    K = np.zeros((rows, 3, 3))
    K[:, 0, 0] = K[:, 1, 1] = focal
    K[:, :, 2] = [width / 2, height / 2, 1.0]
    person = FoundPerson(
        id="0",
        frame_index=_frames(tree, rows),
        body_pose=pose.body_pose,
        betas=shape(numbers(tree, "pred_betas"), rows)[0],
        valid=np.ones(rows, bool),
        camera=FoundPlace(
            orient=pose.orient, position=rows_of(tree, "transl", 3), meaning="mid_hip"
        ),
        K=K,
        boxes=boxes,
        points3d=points_of_joints(tree, "pred_xyz_24_struct", rows, _METERS),
    )
    return FoundPoses(
        tool="HybrIK",
        persons=(person,),
        model="SMPL",
        image_size=(height, width),
        remarks=(
            "its focal length changes with the box from frame to frame",
            "HybrIK places the pelvis of Human3.6M; here the middle of the hips stands for it, to "
            "some 2 cm",
        ),
    )


def _frames(tree: Any, rows: int) -> np.ndarray:
    """Number rows by their images, which ffmpeg counts from 1; the first ones may be missing."""
    names = [frame_number(name) for name in np.ravel(np.asarray(tree["img_path"]))]
    if len(names) != rows or any(name is None for name in names):
        raise UnusableTree(f"has {len(names)} numbered images for {rows} poses")
    return np.array(names, np.int64) - 1


TOOL = Tool(
    name="HybrIK",
    give="res.pk of demo_video.py --save-pk",
    poses="SMPL",
    camera="yes",
    gaps=True,
    matches=matches,
    read=read,
)
