"""Which row belongs to which frame of the clip."""

from dataclasses import replace

import numpy as np

from neuhmr.formats.reading.found import FoundPerson

_SAME_RATE = 0.01
"""Rates that differ by less are the same: 29.97 and 30 part by one frame in half a minute."""


def in_order(person: FoundPerson) -> tuple[FoundPerson, tuple[str, ...]]:
    """Sort rows by frame; of several for one frame the first valid one is kept."""
    order = np.lexsort((~person.valid, person.frame_index))
    ordered = person.frame_index[order]
    is_first = np.append(True, np.diff(ordered) > 0)
    surplus = int((~is_first).sum())
    remarks = (f"{surplus} rows for frames that have another one are dropped",) if surplus else ()
    return person.rows(order[is_first]), remarks


def at_clip_rate(
    person: FoundPerson, fps: float, clip_fps: float
) -> tuple[FoundPerson, tuple[str, ...]]:
    """Give rows that are numbered at a rate of their own the clip's frame nearest in time."""
    if abs(fps / clip_fps - 1.0) < _SAME_RATE:
        return person, ()
    place = person.frame_index * (clip_fps / fps)
    frame = np.rint(place).astype(np.int64)
    order = np.lexsort((np.abs(place - frame), frame))
    nearest = order[np.append(True, np.diff(frame[order]) > 0)]
    kept = replace(person, frame_index=frame).rows(nearest)
    return kept, (
        f"its {fps:g} poses a second are matched to the clip's {clip_fps:g} frames by time",
    )
