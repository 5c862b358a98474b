"""Motion as AMASS keeps it: SMPL-H axis-angle poses in a z-up world, read by most animation tools.

The world here is the camera's frame turned upright (x right, y away from the camera, z up), or the
clip's own world where the motion file holds the camera's motion.
"""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import SmplModel
from neuhmr.clip.atomic import atomic_path
from neuhmr.clip.motion_file import MotionFile
from neuhmr.geometry.rigid import Rigid
from neuhmr.geometry.rotations import rotmat_to_axisangle

NUM_POSE_NUMBERS = 156
"""SMPL-H: root, 21 body joints, 2 x 15 finger joints."""
NUM_BETAS = 16
NUM_BODY_NUMBERS = 63
"""SMPL's joints 22 and 23 (hands) have no counterpart in SMPL-H and are left out."""


def write_amass_file(path: Path, content: MotionFile, model: SmplModel) -> None:
    """Write the valid frames with AMASS's keys, fingers at rest.

    Raises:
        OutputError: the file cannot be written.
    """
    motion = content.motion[content.motion.valid]
    T_up_camera = upright(content, content.motion.valid)
    orient, transl = move_motion(motion, model, T_up_camera)
    poses = np.zeros((len(motion), NUM_POSE_NUMBERS), np.float32)
    poses[:, :3] = rotmat_to_axisangle(orient).numpy()
    poses[:, 3 : 3 + NUM_BODY_NUMBERS] = motion.body_pose_axisangle()[:, :NUM_BODY_NUMBERS].numpy()
    betas = np.zeros(NUM_BETAS, np.float32)
    betas[: len(motion.betas)] = motion.betas.numpy()
    with atomic_path(path) as partial, partial.open("wb") as file:
        np.savez(
            file,
            poses=poses,
            trans=transl.float().numpy(),
            betas=betas,
            gender=np.array(content.gender),
            mocap_framerate=np.array(content.fps),
            mocap_frame_rate=np.array(content.fps),
        )


def upright(content: MotionFile, rows: Tensor) -> Rigid:
    """Find the transform from each row's camera frame to an upright frame (z up)."""
    z_from_y_down = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
    T_up_down = Rigid(z_from_y_down, torch.zeros(3))
    if content.T_camera_world is None:
        return T_up_down
    T_world_camera = content.T_camera_world.inverse()
    if T_world_camera.transl.ndim == 2:
        T_world_camera = T_world_camera[rows]
    return T_world_camera


def move_motion(
    motion: Motion, model: SmplModel, T_to_camera: Rigid
) -> tuple[Float[Tensor, "frames 3 3"], Float[Tensor, "frames 3"]]:
    """Express root rotation and translation (m) in another frame.

    SMPL turns about the pelvis, not the origin: p = R (x - j) + j + t with the pelvis' rest
    position j, so a rigid transform (Q, q) changes t to Q (j + t) + q - j.
    """
    pelvis = model.with_shape(motion.betas).joints_rest[0]
    transl = T_to_camera.apply(motion.transl + pelvis) - pelvis
    return T_to_camera.rotmat @ motion.global_orient, transl
