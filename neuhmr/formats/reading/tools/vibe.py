"""VIBE: tracks of many people before weak-perspective cameras.

A camera of a crop says how large somebody is, not how far: the distance follows from a focal
length, here the image's diagonal. The file does not hold the image's size, but both cameras
together do.
"""

from pathlib import Path
from typing import Any

import numpy as np

from neuhmr.formats.reading.body_points import points_of_vertices
from neuhmr.formats.reading.found import FocalRule, FoundPerson, FoundPlace, FoundPoses
from neuhmr.formats.reading.reduce import shape, whole_pose
from neuhmr.formats.reading.tool import Tool
from neuhmr.formats.reading.translation import full_image_translation
from neuhmr.formats.reading.tree import children_with, numbers, rows_of, whole_numbers

_KEYS = ("pred_cam", "orig_cam", "pose", "betas", "bboxes", "frame_ids")
_CROP_SCALE = 1.1
"""The network saw a crop so much larger than the box."""
_FOCAL = FocalRule("diagonal", 1.0)


def matches(tree: Any) -> bool:
    """Tell by both kinds of camera under track numbers."""
    return bool(children_with(tree, *_KEYS))


def read(tree: Any, path: Path) -> FoundPoses:
    """Read every track."""
    tracks = children_with(tree, *_KEYS)
    sizes = np.concatenate([_image_sizes(track) for track in tracks.values()])
    height, width = (int(side) for side in np.median(sizes, axis=0).round())
    return FoundPoses(
        tool="VIBE",
        persons=tuple(_person(str(name), data, height, width) for name, data in tracks.items()),
        model="SMPL",
        image_size=(height, width),
        focal_rule=_FOCAL,
        remarks=(
            "VIBE's cameras are weak-perspective: distances hold for a focal length of "
            f"{_FOCAL.focal(height, width):.0f} px, the image's diagonal",
        ),
    )


def _image_sizes(track: Any) -> np.ndarray:
    """Compare the scale in the crop with the scales in the image: s_x = s h / W, s_y = s h / H."""
    scale = rows_of(track, "pred_cam", 3)[:, :1] * rows_of(track, "bboxes", 4)[:, 3:]
    return scale / rows_of(track, "orig_cam", 4)[:, 1::-1]


def _person(name: str, track: Any, height: int, width: int) -> FoundPerson:
    pose, boxes = whole_pose(numbers(track, "pose"), "pose"), rows_of(track, "bboxes", 4)
    rows = len(pose.orient)
    K = _FOCAL.K(height, width)
    position = full_image_translation(
        rows_of(track, "pred_cam", 3),
        boxes[:, :2],
        _CROP_SCALE * boxes[:, 3],
        float(K[0, 0]),
        K[:2, 2],
    )
    return FoundPerson(
        id=name,
        frame_index=whole_numbers(track, "frame_ids"),
        body_pose=pose.body_pose,
        betas=shape(numbers(track, "betas"), rows)[0],
        valid=np.ones(rows, bool),
        camera=FoundPlace(orient=pose.orient, position=position),
        K=K,
        boxes=np.hstack([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2]),
        points3d=points_of_vertices(track, "verts", rows),
    )


TOOL = Tool(
    name="VIBE",
    give="output/CLIP/vibe_output.pkl",
    poses="SMPL",
    camera="rule",
    people=True,
    gaps=True,
    matches=matches,
    read=read,
)
