"""Poses that are kept in many states: frames that are the same in two of them are kept once."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.motion import Motion

_ROTATIONS = 24 * 9
_NUMBERS = _ROTATIONS + 4
"""Of a frame: rotations, translation, validity."""


@dataclass(frozen=True, eq=False)
class SharedPoses:
    """A motion, frame by frame; every frame's numbers may belong to other motions, too."""

    betas: Float[Tensor, " betas"]
    frame_index: Tensor
    rows: tuple[Float[np.ndarray, " numbers"], ...]

    @staticmethod
    def of(motion: Motion, like: "SharedPoses | None" = None) -> "SharedPoses":
        """Keep a motion; frames that are bit for bit as in `like` are not kept again."""
        table = _table(motion)
        if like is None or len(like.rows) != len(table):
            return SharedPoses(motion.betas, motion.frame_index, tuple(row.copy() for row in table))
        # As bits: what is not a number is not equal to itself.
        is_same = (np.stack(like.rows).view(np.int32) == table.view(np.int32)).all(axis=1)
        rows = tuple(
            old if same else new.copy()
            for old, new, same in zip(like.rows, table, is_same, strict=True)
        )
        return SharedPoses(motion.betas, motion.frame_index, rows)

    def motion(self) -> Motion:
        """Give the poses, bit for bit."""
        table = torch.from_numpy(np.stack(self.rows))
        rotmat = table[:, :_ROTATIONS].reshape(-1, 24, 3, 3)
        return Motion(
            global_orient=rotmat[:, 0],
            body_pose=rotmat[:, 1:],
            transl=table[:, _ROTATIONS : _ROTATIONS + 3],
            betas=self.betas,
            frame_index=self.frame_index,
            valid=table[:, -1] > 0.5,
        )


def _table(motion: Motion) -> Float[np.ndarray, "frames numbers"]:
    parts = (
        motion.global_orient.reshape(-1, 9),
        motion.body_pose.reshape(-1, _ROTATIONS - 9),
        motion.transl,
        motion.valid[:, None].to(motion.transl),
    )
    return torch.cat(parts, dim=1).contiguous().float().numpy()
