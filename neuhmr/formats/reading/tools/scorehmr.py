"""ScoreHMR: the tracks that it begins with, one JSON file per person and frame.

Its refined poses are not saved: only pictures and meshes are.
"""

from pathlib import Path
from typing import Any

import numpy as np

from neuhmr.errors import PoseFileError
from neuhmr.files.loading import load_data
from neuhmr.formats.reading.found import FocalRule, FoundPerson, FoundPlace, FoundPoses
from neuhmr.formats.reading.reduce import body_pose, shape
from neuhmr.formats.reading.tool import Tool
from neuhmr.formats.reading.tree import frame_number, has, numbers

_KEYS = ("betas", "body_pose", "global_orient", "cam_trans")
_GATHERED = "scorehmr_tracks"
_SUFFIX = "_smpl.json"


def matches(tree: Any) -> bool:
    """Tell by the tracks of a folder, or one frame of one."""
    return has(tree, _GATHERED) or has(tree, *_KEYS)


def load_folder(folder: Path) -> Any:
    """Gather the tracks of a sequence, or one of them."""
    files = sorted(folder.glob(f"*/*{_SUFFIX}")) or sorted(folder.glob(f"*{_SUFFIX}"))
    if not files:
        return None
    tracks: dict[str, dict[str, Any]] = {}
    for file in files:
        track = tracks.setdefault(file.parent.name, {})
        track[file.name.removesuffix(_SUFFIX)] = load_data(file, PoseFileError)
    return {_GATHERED: tracks}


def read(tree: Any, path: Path) -> FoundPoses:
    """Read every track."""
    tracks = tree[_GATHERED] if has(tree, _GATHERED) else {"0": {"0": tree}}
    names = {name for track in tracks.values() for name in track}
    # PHALP counts frames from 1.
    first = 0 if any(frame_number(name) == 0 for name in names) else 1
    return FoundPoses(
        tool="ScoreHMR",
        persons=tuple(_person(name, track, first) for name, track in tracks.items()),
        model="SMPL",
        focal_rule=FocalRule("fixed", 5000.0),
        remarks=(
            "these are the poses that ScoreHMR begins with; it saves none of its refined ones",
            f"its frames are counted from {first}",
        ),
    )


def _person(name: str, track: dict[str, Any], first: int) -> FoundPerson:
    orient, pose, betas, position = (
        np.stack([numbers(frame, key).reshape(-1) for frame in track.values()])
        for key in ("global_orient", "body_pose", "betas", "cam_trans")
    )
    return FoundPerson(
        id=name,
        frame_index=np.array([(frame_number(frame) or 0) - first for frame in track], np.int64),
        body_pose=body_pose(pose, "body_pose"),
        betas=shape(betas, len(track))[0],
        valid=np.ones(len(track), bool),
        camera=FoundPlace(orient=orient, position=position),
    )


TOOL = Tool(
    name="ScoreHMR",
    give="the folder track_preds/CLIP (its refined poses are not saved)",
    poses="SMPL",
    camera="rule",
    people=True,
    gaps=True,
    matches=matches,
    read=read,
    load_folder=load_folder,
)
