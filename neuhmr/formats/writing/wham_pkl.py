"""Motion in the layout of WHAM's `wham_output.pkl`, as a plain pickle of NumPy arrays."""

import pickle
from pathlib import Path

import numpy as np

from neuhmr.body.skeleton import joint_index
from neuhmr.clip.atomic import atomic_path
from neuhmr.formats.writing.animation import Animation, Remarks
from neuhmr.formats.writing.continuity import unwrap_poses
from neuhmr.formats.writing.world import stand_in_world

PICKLE_PROTOCOL = 4
"""Old enough for every Python that such files meet."""
TRACK = 0
"""The one person's track id."""


def write(path: Path, animation: Animation) -> Remarks:
    """Write one track: camera frame and a y-up world (axis-angle, m), one shape per frame.

    WHAM's `trans` is smplx's, but its `trans_world` is where the middle of the hips is.

    Raises:
        OutputError: the file cannot be written.
    """
    motion = animation.motion.select(animation.motion.valid)
    in_world, remarks = stand_in_world(motion, animation.body, "y")
    world = Animation(motion=in_world, body=animation.body, up="y")
    hips = [joint_index("left_hip"), joint_index("right_hip")]
    betas = motion.mean_betas()
    track = {
        "pose": unwrap_poses(motion.global_orient, motion.body_pose),
        "trans": motion.transl.astype(np.float32),
        "pose_world": unwrap_poses(in_world.global_orient, in_world.body_pose),
        "trans_world": world.joints[:, hips].mean(axis=1).astype(np.float32),
        "betas": np.tile(betas, (len(motion), 1)),
        "frame_ids": motion.frame_index.astype(np.int64),
    }
    with atomic_path(path) as partial:
        partial.write_bytes(pickle.dumps({TRACK: track}, protocol=PICKLE_PROTOCOL))
    return (
        *remarks,
        "trans_world is the middle of SMPL's hip joints, for want of WHAM's own regressor.",
        "Vertices are left out, and the rate, which the layout has no place for.",
    )
