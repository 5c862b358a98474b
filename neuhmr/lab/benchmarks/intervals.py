"""Means over clips and how sure they are.

Clips are the unit: frames of one clip have the same person, the same clothes and neighboring poses,
so they are no independent trials. Intervals come from drawing clips with replacement.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

CONFIDENCE = 0.95
RESAMPLES = 2000


@dataclass(frozen=True)
class Estimate:
    """A number and its confidence interval over clips."""

    value: float
    low: float | None
    """None where one clip alone says nothing about others."""
    high: float | None

    @property
    def interval(self) -> list[float] | None:
        """[low, high] for JSON."""
        return None if self.low is None or self.high is None else [self.low, self.high]


def clip_draws(clips: int, seed: int) -> Int[np.ndarray, "draws clips"]:
    """Draw clips with replacement; the same seed draws the same for every number of a table."""
    return np.random.default_rng(seed).integers(clips, size=(RESAMPLES, clips))


def mean_over_clips(values: Sequence[float], seed: int) -> Estimate:
    """Average one number per clip, with its interval (bootstrap percentiles)."""
    table = np.asarray(values, np.float64)
    return _estimate(float(table.mean()), table, lambda drawn: drawn.mean(axis=1), seed)


def mean_of_known(values: Sequence[float | None], seed: int) -> Estimate | None:
    """Average over the clips that have a number; None if none has."""
    known = [value for value in values if value is not None]
    return mean_over_clips(known, seed) if known else None


def drop_over_clips(before: Sequence[float], after: Sequence[float], seed: int) -> Estimate:
    """Tell by which share a mean over clips fell: 1 - mean(after) / mean(before).

    Clips are drawn as pairs, so a hard clip is hard before and after.
    """
    table = np.stack([np.asarray(before, np.float64), np.asarray(after, np.float64)], axis=1)

    def drops(drawn: np.ndarray) -> np.ndarray:
        means = drawn.mean(axis=1)
        return 1.0 - means[:, 1] / np.maximum(means[:, 0], 1e-12)

    return _estimate(float(drops(table[None])[0]), table, drops, seed)


def _estimate(
    value: float, table: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray], seed: int
) -> Estimate:
    if len(table) < 2:
        return Estimate(value, None, None)
    drawn = statistic(table[clip_draws(len(table), seed)])
    tail = 100.0 * (1.0 - CONFIDENCE) / 2.0
    low, high = np.percentile(drawn, [tail, 100.0 - tail])
    return Estimate(value, float(low), float(high))
