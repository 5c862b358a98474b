"""Filling frames whose poses do not count, from those around them.

Rotations go along the shortest arc and translations along a line, evenly in time. Before the first
and after the last valid frame the person stays as there. The motion prior cannot fill: it looks at
every frame's pose and has no word for "missing".
"""

from collections.abc import Collection
from dataclasses import replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.body.local_pose import LocalPose
from neuhmr.body.motion import Motion
from neuhmr.errors import NeuhmrError
from neuhmr.geometry.rotations import axisangle_to_rotmat, nearest_rotations, rotmat_to_axisangle


def fill_frames(motion: Motion, frames: Collection[int]) -> Motion:
    """Give frames that are marked invalid poses between their neighbors' and mark them valid.

    Args:
        motion: the poses.
        frames: which invalid frames to fill; valid ones among them stay.

    Raises:
        NeuhmrError: no frame of them is invalid, or no frame of the clip is valid.
    """
    chosen = torch.isin(motion.frame_index, torch.tensor(sorted(frames), dtype=torch.long))
    rows = (chosen & ~motion.valid).nonzero()[:, 0]
    known = motion.valid.nonzero()[:, 0]
    if not len(rows):
        raise NeuhmrError(
            "No frame is marked invalid, so there is nothing to fill; mark one first."
        )
    if not len(known):
        raise NeuhmrError(
            "Every frame is marked invalid, so there is nothing to fill them from; leave one valid."
        )
    before, after, share = _neighbors(motion.frame_index, rows, known)
    pose = LocalPose.from_motion(motion)
    start, end = pose.rotmat[before], pose.rotmat[after]
    step = rotmat_to_axisangle(start.transpose(-1, -2) @ end)
    rotmat, transl = pose.rotmat.clone(), pose.transl.clone()
    rotmat[rows] = nearest_rotations(start @ axisangle_to_rotmat(share[:, None, None] * step))
    transl[rows] = pose.transl[before] + share[:, None] * (pose.transl[after] - pose.transl[before])
    valid = motion.valid.clone()
    valid[rows] = True
    return replace(LocalPose(rotmat, transl).into(motion), valid=valid)


def _neighbors(
    frame_index: Int[Tensor, " frames"], rows: Int[Tensor, " rows"], known: Int[Tensor, " known"]
) -> tuple[Int[Tensor, " rows"], Int[Tensor, " rows"], Float[Tensor, " rows"]]:
    """Find the valid rows before and after, and how far in time between them each row lies."""
    place = torch.searchsorted(known, rows)
    before = known[(place - 1).clamp_min(0)]
    after = known[place.clamp_max(len(known) - 1)]
    # At an end of the clip both are the same row, or stand on the same side.
    before = torch.where(before > rows, after, before)
    after = torch.where(after < rows, before, after)
    times = frame_index.double()
    span = (times[after] - times[before]).clamp_min(1.0)
    share = ((times[rows] - times[before]) / span).clamp(0.0, 1.0)
    return before, after, share.to(torch.float32)
