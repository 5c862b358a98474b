"""Means over neighboring frames, for what is known of single ones but lasts."""

from collections.abc import Sequence

import numpy as np

HEARING = 8.0
"""Standard deviations beyond which a neighbor's weight, below 1e-13, no longer matters."""


def gaussian_means(values: Sequence[float], frames: Sequence[int], deviation: float) -> list[float]:
    """Average over neighboring frames (rising numbers in the video) with a Gaussian's weights.

    Work and memory grow with the number of frames, not with its square: none hears farther than
    `HEARING` deviations.

    Args:
        values: of each frame.
        frames: its number in the video.
        deviation: of the Gaussian (frames); 0 leaves the values as they are.
    """
    if deviation <= 0.0 or not values:
        return list(values)
    times, numbers = np.asarray(frames, np.float64), np.asarray(values, np.float64)
    first = np.searchsorted(times, times - HEARING * deviation, "left")
    behind = np.searchsorted(times, times + HEARING * deviation, "right")
    totals, norms = np.zeros_like(times), np.zeros_like(times)
    for step in range(int((behind - first).max())):
        other = np.minimum(first + step, len(times) - 1)
        weights = np.exp(-0.5 * ((times - times[other]) / deviation) ** 2)
        weights *= first + step < behind
        totals += weights * numbers[other]
        norms += weights
    return (totals / norms).tolist()
