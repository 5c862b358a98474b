"""Filling frames whose poses do not count, from those around them.

The motion prior cannot fill by itself: it looks at every frame's pose and has no word for
"missing". Refining afterwards finds the person in filled frames, as in others.
"""

from collections.abc import Collection

import torch

from neuhmr.body.motion import Motion
from neuhmr.body.motion_gaps import fill_rows
from neuhmr.errors import NeuhmrError


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
    if not len(rows):
        raise NeuhmrError(
            "No frame is marked invalid, so there is nothing to fill; mark one first."
        )
    if not bool(motion.valid.any()):
        raise NeuhmrError(
            "Every frame is marked invalid, so there is nothing to fill them from; leave one valid."
        )
    return fill_rows(motion, rows)
