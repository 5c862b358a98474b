"""Motion as AMASS keeps it: SMPL-H axis-angle poses in a world, read by most animation tools."""

from pathlib import Path

import numpy as np

from neuhmr.clip.npz_writing import write_npz
from neuhmr.formats.writing.animation import Animation, Remarks
from neuhmr.formats.writing.continuity import unwrap_poses

NUM_POSE_NUMBERS = 156
"""SMPL-H: root, 21 body joints, 2 x 15 finger joints."""
NUM_BETAS = 16
NUM_SHARED_NUMBERS = 66
"""SMPL's joints 22 and 23 (hands) have no counterpart in SMPL-H and are left out."""


def write(path: Path, animation: Animation) -> Remarks:
    """Write all frames with AMASS's keys, fingers at rest.

    Raises:
        OutputError: the file cannot be written.
    """
    motion = animation.motion
    poses = np.zeros((len(motion), NUM_POSE_NUMBERS), np.float32)
    poses[:, :NUM_SHARED_NUMBERS] = unwrap_poses(
        motion.global_orient, motion.body_pose[:, : NUM_SHARED_NUMBERS - 3]
    )
    betas = np.zeros(NUM_BETAS, np.float32)
    known = motion.mean_betas()[:NUM_BETAS]
    betas[: len(known)] = known
    is_whole = float(motion.fps).is_integer()
    fps = np.array(int(motion.fps) if is_whole else motion.fps)
    write_npz(
        path,
        poses=poses,
        trans=motion.transl.astype(np.float32),
        betas=betas,
        gender=np.array(motion.gender),
        mocap_framerate=fps,
        mocap_frame_rate=fps,
    )
    hands = "SMPL-H has other hands than SMPL, so the hands' rotations are left out."
    if is_whole:
        return (hands,)
    return (
        hands,
        f"The rate is {motion.fps:g} frames per second, which the Blender add-on cuts to "
        f"{int(motion.fps)}; --fps {round(motion.fps)} resamples to a whole one.",
    )
