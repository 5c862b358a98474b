"""SLAHMR: several people and the camera in a world whose y axis points down, on SMPL-H's body.

One of its `..._world_results.npz`, or a run's folder, of which the last stage's last file counts.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from neuhmr.errors import PoseFileError
from neuhmr.files.loading import load_data
from neuhmr.formats.reading.found import FoundPerson, FoundPlace, FoundPoses
from neuhmr.formats.reading.reduce import body_pose, shape
from neuhmr.formats.reading.tool import Tool
from neuhmr.formats.reading.translation import rigid
from neuhmr.formats.reading.tree import UnusableTree, has, numbers, rows_of

_KEYS = ("trans", "root_orient", "pose_body", "betas", "cam_R", "cam_t")
_STAGES = ("motion_chunks", "smooth_fit", "root_fit")
_RESULTS = "*_world_results.npz"
_TRACKS_FILE = "track_info.json"


def matches(tree: Any) -> bool:
    """Tell by poses and cameras of a batch of people."""
    return has(tree, *_KEYS) or has(tree, "slahmr_results")


def load_folder(folder: Path) -> Any:
    """Find the results of the last stage, and of it the last iteration."""
    for place in (*(folder / stage for stage in _STAGES), folder):
        results = sorted(place.glob(_RESULTS))
        if results:
            return {"slahmr_results": results[-1]}
    return None


def read(tree: Any, path: Path) -> FoundPoses:
    """Read everybody."""
    if has(tree, "slahmr_results"):
        path = tree["slahmr_results"]
        tree = load_data(path, PoseFileError)
    trans = numbers(tree, "trans")
    if trans.ndim != 3:
        raise UnusableTree(f'has "trans" of shape {trans.shape}, (people, frames, 3) was expected')
    people, frames = trans.shape[:2]
    names, visible, first = _tracks(path, people, frames)
    K, size = _intrinsics(tree)
    persons, remarks = [], ()
    for i, name in enumerate(names):
        row = {key: numbers(tree, key)[i] for key in _KEYS}
        betas, remarks = shape(row["betas"], frames)
        persons.append(FoundPerson(
            id=name,
            frame_index=first + np.arange(frames),
            body_pose=body_pose(row["pose_body"], "pose_body"),
            betas=betas,
            valid=visible[i],
            world=FoundPlace(orient=rows_of(row, "root_orient", 3), position=trans[i]),
            T_camera_world=rigid(row["cam_R"].reshape(-1, 3, 3), rows_of(row, "cam_t", 3)),
            K=K,
        ))  # fmt: skip
    if not visible.all():
        remarks += ("frames in which it did not see somebody are marked as gaps",)
    return FoundPoses(
        tool="SLAHMR",
        persons=tuple(persons),
        model="SMPL-H",
        world_up="-y",
        image_size=size,
        has_frame_index=first > 0 or (path.parent.parent / _TRACKS_FILE).is_file(),
        remarks=remarks,
    )


def _intrinsics(tree: Any) -> tuple[np.ndarray | None, tuple[int, int] | None]:
    if not has(tree, "intrins"):
        return None, None
    fx, fy, cx, cy = numbers(tree, "intrins").reshape(-1)[:4]
    K = np.array([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]])
    return K, (round(2 * cy), round(2 * cx))


def _tracks(path: Path, people: int, frames: int) -> tuple[list[str], np.ndarray, int]:
    """Look up names and visibility of the people, and the first frame, where the run kept them."""
    names, visible = [str(i) for i in range(people)], np.ones((people, frames), bool)
    beside = (folder / _TRACKS_FILE for folder in (path.parent, path.parent.parent))
    info_path = next((file for file in beside if file.is_file()), None)
    if info_path is None:
        return names, visible, 0
    try:
        info = json.loads(info_path.read_text(encoding="utf-8"))
        start, stop = info["meta"]["seq_interval"]
        for name, track in info["tracks"].items():
            mask = np.asarray(track["vis_mask"], np.float64)[start:stop] > 0
            if track["index"] < people and len(mask) >= frames:
                names[track["index"]], visible[track["index"]] = str(name), mask[:frames]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise UnusableTree(f"has an unreadable {_TRACKS_FILE} beside it ({problem})") from problem
    return names, visible, int(start)


TOOL = Tool(
    name="SLAHMR",
    give="the run's folder, or one of its _world_results.npz",
    poses="SMPL-H",
    camera="yes",
    world=True,
    people=True,
    gaps=True,
    matches=matches,
    read=read,
    load_folder=load_folder,
)
