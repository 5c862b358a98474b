"""AIST++: dancers in a world whose y axis points up, in units of a scaled body."""

from pathlib import Path
from typing import Any

import numpy as np

from neuhmr.formats.reading.found import FoundPerson, FoundPlace, FoundPoses
from neuhmr.formats.reading.reduce import whole_pose
from neuhmr.formats.reading.tool import Tool
from neuhmr.formats.reading.tree import has, number, numbers, rows_of


def matches(tree: Any) -> bool:
    """Tell by the scale of the body."""
    return has(tree, "smpl_poses", "smpl_trans", "smpl_scaling")


def read(tree: Any, path: Path) -> FoundPoses:
    """Read the one person: divided by its scale, the body is SMPL's mean one in meters."""
    pose = whole_pose(numbers(tree, "smpl_poses").reshape(-1, 72), "smpl_poses")
    rows = len(pose.orient)
    person = FoundPerson(
        id="0",
        frame_index=np.arange(rows),
        body_pose=pose.body_pose,
        betas=np.zeros((1, 10)),
        valid=np.ones(rows, bool),
        world=FoundPlace(
            orient=pose.orient,
            position=rows_of(tree, "smpl_trans", 3) / number(tree, "smpl_scaling"),
        ),
        gender="male",
    )
    return FoundPoses(
        tool="AIST++",
        persons=(person,),
        model="SMPL",
        world_up="+y",
        fps=60.0,
        rows_are_times=True,
        has_frame_index=False,
        remarks=("lengths are divided by the scale of the body, which becomes SMPL's mean one",),
    )


TOOL = Tool(
    name="AIST++",
    give="motions/SEQUENCE.pkl",
    poses="SMPL",
    camera="no",
    world=True,
    matches=matches,
    read=read,
)
