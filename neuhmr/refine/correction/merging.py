"""Bringing together what a user put right and what else happened to the same poses."""

import torch
from jaxtyping import Bool
from torch import Tensor

from neuhmr.body.local_pose import LocalPose
from neuhmr.body.motion import Motion


def changed_rows(before: Motion, after: Motion) -> Bool[Tensor, " frames"]:
    """Tell which rows differ at all, in pose, place or validity."""
    old, new = LocalPose.from_motion(before), LocalPose.from_motion(after)
    turned = (old.rotmat != new.rotmat).flatten(1).any(dim=1)
    moved = (old.transl != new.transl).any(dim=1)
    return turned | moved | (before.valid != after.valid)


def keep_edits(base: Motion, edited: Motion, other: Motion) -> Motion:
    """Take another motion's poses wherever a user left the base as it was.

    Args:
        base: poses that the user began with.
        edited: what the user made of them.
        other: poses to take elsewhere, such as those that a guard went back to.
    """
    is_edited = changed_rows(base, edited)
    mine, theirs = LocalPose.from_motion(edited), LocalPose.from_motion(other)
    return LocalPose(
        torch.where(is_edited[:, None, None, None], mine.rotmat, theirs.rotmat),
        torch.where(is_edited[:, None], mine.transl, theirs.transl),
    ).into(edited)
