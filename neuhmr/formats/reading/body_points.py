"""Points of a tool's own body, by which another body can be made to stand as it does."""

from typing import Any

import numpy as np
from jaxtyping import Float

from neuhmr.body.skeleton import LANDMARK_VERTICES, NUM_JOINTS, POINT_NAMES, SMPL_PARENTS
from neuhmr.body.skinning_arrays import pose_skeleton
from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.files.stand_ins import as_array
from neuhmr.formats.reading.rest_body import RestBody
from neuhmr.formats.reading.tree import has, numbers
from neuhmr.geometry.rotation_arrays import rotmats_from_axisangles

_SMPL_VERTICES = 6890
_BODY_JOINTS = 22
"""Up to the wrists the same in SMPL, SMPL-H and SMPL-X."""


def points_of(content: MotionArrays, body: RestBody) -> Float[np.ndarray, "rows 35 3"]:
    """Pose the joints of a body that is at hand (m)."""
    betas = content.mean_betas().astype(np.float64)
    count = min(len(betas), body.directions.shape[-1])
    rest = body.template[:NUM_JOINTS] + body.directions[:NUM_JOINTS, :, :count] @ betas[:count]
    angles = np.concatenate([content.global_orient, content.body_pose], axis=1)
    local = rotmats_from_axisangles(angles.reshape(len(content), NUM_JOINTS, 3))
    _, joints = pose_skeleton(rest, local, SMPL_PARENTS, content.transl)
    points = _unknown(len(content))
    known = NUM_JOINTS if body.kind in ("SMPL", "open") else _BODY_JOINTS
    points[:, :known] = joints[:, :known]
    return points


def points_of_vertices(tree: Any, key: str, rows: int) -> Float[np.ndarray, "rows 35 3"] | None:
    """Take the named vertices of SMPL's mesh (m); None where there is none."""
    vertices = as_array(tree[key]) if has(tree, key) else None
    if not isinstance(vertices, np.ndarray) or vertices.shape != (rows, _SMPL_VERTICES, 3):
        return None
    points = _unknown(rows)
    chosen = [LANDMARK_VERTICES[name] for name in POINT_NAMES[NUM_JOINTS:]]
    points[:, NUM_JOINTS:] = vertices[:, chosen]
    return points


def points_of_joints(
    tree: Any, key: str, rows: int, meters: float = 1.0
) -> Float[np.ndarray, "rows 35 3"] | None:
    """Take joints that are listed as SMPL's (m); None where there are none."""
    if not has(tree, key):
        return None
    joints = numbers(tree, key)
    if joints.ndim not in (2, 3) or len(joints) != rows or joints.size % (3 * rows):
        return None
    joints = joints.reshape(rows, -1, 3)
    if joints.shape[1] < _BODY_JOINTS:
        return None
    points = _unknown(rows)
    known = NUM_JOINTS if joints.shape[1] in (NUM_JOINTS, 45) else _BODY_JOINTS
    points[:, :known] = meters * joints[:, :known]
    return points


def _unknown(rows: int) -> Float[np.ndarray, "rows 35 3"]:
    return np.full((rows, len(POINT_NAMES), 3), np.nan)
