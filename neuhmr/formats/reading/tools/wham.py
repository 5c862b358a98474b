"""WHAM: tracks of many people, in the camera and in a world whose y axis points up.

`wham_output.pkl` of demo.py with --save_pkl, and what `wham_api.py` returns, under other names and
without the place in the camera's frame.
"""

from pathlib import Path
from typing import Any

import numpy as np

from neuhmr.formats.reading.body_points import points_of_vertices
from neuhmr.formats.reading.found import FocalRule, FoundPerson, FoundPlace, FoundPoses
from neuhmr.formats.reading.reduce import body_pose, shape, whole_pose
from neuhmr.formats.reading.rotation_forms import as_axisangles
from neuhmr.formats.reading.tool import Tool
from neuhmr.formats.reading.tree import children_with, has, numbers, rows_of, whole_numbers

_DEMO = ("pose", "trans", "betas", "frame_ids", "pose_world", "trans_world")
_API = ("poses_body", "poses_root_world", "trans_world", "betas")
_NO_HIPS = (
    "in the world WHAM places the middle of the hips by a regressor of its own; here the joints of "
    "the hips stand for it, to some 2 cm"
)


def matches(tree: Any) -> bool:
    """Tell by the keys of either interface under track numbers."""
    return bool(children_with(tree, *_DEMO) or children_with(tree, *_API))


def read(tree: Any, path: Path) -> FoundPoses:
    """Read every track."""
    demo, api = children_with(tree, *_DEMO), children_with(tree, *_API)
    persons = [_demo_person(str(name), track) for name, track in demo.items()]
    persons += [_api_person(str(name), track) for name, track in api.items()]
    remarks = (_NO_HIPS,)
    if api:
        remarks += (
            "what wham_api.py gives has no translation in the camera's frame; demo.py --save_pkl "
            "writes it",
        )
    return FoundPoses(
        tool="WHAM",
        persons=tuple(persons),
        model="SMPL",
        world_up="+y",
        focal_rule=FocalRule("diagonal", 1.0),
        remarks=remarks,
    )


def _demo_person(name: str, track: Any) -> FoundPerson:
    camera = whole_pose(numbers(track, "pose"), "pose")
    rows = len(camera.orient)
    return FoundPerson(
        id=name,
        frame_index=whole_numbers(track, "frame_ids"),
        body_pose=camera.body_pose,
        betas=shape(numbers(track, "betas"), rows)[0],
        valid=np.ones(rows, bool),
        camera=FoundPlace(orient=camera.orient, position=rows_of(track, "trans", 3)),
        world=FoundPlace(
            orient=whole_pose(numbers(track, "pose_world"), "pose_world").orient,
            position=rows_of(track, "trans_world", 3),
            meaning="mid_hip",
        ),
        points3d=points_of_vertices(track, "verts", rows),
    )


def _api_person(name: str, track: Any) -> FoundPerson:
    pose = body_pose(numbers(track, "poses_body"), "poses_body")
    rows = len(pose)

    def root(key: str) -> np.ndarray:
        return as_axisangles(numbers(track, key).reshape(rows, -1), 1, key)[:, 0]

    camera = None
    if has(track, "poses_root_cam", "trans_cam"):
        camera = FoundPlace(orient=root("poses_root_cam"), position=rows_of(track, "trans_cam", 3))
    ids = "frame_id" if has(track, "frame_id") else "frame_ids"
    return FoundPerson(
        id=name,
        frame_index=whole_numbers(track, ids),
        body_pose=pose,
        betas=shape(numbers(track, "betas"), rows)[0],
        valid=np.ones(rows, bool),
        camera=camera,
        world=FoundPlace(
            orient=root("poses_root_world"),
            position=rows_of(track, "trans_world", 3),
            meaning="mid_hip",
        ),
    )


TOOL = Tool(
    name="WHAM",
    give="wham_output.pkl of demo.py --save_pkl",
    poses="SMPL",
    camera="rule",
    world=True,
    people=True,
    gaps=True,
    matches=matches,
    read=read,
)
