"""AMASS: motion capture in a world whose z axis points up, on SMPL-H's or SMPL-X's body.

Blender's SMPL add-on reads and writes files of the same keys.
"""

from pathlib import Path
from typing import Any

import numpy as np

from neuhmr.formats.reading.found import FoundPerson, FoundPlace, FoundPoses
from neuhmr.formats.reading.reduce import shape, whole_pose
from neuhmr.formats.reading.tool import Tool
from neuhmr.formats.reading.tree import gender, has, number, numbers, rows_of

_RATES = ("mocap_framerate", "mocap_frame_rate", "mocap_frame_rate_hz")


def matches(tree: Any) -> bool:
    """Tell by poses with the rate of the motion capture, or of SMPL-H's or SMPL-X's width."""
    if not has(tree, "poses", "trans"):
        return False
    width = np.shape(tree["poses"])[-1:] or (0,)
    return any(has(tree, rate) for rate in _RATES) or width[0] in (156, 165)


def read(tree: Any, path: Path) -> FoundPoses:
    """Read the one person."""
    pose = whole_pose(numbers(tree, "poses"), "poses")
    rows = len(pose.orient)
    betas, dropped = np.zeros((1, 10)), ()
    if has(tree, "betas"):
        betas, dropped = shape(numbers(tree, "betas"), rows)
    rate = next((name for name in (*_RATES, "fps") if has(tree, name)), None)
    person = FoundPerson(
        id="0",
        frame_index=np.arange(rows),
        body_pose=pose.body_pose,
        betas=betas,
        valid=np.ones(rows, bool),
        world=FoundPlace(orient=pose.orient, position=rows_of(tree, "trans", 3)),
        gender=gender(tree),
    )
    return FoundPoses(
        tool="AMASS",
        persons=(person,),
        model=pose.model,
        world_up="+z",
        fps=None if rate is None else number(tree, rate),
        rows_are_times=rate is not None,
        has_frame_index=False,
        remarks=(*pose.remarks, *dropped),
    )


TOOL = Tool(
    name="AMASS",
    give="SEQUENCE_poses.npz or SEQUENCE_stageii.npz",
    poses="SMPL-H or SMPL-X",
    camera="no",
    world=True,
    matches=matches,
    read=read,
)
