"""Poses for frames in which an estimator saw nobody, from the frames around them."""

from dataclasses import dataclass, replace

import roma
import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.body.motion import Motion


@dataclass(frozen=True)
class FilledMotion:
    """A motion whose short gaps are closed."""

    motion: Motion
    """With a row for every frame that was filled, also where there was none before."""
    frames: tuple[int, ...]
    """Video frames that were filled, ascending."""


def fill_gaps(motion: Motion, longest: int) -> FilledMotion:
    """Turn each joint the shortest way, and move the root straight, across every short gap.

    What has no pose on both sides stays as it is, and so do longer gaps. Filled poses count as
    valid: they are initial poses like others, to be refined or looked at.

    Args:
        motion: with rows that are not valid, or with frames that have no row.
        longest: gap to be closed (frames).
    """
    known = motion.valid.nonzero()[:, 0]
    frames = motion.frame_index[known]
    gaps = frames.diff() - 1
    closed = ((gaps > 0) & (gaps <= longest)).nonzero()[:, 0].tolist()
    if not closed:
        return FilledMotion(motion, ())
    pieces = [_between(motion, known[gap], known[gap + 1]) for gap in closed]
    filled = torch.cat([piece.frame_index for piece in pieces])
    kept = motion[~torch.isin(motion.frame_index, filled)]
    parts = [kept, *pieces]
    order = torch.cat([part.frame_index for part in parts]).argsort()

    def gather(name: str) -> Tensor:
        return torch.cat([getattr(part, name) for part in parts])[order]

    names = ("global_orient", "body_pose", "transl", "frame_index", "valid")
    whole = replace(motion, **{name: gather(name) for name in names})
    return FilledMotion(whole, tuple(filled.tolist()))


def missing_frames(motion: Motion) -> tuple[int, ...]:
    """List frames without a pose between the first and the last that have one."""
    known = motion.frame_index[motion.valid].tolist()
    return tuple(sorted(set(range(known[0], known[-1] + 1)) - set(known))) if known else ()


def _between(motion: Motion, before: Int[Tensor, ""], after: Int[Tensor, ""]) -> Motion:
    """Interpolate all frames between two rows."""
    first, last = int(motion.frame_index[before]), int(motion.frame_index[after])
    frames = torch.arange(first + 1, last, device=motion.transl.device)
    share = (frames - first).to(motion.transl) / (last - first)
    start, end = motion[before[None]], motion[after[None]]
    shift = end.transl - start.transl
    return replace(
        motion,
        global_orient=_turned(start.global_orient[0], end.global_orient[0], share),
        body_pose=_turned(start.body_pose[0], end.body_pose[0], share),
        transl=start.transl + share[:, None] * shift,
        frame_index=frames,
        valid=torch.ones_like(frames, dtype=torch.bool),
    )


def _turned(
    start: Float[Tensor, "*batch 3 3"],
    end: Float[Tensor, "*batch 3 3"],
    share: Float[Tensor, " frames"],
) -> Float[Tensor, "frames *batch 3 3"]:
    return roma.rotmat_slerp(start, end, share)
