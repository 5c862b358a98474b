"""TRAM: a folder with the camera and one file per person, or one of those files.

Rows are the frames of a track, with holes where a chunk was too short. The camera is given from
camera to world, whose y axis points up.
"""

from pathlib import Path
from typing import Any

import numpy as np

from neuhmr.errors import PoseFileError
from neuhmr.files.loading import load_data
from neuhmr.formats.reading.found import FoundPerson, FoundPlace, FoundPoses
from neuhmr.formats.reading.reduce import shape, whole_pose
from neuhmr.formats.reading.tool import Tool
from neuhmr.formats.reading.translation import inverse, rigid
from neuhmr.formats.reading.tree import (
    UnusableTree,
    frame_number,
    has,
    number,
    numbers,
    rows_of,
    unwrapped,
    whole_numbers,
)

_TRACK = ("pred_rotmat", "pred_trans", "pred_shape", "frame")
_CAMERA = ("world_cam_R", "world_cam_T", "img_focal", "img_center")
_CAMERA_FILE = "camera.npy"


def matches(tree: Any) -> bool:
    """Tell by one track, or by the tracks that were gathered from a folder."""
    return has(tree, *_TRACK) or (has(tree, "hps", "camera") and bool(tree["hps"]))


def load_folder(folder: Path) -> Any:
    """Gather camera and tracks."""
    tracks = sorted((folder / "hps").glob("hps_track_*.npy"), key=lambda path: _number(path.stem))
    if not tracks:
        return None
    return {
        "hps": {
            str(_number(path.stem)): unwrapped(load_data(path, PoseFileError)) for path in tracks
        },
        "camera": _camera_file(folder),
    }


def read(tree: Any, path: Path) -> FoundPoses:
    """Read one track or all of them."""
    if has(tree, *_TRACK):
        camera = _camera_file(path.parent) or _camera_file(path.parent.parent)
        tree = {"hps": {str(_number(path.stem)): tree}, "camera": camera}
    camera, K, size = tree["camera"], None, None
    remarks = ("people are numbered by the length of their tracks, as TRAM renames them",)
    if camera is None:
        remarks += (f"{_CAMERA_FILE} is not beside it, so nothing is known of the camera",)
    else:
        focal = number(camera, "img_focal")
        x, y = numbers(camera, "img_center").reshape(2)
        K = np.array([[focal, 0.0, x], [0.0, focal, y], [0.0, 0.0, 1.0]])
        size = (round(2 * y), round(2 * x))
    return FoundPoses(
        tool="TRAM",
        persons=tuple(_person(name, track, camera, K) for name, track in tree["hps"].items()),
        model="SMPL",
        world_up="+y",
        image_size=size,
        remarks=remarks,
    )


def _person(name: str, track: Any, camera: Any, K: np.ndarray | None) -> FoundPerson:
    pose = whole_pose(numbers(track, "pred_rotmat"), "pred_rotmat")
    frames, rows = whole_numbers(track, "frame"), len(pose.orient)
    return FoundPerson(
        id=name,
        frame_index=frames,
        body_pose=pose.body_pose,
        betas=shape(numbers(track, "pred_shape"), rows)[0],
        valid=np.ones(rows, bool),
        camera=FoundPlace(orient=pose.orient, position=rows_of(track, "pred_trans", 3)),
        T_camera_world=None if camera is None else _towards_camera(camera, frames),
        K=K,
    )


def _towards_camera(camera: Any, frames: np.ndarray) -> np.ndarray:
    rotmats = numbers(camera, "world_cam_R").reshape(-1, 3, 3)
    if frames.max() >= len(rotmats):
        raise UnusableTree(f"has poses up to frame {frames.max()} but {len(rotmats)} cameras")
    return inverse(rigid(rotmats, rows_of(camera, "world_cam_T", 3)))[frames]


def _camera_file(folder: Path) -> Any:
    path = folder / _CAMERA_FILE
    camera = unwrapped(load_data(path, PoseFileError)) if path.is_file() else None
    return camera if has(camera, *_CAMERA) else None


def _number(stem: str) -> int:
    return frame_number(stem) or 0


TOOL = Tool(
    name="TRAM",
    give="the folder results/CLIP",
    poses="SMPL",
    camera="yes",
    world=True,
    people=True,
    gaps=True,
    matches=matches,
    read=read,
    load_folder=load_folder,
)
