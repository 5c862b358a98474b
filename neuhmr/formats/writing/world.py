"""From each frame's camera to one world that stands upright, with the floor at height 0.

Motion files do not say which way is up in the world that their cameras move in, and tools differ;
the person says it, whose trunk is upright more often than not.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from neuhmr.body.skeleton import joint_index
from neuhmr.body.skinning_arrays import pose_skeleton, rest_pelvis, shape_body, skin_vertices
from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.formats.writing.formats import Up
from neuhmr.geometry.rotation_arrays import axisangles_from_rotmats, rotmats_from_axisangles

if TYPE_CHECKING:
    from neuhmr.body.smpl_arrays import SmplArrays
    from neuhmr.body.smpl_model import SmplModel

TO_Z_UP: dict[str, Float[np.ndarray, "3 3"]] = {
    "+z": np.eye(3),
    "-z": np.diag([1.0, -1.0, -1.0]),
    "+y": np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]),
    "-y": np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]),
    "+x": np.array([[0.0, 0, -1], [0, 1, 0], [1, 0, 0]]),
    "-x": np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]]),
}
"""The rotation that makes an axis point along +z."""
Y_FROM_Z_UP: Float[np.ndarray, "3 3"] = TO_Z_UP["+y"].T
_FEET = ("left_ankle", "right_ankle", "left_foot", "right_foot")
_MOSTLY = 0.5
"""Skinning weight of the feet from which a vertex belongs to the sole."""
_CHUNK = 256
"""Rows whose soles are posed at once."""
_LOWEST_PERCENT = 5.0
"""Heights of the lowest sole over time below this percentile count as noise."""


def stand_in_world(
    content: MotionArrays, body: "SmplArrays | SmplModel", up: Up
) -> tuple[MotionArrays, tuple[str, ...]]:
    """Move poses from their cameras into an upright world, and say how it was found.

    Without a known world the camera's frame is stood up: x right, y away from the camera, z up.
    """
    custom = np.eye(3) if up == "z" else Y_FROM_Z_UP
    if content.T_camera_world is None:
        moved = move_motion(content, body, _homogeneous(custom @ TO_Z_UP["-y"]))
        return moved, (
            "The world is a guess, as the motion does not say how the camera stands: the "
            "picture's upward direction is up, and the floor's height is unknown.",
        )
    in_world = move_motion(content, body, invert_transforms(content.T_camera_world))
    axis = upward_axis(in_world)
    upright = move_motion(in_world, body, _homogeneous(TO_Z_UP[axis]))
    floor = floor_height(upright, body)
    upright = replace(upright, transl=upright.transl - [0.0, 0.0, floor])
    return move_motion(upright, body, _homogeneous(custom)), (
        f"Up is the camera's world's {axis}, along which the person stands.",
        f"The floor is at height 0: the person is {'lowered' if floor > 0 else 'raised'} by "
        f"{abs(floor):.3f} m, so that the soles come down to it in all but {_LOWEST_PERCENT:g} % "
        "of the frames.",
    )


def upward_axis(content: MotionArrays) -> str:
    """Tell along which axis the trunk points on average: +x, -x, +y, -y, +z or -z."""
    rotmats = rotmats_from_axisangles(content.global_orient[content.valid].astype(np.float64))
    trunk = rotmats[..., 1].mean(axis=0)  # The body's own +y.
    axis = int(np.abs(trunk).argmax())
    return ("+" if trunk[axis] >= 0 else "-") + "xyz"[axis]


def floor_height(content: MotionArrays, body: "SmplArrays | SmplModel") -> float:
    """Find the height (m, z up) that the soles come down to."""
    v_shaped, joints_rest = shape_body(body, content.mean_betas().astype(np.float64))
    weights = np.asarray(body.lbs_weights, np.float64)
    soles = weights[:, [joint_index(name) for name in _FEET]].sum(axis=1) > _MOSTLY
    seen = content.select(content.valid)
    angles = np.concatenate([seen.global_orient, seen.body_pose], axis=1)
    local = rotmats_from_axisangles(angles.reshape(len(seen), -1, 3).astype(np.float64))
    rotmats, joints = pose_skeleton(joints_rest, local, body.parents, seen.transl)
    lowest = []
    for start in range(0, len(seen), _CHUNK):
        rows = slice(start, start + _CHUNK)
        points = skin_vertices(
            v_shaped[soles], weights[soles], joints_rest, rotmats[rows], joints[rows]
        )
        lowest.append(points[..., 2].min(axis=1))
    return float(np.percentile(np.concatenate(lowest), _LOWEST_PERCENT))


def move_motion(
    content: MotionArrays,
    body: "SmplArrays | SmplModel",
    T_new_old: Float[np.ndarray, "*rows 4 4"],
) -> MotionArrays:
    """Express the poses in another frame, given one transform or one per row; cameras are left out.

    SMPL turns about the pelvis, not the origin: p = R (x - j) + j + t with the pelvis' rest
    position j, so a rigid transform (Q, q) changes t to Q (j + t) + q - j.
    """
    pelvis = rest_pelvis(body, content.mean_betas())
    Q, q = T_new_old[..., :3, :3], T_new_old[..., :3, 3]
    orient = rotmats_from_axisangles(content.global_orient.astype(np.float64))
    return replace(
        content,
        global_orient=axisangles_from_rotmats(Q @ orient),
        transl=(Q @ (content.transl + pelvis)[..., None])[..., 0] + q - pelvis,
        K=None,
        image_size=None,
        T_camera_world=None,
    )


def invert_transforms(transforms: Float[np.ndarray, "*rows 4 4"]) -> Float[np.ndarray, "*rows 4 4"]:
    """Swap the two frames of rigid transforms."""
    rotmats = np.swapaxes(transforms[..., :3, :3].astype(np.float64), -1, -2)
    inverse = np.zeros(transforms.shape)
    inverse[..., :3, :3] = rotmats
    inverse[..., :3, 3:] = -rotmats @ transforms[..., :3, 3:]
    inverse[..., 3, 3] = 1.0
    return inverse


def _homogeneous(rotmat: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "4 4"]:
    T_new_old = np.eye(4)
    T_new_old[:3, :3] = rotmat
    return T_new_old
