"""Where batches come from: few new ones, which windows are mixed from many times."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from neuhmr.lab.training.motion_prior.batches import PriorBatch, draw_batch, see
from neuhmr.lab.training.motion_prior.estimates import LONGEST_LAG
from neuhmr.lab.training.motion_prior.scenes import Bodies
from neuhmr.lab.training.motion_prior.tracks import Track, draw_windows
from neuhmr.lab.training.motion_prior.windows import Windows
from neuhmr.tensor_struct import concatenate

Tracks = Sequence[Sequence[Track]]
SOURCES = 8
"""A mixed batch takes windows from so many."""
AHEAD = 3
"""Batches of motions that each process keeps ready."""


@dataclass(frozen=True, kw_only=True)
class BatchSize:
    """How much a batch holds."""

    windows: int
    frames: int
    fresh: int | None = None
    """Windows of a new batch, if they are more."""

    @property
    def made(self) -> int:
        """Windows of a new batch."""
        return max(self.windows, self.fresh or 0)


class MixedBatches:
    """Windows of many batches, mixed; every so often one batch is made anew.

    Args:
        new: batches without end.
        size: of the new and of the mixed ones.
        kept: batches that windows are mixed from.
        reuse: mixed batches for a new one.
        seed: of the mixing.
    """

    def __init__(
        self, new: Iterator[PriorBatch], size: BatchSize, kept: int, reuse: int, seed: int
    ) -> None:
        self._new, self._size, self._kept, self._reuse = new, size, kept, reuse
        self._rng = np.random.default_rng([seed, 2])
        self._batches: list[PriorBatch] = []
        self._age = 0

    def draw(self) -> PriorBatch:
        """Mix one batch, with a new one among its sources if that is due."""
        if self._age % self._reuse == 0:
            self._batches = [*self._batches[-self._kept + 1 :], next(self._new)]
        self._age += 1
        sources = self._rng.integers(len(self._batches), size=SOURCES)
        rows = self._rng.permutation(self._size.made)[: self._size.windows]
        parts = np.array_split(rows, len(sources))
        chosen = [
            self._batches[source][torch.from_numpy(part)]
            for source, part in zip(sources, parts, strict=True)
        ]
        return concatenate(chosen)


def made_here(tracks: Tracks, bodies: Bodies, size: BatchSize, seed: int) -> Iterator[PriorBatch]:
    """Make batches when they are asked for, on the CPU."""
    rng = np.random.default_rng(seed)
    while True:
        yield draw_batch(tracks, bodies, size.made, size.frames, rng)


def made_elsewhere(
    tracks: Tracks, bodies: Bodies, size: BatchSize, drawers: int, seed: int
) -> Iterator[PriorBatch]:
    """Let other processes draw motions, and make the rest where the bodies are.

    Args:
        tracks: motions by origin.
        bodies: of all shapes, on the device that computes.
        size: of the batches.
        drawers: how many processes.
        seed: of all draws.
    """
    motions = DataLoader(
        _Motions(tracks, size, seed), batch_size=None, num_workers=drawers, prefetch_factor=AHEAD
    )
    rng = np.random.default_rng([seed, 3])
    for windows in motions:
        yield see(windows, bodies, int(rng.integers(2**62)))


class _Motions(IterableDataset[Windows]):
    """Windows of motions without end, other ones in every process."""

    def __init__(self, tracks: Tracks, size: BatchSize, seed: int) -> None:
        self._tracks, self._size, self._seed = tracks, size, seed

    def __iter__(self) -> Iterator[Windows]:
        worker = get_worker_info()
        rng = np.random.default_rng([self._seed, 4, worker.id if worker else 0])
        while True:
            frames = self._size.frames + LONGEST_LAG
            yield draw_windows(self._tracks, self._size.made, frames, rng)
