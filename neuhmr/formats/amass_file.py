"""Motion as AMASS keeps it: SMPL-H axis-angle poses in a z-up world, read by most animation tools.

The world here is the camera's frame turned upright (x right, y away from the camera, z up), or the
clip's own world where the motion file holds the camera's motion.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from neuhmr.clip.atomic import atomic_path
from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.geometry.rotation_arrays import axisangles_from_rotmats, rotmats_from_axisangles

if TYPE_CHECKING:
    from neuhmr.body.smpl_arrays import SmplArrays
    from neuhmr.body.smpl_model import SmplModel

NUM_POSE_NUMBERS = 156
"""SMPL-H: root, 21 body joints, 2 x 15 finger joints."""
NUM_BETAS = 16
NUM_BODY_NUMBERS = 63
"""SMPL's joints 22 and 23 (hands) have no counterpart in SMPL-H and are left out."""
T_UP_CAMERA = np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]])


def write_amass_file(path: Path, content: MotionArrays, body: "SmplArrays | SmplModel") -> None:
    """Write the valid frames with AMASS's keys, fingers at rest.

    Raises:
        OutputError: the file cannot be written.
    """
    content = content.select(content.valid)
    orient, transl = move_motion(content, body, upright(content))
    poses = np.zeros((len(content), NUM_POSE_NUMBERS), np.float32)
    poses[:, :3] = orient
    poses[:, 3 : 3 + NUM_BODY_NUMBERS] = content.body_pose[:, :NUM_BODY_NUMBERS]
    betas = np.zeros(NUM_BETAS, np.float32)
    betas[: content.betas.shape[-1]] = content.mean_betas()
    with atomic_path(path) as partial, partial.open("wb") as file:
        np.savez(
            file,
            poses=poses,
            trans=transl.astype(np.float32),
            betas=betas,
            gender=np.array(content.gender),
            mocap_framerate=np.array(content.fps),
            mocap_frame_rate=np.array(content.fps),
        )


def upright(content: MotionArrays) -> Float[np.ndarray, "*rows 4 4"]:
    """Find the transform from camera frames to an upright frame (z up), one or one per row."""
    if content.T_camera_world is None:
        return T_UP_CAMERA
    T_camera_world = content.T_camera_world.astype(np.float64)
    rotmat = np.swapaxes(T_camera_world[..., :3, :3], -1, -2)
    T_world_camera = np.zeros_like(T_camera_world)
    T_world_camera[..., :3, :3] = rotmat
    T_world_camera[..., :3, 3:] = -rotmat @ T_camera_world[..., :3, 3:]
    T_world_camera[..., 3, 3] = 1.0
    return T_world_camera


def move_motion(
    content: MotionArrays,
    body: "SmplArrays | SmplModel",
    T_to_camera: Float[np.ndarray, "*rows 4 4"],
) -> tuple[Float[np.ndarray, "rows 3"], Float[np.ndarray, "rows 3"]]:
    """Express root rotation (axis-angle, rad) and translation (m) in another frame.

    SMPL turns about the pelvis, not the origin: p = R (x - j) + j + t with the pelvis' rest
    position j, so a rigid transform (Q, q) changes t to Q (j + t) + q - j.
    """
    pelvis = rest_pelvis(body, content.mean_betas())
    Q, q = T_to_camera[..., :3, :3], T_to_camera[..., :3, 3]
    transl = (Q @ (content.transl + pelvis)[..., None])[..., 0] + q - pelvis
    orient = rotmats_from_axisangles(content.global_orient.astype(np.float64))
    return axisangles_from_rotmats(Q @ orient), transl


def rest_pelvis(
    body: "SmplArrays | SmplModel", betas: Float[np.ndarray, " betas"]
) -> Float[np.ndarray, " 3"]:
    """Place the pelvis of the unposed body (m)."""
    weights = np.asarray(body.J_regressor[0])
    near = weights.nonzero()[0]
    shapedirs = np.asarray(body.shapedirs)[near, :, : len(betas)]
    return weights[near] @ (np.asarray(body.v_template)[near] + shapedirs @ betas)
