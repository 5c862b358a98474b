"""Arrays under plain names: smplx's own, and those of many tools that keep one person's poses.

InstantAvatar, NeuMan, aitviewer, GaussianAvatar, CAPE, PaMIR and scripts that users write.
Rotations are axis-angle, matrices or 6D, translations (T, 3) or (T, 1, 3), in the camera's frame.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neuhmr.formats.reading.body_points import points_of_joints
from neuhmr.formats.reading.found import FoundPerson, FoundPlace, FoundPoses, ModelKind
from neuhmr.formats.reading.reduce import SmplPose, body_pose, shape, whole_pose
from neuhmr.formats.reading.rotation_forms import as_axisangles
from neuhmr.formats.reading.tool import Tool
from neuhmr.formats.reading.tree import (
    UnusableTree,
    gender,
    has,
    number,
    numbers,
    rows_of,
    whole_numbers,
)

_ROOT = ("global_orient", "poses_root", "root_orient", "root_pose")
_BODY = ("body_pose", "poses_body", "pose_body")
_WHOLE = ("poses", "pose", "thetas", "theta", "full_pose", "smpl_poses", "smpl_pose", "pred_rotmat")
_TRANSLATION = (
    *("transl", "trans", "translation", "pred_cam_t", "cam_trans", "root_trans", "smpl_trans"),
    "global_body_translation",
)
_SHAPE = ("betas", "beta", "shape", "shapes", "pred_shape", "smpl_betas")
_JOINTS = ("joints", "joints3d", "joints_3d", "smpl_joints", "Jtr")
"""Of the body, listed as SMPL's."""
_INDEX = ("frame_index", "frame_ids", "frame_id", "frames", "frame")
_RATES = ("fps", "mocap_framerate", "mocap_frame_rate")
_AITVIEWER = "poses_body"
"""Its layer is SMPL-H's, unless the user passes another."""
_SCALE = "body_scale"
"""PaMIR scales the body before it moves it; poses in meters are had the other way round."""


def matches(tree: Any) -> bool:
    """Tell by a root's and a body's pose, or a whole one, with a translation."""
    return _has_pose(tree) and _first(tree, _TRANSLATION) is not None


def read(tree: Any, path: Path) -> FoundPoses:
    """Read the one person."""
    translation = _first(tree, _TRANSLATION)
    assert translation is not None, "matches() found one"
    position = rows_of(tree, translation, 3)
    pose = _pose(tree, len(position))
    rows = len(pose.orient)
    if len(position) != rows:
        raise UnusableTree(f'has {rows} poses but "{translation}" of {len(position)} rows')
    if has(tree, _SCALE):
        position = position / number(tree, _SCALE)
    joints = _first(tree, _JOINTS)
    shapes, index = _first(tree, _SHAPE), _first(tree, _INDEX)
    betas, dropped = np.zeros((1, 10)), ("it holds no betas, so that the mean shape is taken",)
    if shapes is not None:
        betas, dropped = shape(numbers(tree, shapes), rows)
    person = FoundPerson(
        id="0",
        frame_index=np.arange(rows) if index is None else whole_numbers(tree, index),
        body_pose=pose.body_pose,
        betas=betas,
        valid=numbers(tree, "valid").reshape(-1) > 0 if has(tree, "valid") else np.ones(rows, bool),
        camera=FoundPlace(orient=pose.orient, position=position),
        gender=gender(tree),
        points3d=None if joints is None else points_of_joints(tree, joints, rows),
        K=numbers(tree, "K") if has(tree, "K", "image_size") else None,
    )
    size = numbers(tree, "image_size").reshape(-1) if has(tree, "K", "image_size") else None
    rate = _first(tree, _RATES)
    return FoundPoses(
        tool="plain arrays",
        persons=(person,),
        model=pose.model,
        image_size=None if size is None else (int(size[0]), int(size[1])),
        fps=None if rate is None else number(tree, rate),
        has_frame_index=index is not None,
        remarks=(*pose.remarks, *dropped),
    )


def _has_pose(tree: Any) -> bool:
    is_split = _first(tree, _ROOT) is not None and _first(tree, _BODY) is not None
    return is_split or _first(tree, _WHOLE) is not None or _whole_body(tree) is not None


def _first(tree: Any, names: Sequence[str]) -> str | None:
    return next((name for name in names if has(tree, name)), None)


def _whole_body(tree: Any) -> str | None:
    """Find a body's pose with the root before it, as GaussianAvatar and PaMIR name it."""
    name = _first(tree, _BODY)
    size = np.size(tree[name]) if name is not None and _first(tree, _ROOT) is None else 0
    return name if size and size % 72 == 0 else None


def _pose(tree: Any, rows: int) -> SmplPose:
    root, body = _first(tree, _ROOT), _first(tree, _BODY)
    if root is not None and body is not None:
        values = _in_rows(numbers(tree, body), rows)
        angles = body_pose(values, body)
        orient = as_axisangles(_in_rows(numbers(tree, root), rows), 1, root)[:, 0]
        # 21 joints are of SMPL-H or SMPL-X; 23 of SMPL or whatever body is in use.
        has_21 = values.size // len(angles) in (3 * 21, 6 * 21, 9 * 21)
        model: ModelKind = "unknown"
        remarks = ()
        if has_21:
            model = "SMPL-H" if body == _AITVIEWER else "SMPL-X"
            remarks = (f"of 21 body joints, its poses are taken for {model}'s",)
        if any(has(tree, hand) for hand in ("left_hand_pose", "poses_hands", "pose_hand")):
            remarks += ("the fingers' poses are dropped",)
        return SmplPose(orient, angles, model, remarks)
    whole = _first(tree, _WHOLE) or _whole_body(tree)
    assert whole is not None, "matches() found one"
    pose = whole_pose(_in_rows(numbers(tree, whole), rows), whole)
    return pose._replace(model="unknown") if pose.model == "SMPL" else pose


def _in_rows(values: np.ndarray, rows: int) -> np.ndarray:
    """Give a single pose without an axis of frames that axis."""
    if rows == 1 and (values.ndim == 1 or len(values) != 1):
        return values[None]
    return values


TOOL = Tool(
    name="plain arrays",
    give="npz, npy, pkl, pth or json with smplx's names or poses and trans",
    poses="SMPL, SMPL-H or SMPL-X",
    camera="if there",
    gaps=True,
    matches=matches,
    read=read,
)
