"""Motion as keyword arguments of smplx's SMPL: `smplx.create(...)(**arrays)` poses the body."""

from pathlib import Path

import numpy as np

from neuhmr.clip.atomic import atomic_path
from neuhmr.clip.motion_arrays import MotionArrays


def write_smplx_file(path: Path, content: MotionArrays) -> None:
    """Write the valid frames with smplx's keys: axis-angle (rad), camera frame (m).

    Raises:
        OutputError: the file cannot be written.
    """
    content = content.select(content.valid)
    betas = content.mean_betas()
    with atomic_path(path) as partial, partial.open("wb") as file:
        np.savez(
            file,
            global_orient=content.global_orient.astype(np.float32),
            body_pose=content.body_pose.astype(np.float32),
            transl=content.transl.astype(np.float32),
            betas=np.broadcast_to(betas, (len(content), len(betas))),
            frame_index=content.frame_index,
            fps=np.array(content.fps),
        )
