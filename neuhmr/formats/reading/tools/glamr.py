"""GLAMR: several people in the camera and in a world whose z axis points up.

The result of its global optimization, and the poses that it starts from (`pose_est/pose.pkl`).
The video was brought to 30 frames a second first, so its rows are times. Translations are where the
root joint is.
"""

from pathlib import Path
from typing import Any

import numpy as np

from neuhmr.formats.reading.found import FoundPerson, FoundPlace, FoundPoses
from neuhmr.formats.reading.reduce import body_pose, shape
from neuhmr.formats.reading.rotation_forms import as_axisangles
from neuhmr.formats.reading.tool import Tool
from neuhmr.formats.reading.tree import (
    UnusableTree,
    children_with,
    has,
    numbers,
    rows_of,
    whole_numbers,
)

_FPS = 30.0
_START = ("smpl_pose_quat_wroot", "root_trans", "frames")
_SEEN = ("visible", "vis_frames", "exist_frames")


def matches(tree: Any) -> bool:
    """Tell by its people, or by the poses it starts from."""
    return has(tree, "person_data") or bool(children_with(tree, *_START))


def read(tree: Any, path: Path) -> FoundPoses:
    """Read everybody."""
    if has(tree, "person_data"):
        towards_camera = numbers(tree, "cam_pose") if has(tree, "cam_pose") else None
        people = tree["person_data"].items()
        persons = [_person(str(name), data, towards_camera) for name, data in people]
        filled = any(not person.valid.all() for person in persons)
        remarks = ("frames that GLAMR filled in are marked as gaps",) if filled else ()
    else:
        persons = [_start(str(name), data) for name, data in children_with(tree, *_START).items()]
        remarks = ("these are the poses that GLAMR starts from",)
    centers = [person.K.reshape(-1, 3, 3)[0, :2, 2] for person in persons if person.K is not None]
    size = None
    if centers:
        width, height = (2.0 * centers[0]).round().astype(int)
        size = (int(height), int(width))
    return FoundPoses(
        tool="GLAMR",
        persons=tuple(persons),
        model="SMPL",
        world_up="+z",
        image_size=size,
        fps=_FPS,
        rows_are_times=True,
        remarks=remarks,
    )


def _person(name: str, data: Any, towards_camera: np.ndarray | None) -> FoundPerson:
    pose = body_pose(numbers(data, "smpl_pose"), "smpl_pose")
    rows = len(pose)
    seen = next((numbers(data, key) > 0 for key in _SEEN if has(data, key)), np.ones(rows, bool))
    if seen.shape != (rows,):
        raise UnusableTree(f"marks {seen.size} frames as seen or not, but has {rows} poses")
    keypoints = None
    if has(data, "kp_2d", "kp_2d_score") and len(numbers(data, "kp_2d")) == rows:
        score = numbers(data, "kp_2d_score").reshape(rows, -1, 1)
        keypoints = np.concatenate([numbers(data, "kp_2d").reshape(rows, -1, 2), score], axis=-1)
    if towards_camera is not None and towards_camera.shape != (rows, 4, 4):
        raise UnusableTree(f"has cam_pose of shape {towards_camera.shape} for {rows} frames")
    return FoundPerson(
        id=name,
        frame_index=np.arange(rows),
        body_pose=pose,
        betas=shape(numbers(data, "smpl_beta"), rows)[0],
        valid=seen,
        camera=_place(data, "cam"),
        world=_place(data, "world"),
        T_camera_world=towards_camera,
        K=_intrinsics(data, rows),
        keypoints=keypoints,
    )


def _place(data: Any, frame: str) -> FoundPlace | None:
    orient, position = f"smpl_orient_{frame}", f"root_trans_{frame}"
    if not has(data, orient, position):
        return None
    return FoundPlace(
        orient=as_axisangles(rows_of(data, orient, 3), 1, orient)[:, 0],
        position=rows_of(data, position, 3),
        meaning="pelvis",
    )


def _start(name: str, data: Any) -> FoundPerson:
    frames = whole_numbers(data, "frames")
    # Named after quaternions, it holds matrices since HybrIK gives those.
    rotations = numbers(data, "smpl_pose_quat_wroot").reshape(len(frames), 24, -1)
    if rotations.shape[-1] == 4:
        rotations = _axisangles_from_wxyz(rotations)
    angles = as_axisangles(rotations, 24, "smpl_pose_quat_wroot")
    return FoundPerson(
        id=name,
        frame_index=frames,
        body_pose=angles[:, 1:].reshape(-1, 69),
        betas=shape(numbers(data, "smpl_beta"), len(frames))[0],
        valid=np.ones(len(frames), bool),
        camera=FoundPlace(
            orient=angles[:, 0], position=rows_of(data, "root_trans", 3), meaning="pelvis"
        ),
        K=_intrinsics(data, len(frames)),
    )


def _intrinsics(data: Any, rows: int) -> np.ndarray | None:
    """Take one K per row; where nobody was seen they are zero and become the nearest other one."""
    if not has(data, "cam_K"):
        return None
    K = numbers(data, "cam_K").reshape(-1, 3, 3)
    known = np.flatnonzero(K[:, 0, 0] > 0)
    if len(K) not in (1, rows) or not len(known):
        return None
    nearest = np.abs(np.arange(len(K))[:, None] - known).argmin(axis=1)
    K = K[known[nearest]]
    return K[0] if (K == K[0]).all() else K


def _axisangles_from_wxyz(quaternions: np.ndarray) -> np.ndarray:
    real, vector = quaternions[..., :1], quaternions[..., 1:]
    sine = np.linalg.norm(vector, axis=-1, keepdims=True)
    angle = 2.0 * np.arctan2(sine, np.abs(real)) * np.where(real < 0, -1.0, 1.0)
    return vector * np.where(sine > 0, angle / np.where(sine > 0, sine, 1.0), 2.0)


TOOL = Tool(
    name="GLAMR",
    give="out/grecon/CLIP_seed1.pkl",
    poses="SMPL",
    camera="yes",
    world=True,
    people=True,
    gaps=True,
    keypoints=True,
    matches=matches,
    read=read,
)
