"""Poses for frames in which an estimator saw nobody, from the frames around them."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.body.motion import Motion
from neuhmr.geometry.rotations import axisangle_to_rotmat, nearest_rotations, rotmat_to_axisangle


@dataclass(frozen=True)
class FilledMotion:
    """A motion whose short gaps are closed."""

    motion: Motion
    """With a row for every frame that was filled, also where there was none before."""
    frames: tuple[int, ...]
    """Video frames that were filled, ascending."""


def fill_gaps(motion: Motion, longest: int) -> FilledMotion:
    """Close every gap of at most `longest` frames between two frames with poses."""
    known = motion.frame_index[motion.valid]
    gaps = known.diff() - 1
    closed = ((gaps > 0) & (gaps <= longest)).nonzero()[:, 0].tolist()
    frames = [f for gap in closed for f in range(int(known[gap]) + 1, int(known[gap + 1]))]
    if not frames:
        return FilledMotion(motion, ())
    whole = _with_rows(motion, sorted(set(frames) - set(motion.frame_index.tolist())))
    rows = torch.isin(whole.frame_index, torch.tensor(frames).to(whole.frame_index))
    return FilledMotion(fill_rows(whole, rows.nonzero()[:, 0]), tuple(frames))


def fill_rows(motion: Motion, rows: Int[Tensor, " rows"]) -> Motion:
    """Give rows without a pose one between their neighbors', and call them valid.

    Each joint turns the shortest way and the root moves straight, evenly in time. Before the first
    and after the last pose the person stays as there.

    Args:
        motion: with at least one valid row.
        rows: which to fill; none of them valid.
    """
    before, after, share = _neighbors(motion, rows)
    shift = motion.transl[after] - motion.transl[before]
    filled = {
        "global_orient": _turned(motion.global_orient, before, after, share),
        "body_pose": _turned(motion.body_pose, before, after, share),
        "transl": motion.transl[before] + share[:, None] * shift,
        "valid": torch.ones_like(rows, dtype=torch.bool),
    }
    changed = {name: getattr(motion, name).index_copy(0, rows, of) for name, of in filled.items()}
    return replace(motion, **changed)


def missing_frames(motion: Motion) -> tuple[int, ...]:
    """List frames without a pose between the first and the last that have one."""
    known = motion.frame_index[motion.valid].tolist()
    return tuple(sorted(set(range(known[0], known[-1] + 1)) - set(known))) if known else ()


def _with_rows(motion: Motion, frames: list[int]) -> Motion:
    """Add rows that are not valid."""
    if not frames:
        return motion
    index = torch.tensor(frames).to(motion.frame_index)
    # What new rows hold is no pose, as in other rows that are not valid.
    frame_index, order = torch.cat([motion.frame_index, index]).sort()
    whole = motion[order.clamp_max(len(motion) - 1)]
    is_new = order >= len(motion)
    return replace(whole, frame_index=frame_index, valid=whole.valid & ~is_new)


def _neighbors(
    motion: Motion, rows: Int[Tensor, " rows"]
) -> tuple[Int[Tensor, " rows"], Int[Tensor, " rows"], Float[Tensor, " rows"]]:
    """Find the valid rows before and after, and how far in time between them each row lies."""
    known = motion.valid.nonzero()[:, 0]
    place = torch.searchsorted(known, rows)
    before = known[(place - 1).clamp_min(0)]
    after = known[place.clamp_max(len(known) - 1)]
    # At an end of the clip both are the same row, or stand on the same side.
    before = torch.where(before > rows, after, before)
    after = torch.where(after < rows, before, after)
    times = motion.frame_index.double()
    span = (times[after] - times[before]).clamp_min(1.0)
    share = ((times[rows] - times[before]) / span).clamp(0.0, 1.0)
    return before, after, share.to(motion.transl)


def _turned(
    rotmat: Float[Tensor, "frames *batch 3 3"],
    before: Int[Tensor, " rows"],
    after: Int[Tensor, " rows"],
    share: Float[Tensor, " rows"],
) -> Float[Tensor, "rows *batch 3 3"]:
    start, end = rotmat[before], rotmat[after]
    step = rotmat_to_axisangle(start.transpose(-1, -2) @ end)
    part = share.reshape(-1, *(1,) * (step.ndim - 1)) * step
    return nearest_rotations(start @ axisangle_to_rotmat(part))
