"""Motion as keyword arguments of smplx's SMPL: `smplx.create(...)(**arrays)` poses the body."""

from pathlib import Path

import numpy as np

from neuhmr.clip.atomic import atomic_path
from neuhmr.clip.motion_file import MotionFile


def write_smplx_file(path: Path, content: MotionFile) -> None:
    """Write the valid frames with smplx's keys: axis-angle (rad), camera frame (m).

    Raises:
        OutputError: the file cannot be written.
    """
    motion = content.motion[content.motion.valid]
    with atomic_path(path) as partial, partial.open("wb") as file:
        np.savez(
            file,
            global_orient=motion.global_orient_axisangle().numpy(),
            body_pose=motion.body_pose_axisangle().numpy(),
            transl=motion.transl.numpy(),
            betas=motion.betas[None].expand(len(motion), -1).numpy(),
            frame_index=motion.frame_index.numpy(),
            fps=np.array(content.fps),
        )
