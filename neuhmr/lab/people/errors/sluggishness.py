"""Poses that follow the motion late and round off what is fast, as temporal estimators' do."""

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.local_pose import LocalPose
from neuhmr.body.motion import Motion
from neuhmr.geometry.rotations import nearest_rotations
from neuhmr.lab.people.motion.stage_motion import smooth_over_time

_LIMB_JOINTS = [1, 2, 4, 5, 7, 8, 10, 11, 16, 17, 18, 19, 20, 21, 22, 23]
"""The rest is the trunk."""


def sluggish(
    truth: Motion, lag: tuple[int, int], damping: float, rng: np.random.Generator
) -> Motion:
    """Delay and smooth rotations; where the person is stays true, since a box is followed at once.

    Args:
        truth: true poses.
        lag: least and largest delay (frames), one of which is drawn for the clip.
        damping: deviation of the filter over the limbs' rotations (frames); half over the trunk's.
        rng: draws the delay.
    """
    late = int(rng.integers(lag[0], lag[1] + 1))
    rotmats = LocalPose.from_motion(truth).rotmat
    delayed = rotmats[(torch.arange(len(truth)) - late).clamp_min(0)]
    smooth = smooth_rotations(delayed, 0.5 * damping)
    smooth[:, _LIMB_JOINTS] = smooth_rotations(delayed[:, _LIMB_JOINTS], damping)
    return replace(truth, global_orient=smooth[:, 0], body_pose=smooth[:, 1:])


def smooth_rotations(
    rotmats: Float[Tensor, "frames joints 3 3"], deviation_frames: float
) -> Float[Tensor, "frames joints 3 3"]:
    """Average rotation matrices over time, and take the rotation nearest to each average."""
    frames, joints = rotmats.shape[:2]
    mean = smooth_over_time(rotmats.reshape(frames, 9 * joints), deviation_frames)
    return nearest_rotations(mean.reshape(frames, joints, 3, 3))
