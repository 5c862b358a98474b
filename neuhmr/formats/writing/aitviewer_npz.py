"""Motion as aitviewer's `SMPLSequence.from_npz` reads it.

Its layer is SMPL-H unless the user passes another, and takes 21 body joints, no more or fewer.
"""

from pathlib import Path

import numpy as np

from neuhmr.clip.npz_writing import write_npz
from neuhmr.formats.writing.animation import Animation, Remarks
from neuhmr.formats.writing.continuity import unwrap_poses

NUM_SHARED_NUMBERS = 66
"""Root and the 21 body joints of SMPL-H."""


def write(path: Path, animation: Animation) -> Remarks:
    """Write all frames with aitviewer's keys: axis-angle (rad), world (m).

    Raises:
        OutputError: the file cannot be written.
    """
    motion = animation.motion
    poses = unwrap_poses(motion.global_orient, motion.body_pose)
    write_npz(
        path,
        poses_root=poses[:, :3],
        poses_body=poses[:, 3:NUM_SHARED_NUMBERS],
        betas=motion.mean_betas(),
        trans=motion.transl.astype(np.float32),
    )
    remarks = ["SMPL-H has other hands than SMPL, so the hands' rotations are left out."]
    if animation.up == "z":
        remarks.append("Pass z_up=True when reading, as the viewer takes y for up.")
    remarks.append(f"The file holds no rate: set the viewer to {motion.fps:g} frames per second.")
    return tuple(remarks)
