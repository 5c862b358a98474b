"""Motion as keyword arguments of smplx's SMPL: `smplx.create(...)(**arrays)` poses the body."""

from pathlib import Path

import numpy as np

from neuhmr.clip.npz_writing import write_npz
from neuhmr.formats.writing.animation import Animation, Remarks
from neuhmr.formats.writing.continuity import unwrap_poses


def write(path: Path, animation: Animation) -> Remarks:
    """Write the valid frames with smplx's keys: axis-angle (rad), camera frame (m).

    Raises:
        OutputError: the file cannot be written.
    """
    motion = animation.motion.select(animation.motion.valid)
    poses = unwrap_poses(motion.global_orient, motion.body_pose)
    betas = motion.mean_betas()
    write_npz(
        path,
        global_orient=poses[:, :3],
        body_pose=poses[:, 3:],
        transl=motion.transl.astype(np.float32),
        betas=np.broadcast_to(betas, (len(motion), len(betas))),
        frame_index=motion.frame_index,
        fps=np.array(motion.fps),
    )
    return ()
