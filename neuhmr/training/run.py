"""One training run: what is trained, how far it is, and everything that resuming needs."""

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from neuhmr.clip.atomic import atomic_path
from neuhmr.errors import NonFiniteError

MOST_GRADIENT = 1.0
"""Norm to which gradients are clipped."""
FINAL_SHARE = 0.02
"""Rates that fall along a cosine end at this share of their initial value."""


_Choice = TypeVar("_Choice")


@runtime_checkable
class Schedule(Protocol):
    """How long a run is and how often it looks up."""

    @property
    def steps(self) -> int: ...  # noqa: D102
    @property
    def validate_every(self) -> int: ...  # noqa: D102
    @property
    def checkpoint_every(self) -> int: ...  # noqa: D102


@runtime_checkable
class CosineSchedule(Protocol):
    """How a learning rate falls along a cosine."""

    @property
    def steps(self) -> int: ...  # noqa: D102
    @property
    def learning_rate(self) -> float: ...  # noqa: D102
    @property
    def warmup(self) -> int: ...  # noqa: D102


@dataclass(frozen=True)
class StepOutcome:
    """One step's outcome."""

    step: int
    """Counted from 1."""
    losses: dict[str, float]
    """Each term by name."""
    learning_rate: float
    seconds: float


class TrainingRun:
    """Trained module, optimizer, random state and step count.

    Args:
        module: what is trained and kept; parameters that need no gradient are kept too.
        optimizer: of the module's parameters.
        checkpoint_path: where the run is kept.
        seed: of every draw.
    """

    def __init__(
        self, module: nn.Module, optimizer: torch.optim.Optimizer, checkpoint_path: Path, seed: int
    ) -> None:
        self.module = module
        self.optimizer = optimizer
        self.checkpoint_path = checkpoint_path
        self.generator = torch.Generator().manual_seed(seed)
        self.step = 0

    def save(self) -> None:
        """Write the run's state atomically."""
        state = {
            "module": self.module.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
            "step": self.step,
        }
        with atomic_path(self.checkpoint_path) as partial:
            torch.save(state, partial)

    def load(self) -> None:
        """Go on from the checkpoint."""
        state = torch.load(self.checkpoint_path, weights_only=True, map_location="cpu")
        self.module.load_state_dict(state["module"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.generator.set_state(state["generator"])
        self.step = state["step"]

    def resume_or_start(self, resume: bool) -> None:
        """Make the run folder; go on from the checkpoint if that is wanted and there is one."""
        self.checkpoint_path.parent.mkdir(parents=True, exist_ok=True)
        if resume and self.checkpoint_path.is_file():
            self.load()

    def descend(self, losses: Mapping[str, Float[Tensor, ""]], learning_rate: float) -> None:
        """Move the parameters against the gradient of the losses' sum.

        Raises:
            NonFiniteError: a loss is not a number; nothing has moved.
        """
        for name, loss in losses.items():
            if not torch.isfinite(loss):
                raise NonFiniteError(
                    f"the {name} loss is {loss.item()} at step {self.step}; resume from "
                    f"{self.checkpoint_path} with a lower --learning-rate"
                )
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        self.optimizer.zero_grad(set_to_none=True)
        torch.stack(list(losses.values())).sum().backward()
        moved = [p for group in self.optimizer.param_groups for p in group["params"]]
        nn.utils.clip_grad_norm_(moved, MOST_GRADIENT)
        self.optimizer.step()
        self.step += 1


def cosine_rate(schedule: CosineSchedule) -> Callable[[int], float]:
    """Let the learning rate fall along a cosine to `FINAL_SHARE` of it, after a linear warm-up.

    Returns:
        The rate by step, counted from 0.
    """

    def rate_at(step: int) -> float:
        wave = 0.5 * (1.0 + math.cos(math.pi * min(step / max(schedule.steps, 1), 1.0)))
        share = FINAL_SHARE + (1.0 - FINAL_SHARE) * wave
        return schedule.learning_rate * share * min(1.0, (step + 1) / max(schedule.warmup, 1))

    return rate_at


def draw_one(choices: Sequence[_Choice], generator: torch.Generator) -> _Choice:
    """Draw one of several, all alike."""
    return choices[int(torch.randint(len(choices), (1,), generator=generator))]


def append_entry(path: Path, entry: Mapping[str, object]) -> None:
    """Add a line to a log of JSON objects."""
    with path.open("a") as log:
        log.write(json.dumps(entry) + "\n")


def run_steps(
    run: TrainingRun,
    schedule: Schedule,
    losses: Callable[[], Mapping[str, Float[Tensor, ""]]],
    learning_rate: Callable[[int], float],
    validate: Callable[[], None],
) -> Iterator[StepOutcome]:
    """Train from where the run is to its end; the state is kept however the caller stops.

    Args:
        run: is moved.
        schedule: how long, and how often it is kept and validated.
        losses: draws a batch and computes the terms, weighted.
        learning_rate: by step, counted from 0.
        validate: called every so often, and at the end.

    Raises:
        NonFiniteError: a loss stopped being a number.
    """
    try:
        while run.step < schedule.steps:
            start = time.perf_counter()
            terms, rate = losses(), learning_rate(run.step)
            run.descend(terms, rate)
            seconds = time.perf_counter() - start
            if run.step % schedule.checkpoint_every == 0:
                run.save()
            if run.step % schedule.validate_every == 0 or run.step == schedule.steps:
                validate()
            values = {name: term.item() for name, term in terms.items()}
            yield StepOutcome(run.step, values, rate, seconds)
    finally:
        run.save()
