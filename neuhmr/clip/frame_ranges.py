"""Frame numbers in as few words as possible."""

from collections.abc import Iterable

_MOST_NAMED = 6
"""Ranges that a sentence names."""


def frame_ranges(frames: Iterable[int]) -> str:
    """Write ascending frame numbers as ranges: "4, 8-9"; what is left out is dots."""
    runs: list[tuple[int, int]] = []
    for frame in frames:
        if runs and frame == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], frame)
        else:
            runs.append((frame, frame))
    named = [str(a) if a == b else f"{a}-{b}" for a, b in runs[:_MOST_NAMED]]
    return ", ".join(named + ["..."] * (len(runs) > _MOST_NAMED))
