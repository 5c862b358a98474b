"""The frames of one step and the neighbors their acceleration is measured against."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from neuhmr.body.motion import Motion
from neuhmr.refine.settings.field import ScheduleConfig


@dataclass(frozen=True)
class FrameBatch:
    """Rows of one step, in ascending order, within the rows whose poses are computed."""

    rows: tuple[int, ...]
    """Frames whose images are compared."""
    context: Int[Tensor, " context"]
    """`rows` and their neighbors in time: the rows of the pose tensors of this step."""
    positions: tuple[int, ...]
    """Where each of `rows` lies in `context`."""
    triples: Int[Tensor, "triples 3"]
    """Positions in `context` of each frame of `rows` between its two neighbors, where it has
    both."""


def make_batch(rows: Sequence[int], motion: Motion) -> FrameBatch:
    """Gather neighbors; only valid rows of consecutive video frames are neighbors."""
    chosen = sorted(rows)
    numbers, valid = motion.frame_index.tolist(), motion.valid.tolist()

    def is_neighbor(row: int, other: int) -> bool:
        in_clip = 0 <= other < len(numbers)
        return in_clip and valid[other] and abs(numbers[other] - numbers[row]) == 1

    centers = [r for r in chosen if is_neighbor(r, r - 1) and is_neighbor(r, r + 1)]
    context = sorted(set(chosen).union(*((r - 1, r + 1) for r in centers)))
    place = {row: position for position, row in enumerate(context)}
    triples = [(place[r - 1], place[r], place[r + 1]) for r in centers]
    device = motion.transl.device
    return FrameBatch(
        rows=tuple(chosen),
        context=torch.tensor(context, device=device),
        positions=tuple(place[row] for row in chosen),
        triples=torch.tensor(triples, dtype=torch.long, device=device).reshape(-1, 3),
    )


def steps_per_epoch(num_rows: int, schedule: ScheduleConfig) -> int:
    """Number of steps that visit every row once."""
    return -(-num_rows // schedule.frames_per_step)


def rows_of_step(
    order: Int[Tensor, " rows"], step_in_epoch: int, schedule: ScheduleConfig
) -> list[int]:
    """Cut one step's rows out of an epoch's order; together the steps visit each row once.

    Steps get equally many rows, give or take one, so none is left with a single frame.
    """
    steps = steps_per_epoch(len(order), schedule)
    return order.tensor_split(steps)[step_in_epoch].tolist()


def stride_of_epoch(epoch: int, schedule: ScheduleConfig) -> int:
    """Pixels between rays: fine in the last epochs, coarse before."""
    is_fine = epoch >= schedule.epochs - schedule.fine_epochs
    return schedule.fine_stride if is_fine else schedule.stride
