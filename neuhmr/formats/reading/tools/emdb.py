"""EMDB: the data set's sequence files, one person in a world whose y axis points up."""

from pathlib import Path
from typing import Any

import numpy as np

from neuhmr.formats.reading.found import FoundPerson, FoundPlace, FoundPoses
from neuhmr.formats.reading.reduce import body_pose, shape
from neuhmr.formats.reading.tool import Tool
from neuhmr.formats.reading.tree import gender, has, number, numbers, rows_of

_SMPL = ("poses_root", "poses_body", "trans", "betas")
_CAMERA = ("intrinsics", "extrinsics")


def matches(tree: Any) -> bool:
    """Tell by poses and cameras under their names."""
    return (
        has(tree, "smpl", "camera") and has(tree["smpl"], *_SMPL) and has(tree["camera"], *_CAMERA)
    )


def read(tree: Any, path: Path) -> FoundPoses:
    """Read the one person."""
    smpl, camera = tree["smpl"], tree["camera"]
    pose = body_pose(numbers(smpl, "poses_body"), "poses_body")
    rows = len(pose)
    good = np.ones(rows, bool)
    if has(tree, "good_frames_mask"):
        good = numbers(tree, "good_frames_mask").reshape(-1) > 0
    size = None
    if has(camera, "height", "width"):
        size = (int(number(camera, "height")), int(number(camera, "width")))
    keypoints = None
    if has(tree, "kp2d"):
        points = numbers(tree, "kp2d").reshape(rows, -1, 2)
        keypoints = np.concatenate([points, np.ones_like(points[..., :1])], axis=-1)
    boxes = tree["bboxes"] if has(tree, "bboxes") else {}
    person = FoundPerson(
        id="0",
        frame_index=np.arange(rows),
        body_pose=pose,
        betas=shape(numbers(smpl, "betas").reshape(-1), rows)[0],
        valid=good,
        world=FoundPlace(orient=rows_of(smpl, "poses_root", 3), position=rows_of(smpl, "trans", 3)),
        T_camera_world=numbers(camera, "extrinsics").reshape(-1, 4, 4),
        K=numbers(camera, "intrinsics").reshape(3, 3),
        gender=gender(tree),
        boxes=rows_of(boxes, "bboxes", 4) if has(boxes, "bboxes") else None,
        keypoints=keypoints,
    )
    return FoundPoses(
        tool="EMDB",
        persons=(person,),
        model="SMPL",
        world_up="+y",
        image_size=size,
        fps=30.0,
        has_frame_index=False,
        remarks=() if good.all() else ("frames that are not marked as good are gaps",),
    )


TOOL = Tool(
    name="EMDB",
    give="PX/SEQUENCE/PX_SEQUENCE_data.pkl",
    poses="SMPL",
    camera="yes",
    world=True,
    gaps=True,
    keypoints=True,
    matches=matches,
    read=read,
)
