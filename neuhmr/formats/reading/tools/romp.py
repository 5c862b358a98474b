"""ROMP: people of one image or of every frame of a video, as npz with a dictionary inside.

`cam_trans` holds for a field of view of 60 degrees over the image padded to a square.
"""

from pathlib import Path
from typing import Any

import numpy as np

from neuhmr.formats.reading.found import FocalRule, FoundPerson, FoundPlace, FoundPoses
from neuhmr.formats.reading.reduce import shape, whole_pose
from neuhmr.formats.reading.tool import Tool
from neuhmr.formats.reading.tree import (
    children_with,
    frame_number,
    has,
    numbers,
    rows_of,
    unwrapped,
)

_FRAME = ("smpl_thetas", "smpl_betas", "cam_trans")
_FOCAL = FocalRule("longest side", 443.4 / 512.0)


def matches(tree: Any) -> bool:
    """Tell by poses with ROMP's names, of one frame or under the frames' names."""
    results = _results(tree)
    return has(results, *_FRAME) or bool(children_with(results, *_FRAME))


def read(tree: Any, path: Path) -> FoundPoses:
    """Gather the rows of every person."""
    results = _results(tree)
    frames = {path.stem: results} if has(results, *_FRAME) else children_with(results, *_FRAME)
    is_tracked = all(has(frame, "track_ids") for frame in frames.values())
    remarks: tuple[str, ...] = ()
    numbered = {name: frame_number(name) for name in frames}
    # Images are counted from 1, unless there is a 0.
    first = 0 if 0 in numbered.values() or len(frames) == 1 else 1
    rows: dict[str, list[tuple[int, Any, int]]] = {}
    for order, (name, frame) in enumerate(frames.items()):
        given = numbered[name]
        at = 0 if len(frames) == 1 else order if given is None else given - first
        people = len(rows_of(frame, "smpl_thetas", 72))
        ids = numbers(frame, "track_ids").reshape(-1) if is_tracked else np.arange(people)
        for row, number in enumerate(ids[:people]):
            rows.setdefault(str(int(number)), []).append((at, frame, row))
    if not is_tracked and len(rows) > 1:
        remarks = (
            "ROMP did not track, so that people may change their numbers from frame to frame; run "
            "it with -t",
        )
    return FoundPoses(
        tool="ROMP",
        persons=tuple(_person(name, found) for name, found in rows.items()),
        model="SMPL",
        focal_rule=_FOCAL,
        remarks=remarks,
    )


def _results(tree: Any) -> Any:
    """Find the dictionary in the npz."""
    return unwrapped(tree.get("results")) if isinstance(tree, dict) else None


def _person(name: str, rows: list[tuple[int, Any, int]]) -> FoundPerson:
    def gathered(key: str, width: int) -> np.ndarray:
        return np.stack([rows_of(frame, key, width)[row] for _, frame, row in rows])

    pose = whole_pose(gathered("smpl_thetas", 72), "smpl_thetas")
    betas = [numbers(frame, "smpl_betas").reshape(len(frame["smpl_thetas"]), -1)[row]
             for _, frame, row in rows]  # fmt: skip
    return FoundPerson(
        id=name,
        frame_index=np.array([at for at, _, _ in rows], np.int64),
        body_pose=pose.body_pose,
        betas=shape(np.stack(betas), len(rows))[0],
        valid=np.ones(len(rows), bool),
        camera=FoundPlace(orient=pose.orient, position=gathered("cam_trans", 3)),
    )


TOOL = Tool(
    name="ROMP",
    give="video_results.npz, or an image's npz",
    poses="SMPL",
    camera="rule",
    people=True,
    gaps=True,
    matches=matches,
    read=read,
)
