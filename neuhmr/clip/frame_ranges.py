"""Frame numbers in as few words as possible."""

from collections.abc import Iterable

_MOST_NAMED = 6
"""Ranges that a sentence names."""


def frame_ranges(frames: Iterable[int]) -> str:
    """Write ascending frame numbers as ranges: "4, 8-9"; what is left out is dots."""
    runs = _runs(frames)
    named = [str(a) if a == b else f"{a}-{b}" for a, b in runs[:_MOST_NAMED]]
    return ", ".join(named + ["..."] * (len(runs) > _MOST_NAMED))


def named_frames(frames: Iterable[int]) -> str:
    """Name ascending frames in words: "frame 3", "frames 10 to 12 and 30"."""
    runs = _runs(frames)
    count = sum(last - first + 1 for first, last in runs)
    parts = [str(a) if a == b else f"{a} to {b}" for a, b in runs]
    if len(parts) > _MOST_NAMED:
        parts = [*parts[:_MOST_NAMED], f"{count} in all"]
    listed = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    return ("frame " if count == 1 else "frames ") + listed


def _runs(frames: Iterable[int]) -> list[tuple[int, int]]:
    """Put neighbors together: (first, last)."""
    runs: list[tuple[int, int]] = []
    for frame in frames:
        if runs and frame == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], frame)
        else:
            runs.append((frame, frame))
    return runs
