"""People for trainings made by several processes at once, as many as there is time for."""

import signal
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import replace
from multiprocessing import get_context

import torch

from neuhmr.lab.people.training_set import (
    TrainingSetConfig,
    generate_training_set,
    training_files,
)
from neuhmr.progress import OnProgress, Progress, ignore_progress

LEAST_PEOPLE = 1
"""So many of each set are made however long it takes."""


def generate_in_parallel(
    sets: Sequence[TrainingSetConfig],
    seconds: float,
    processes: int,
    on_progress: OnProgress = ignore_progress,
) -> int:
    """Make people of all sets evenly until the time is over; those that exist are kept.

    Args:
        sets: what is wanted; the same person looks the same whoever makes it.
        seconds: when no other person is begun unless a set has fewer than `LEAST_PEOPLE`.
        processes: how many work.
        on_progress: told after each person; may raise to stop.

    Returns:
        How many people were made.

    Raises:
        MissingDependencyError: pyrender or EGL is missing.
        OutputError: a folder cannot be written.
    """
    start, longest, made = time.monotonic(), 0.0, 0
    missing = _missing(sets)
    begun: dict[Future[None], float] = {}
    if not missing:
        return 0
    total = len(missing)
    # Forked processes would share torch's threads and a GL context.
    context = get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=prepare_process) as pool:
        try:
            while missing or begun:
                while missing and len(begun) < processes:
                    is_needed, order = missing[0]
                    if not is_needed and time.monotonic() - start + longest >= seconds:
                        missing = []
                        break
                    begun[pool.submit(_make, order)] = time.monotonic()
                    missing = missing[1:]
                for done in wait(begun, return_when=FIRST_COMPLETED).done:
                    done.result()
                    longest = max(longest, time.monotonic() - begun.pop(done))
                    made += 1
                    on_progress(Progress("Making people", made, total))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return made


def _missing(sets: Sequence[TrainingSetConfig]) -> list[tuple[bool, TrainingSetConfig]]:
    """List the people without a file: first those that are needed, then of all sets in turn."""
    found = []
    for number, config in enumerate(sets):
        for index, path in enumerate(training_files(config)):
            if not path.exists():
                one = replace(config, num_people=1, seed=config.seed + index)
                is_needed = index < LEAST_PEOPLE
                found.append((not is_needed, index / config.num_people, number, one))
    return [(not later, one) for later, _, _, one in sorted(found, key=lambda row: row[:3])]


def prepare_process() -> None:
    """Leave Ctrl-C to the parent, and take one thread."""
    # Ctrl-C is the parent's to answer: it lets the people in hand be finished.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)


def _make(config: TrainingSetConfig) -> None:
    generate_training_set(config)
