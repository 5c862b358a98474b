"""Refinement as an iterator: command line, tests and workbench all drive this."""

from collections.abc import Iterator

from neuhmr.refine.config import RefineConfig
from neuhmr.refine.field.refiner import Refiner
from neuhmr.refine.field.snapshot import RefineSnapshot
from neuhmr.refine.problem import RefineProblem


def refine(problem: RefineProblem, config: RefineConfig) -> Iterator[RefineSnapshot]:
    """Refine a person's poses from start to end, one snapshot per step.

    Stop asking and refinement stops; the last snapshot's `motion` is the result so far.
    """
    yield from run(Refiner(problem, config))


def run(refiner: Refiner) -> Iterator[RefineSnapshot]:
    """Go on with a refiner, new or restored, until its schedule ends."""
    while not refiner.finished:
        yield refiner.step()
