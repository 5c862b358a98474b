"""The loop of every training, and everything that going on with one needs."""

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from dataclasses import asdict, dataclass
from pickle import UnpicklingError
from typing import Any, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from neuhmr.clip.atomic import atomic_path
from neuhmr.errors import CheckpointError, NonFiniteError
from neuhmr.lab.training.clock import RunClock
from neuhmr.lab.training.run_config import RunConfig
from neuhmr.lab.training.run_record import (
    RECORD_NAME,
    header_notes,
    resumed_record,
    run_record,
    write_record,
)
from neuhmr.lab.training.weight_average import averaged
from neuhmr.lab.training.workers import Workers

logger = logging.getLogger(__name__)

MOST_GRADIENT = 1.0
"""Norm to which gradients are clipped."""

_Choice = TypeVar("_Choice")


@dataclass(frozen=True)
class StepOutcome:
    """One step's outcome."""

    step: int
    """Counted from 1."""
    losses: dict[str, float]
    """Each term by name."""
    learning_rate: float
    seconds: float


def clip_norm(parameters: list[nn.Parameter]) -> None:
    """Shorten the gradient of all parameters together."""
    nn.utils.clip_grad_norm_(parameters, MOST_GRADIENT)


def parameter_groups(module: nn.Module, share: float) -> list[dict[str, Any]]:
    """Split off the backbone of an encoder, which learns at a share of the others' rate."""
    backbone, others = [], []
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            (backbone if ".backbone." in name else others).append(parameter)
    groups = [{"params": others, "share": 1.0}, {"params": backbone, "share": share}]
    return [group for group in groups if group["params"]]


class TrainingRun:
    """Trained module, optimizer, random state and step count.

    Args:
        module: what is trained and kept; parameters that need no gradient are kept too.
        optimizer: of the module's parameters; a group's `share` scales its learning rate.
        config: names the run folder and the seed.
        prefix: of the names of the files in the run folder, where trainings share one.
        clip: what is done to gradients before each step.
        workers: the processes that share the run; one alone by default.
    """

    def __init__(
        self,
        module: nn.Module,
        optimizer: torch.optim.Optimizer,
        config: RunConfig,
        prefix: str = "",
        clip: Callable[[list[nn.Parameter]], None] = clip_norm,
        workers: Workers | None = None,
    ) -> None:
        self.module = module
        self.optimizer = optimizer
        self.config = config
        self.checkpoint_path = config.out / f"{prefix}checkpoint.pt"
        self.log_path = config.out / f"{prefix}log.jsonl"
        self.record_path = config.out / f"{prefix}{RECORD_NAME}"
        self.notes: dict[str, str] = {}
        """What was trained, for the header of weights."""
        self.clip = clip
        self.workers = workers or Workers(torch.device(config.device), 0, None)
        # Every worker draws on its own.
        self.generator = torch.Generator().manual_seed(self._worker_seed)
        self._averaged = averaged(module, config)
        self.clock = RunClock(config.seconds)
        self.step = 0
        self.looks_at = ""
        """What the step is about, for messages."""

    @property
    def result(self) -> nn.Module:
        """What is validated and written: the average of the weights if one is kept."""
        return self.module if self._averaged is None else self._averaged.module

    @property
    def is_over(self) -> bool:
        """Whether all steps are taken, or all time for them is spent."""
        if self.config.seconds is None:
            return self.step >= self.config.steps
        return self.clock.share >= 1.0

    @property
    def scheduled_step(self) -> int:
        """The step whose learning rate is due: the next one, or the one that its time is for."""
        if self.config.seconds is None:
            return self.step
        return int(self.config.steps * self.clock.share)

    @property
    def _worker_seed(self) -> int:
        return self.config.seed + 7919 * self.workers.rank

    def save(self) -> None:
        """Write the run's state atomically; of several workers the first one does."""
        if self.workers.rank:
            return
        state = {
            "module": self.module.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
            "step": self.step,
            "seconds": self.clock.spent,
            "reserve": self.clock.reserve,
        }
        if self._averaged is not None:
            state["averaged"] = self._averaged.state_dict()
        with atomic_path(self.checkpoint_path, RuntimeError) as partial:
            torch.save(state, partial)

    def load(self) -> None:
        """Go on from the checkpoint.

        Raises:
            CheckpointError: it cannot be read, or is of another network.
        """
        try:
            state = torch.load(self.checkpoint_path, weights_only=True, map_location="cpu")
            self.module.load_state_dict(state["module"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.generator.set_state(state["generator"])
            self.step = state["step"]
            self.clock.go_on_from(state.get("seconds", 0.0))
            self.clock.reserve = state.get("reserve", 0.0)
            if self._averaged is not None:
                self._averaged.load_state_dict(state["averaged"])
        except (OSError, RuntimeError, KeyError, ValueError, UnpicklingError) as error:
            raise CheckpointError(
                f"{self.checkpoint_path} does not fit this run ({str(error).splitlines()[0]}); "
                "resume with the options that it began with, or choose another --out."
            ) from error
        if self.workers.rank:
            self.generator.manual_seed(self._worker_seed + self.step)

    def resume_or_start(self) -> None:
        """Make the run folder; go on from the checkpoint if that is wanted and there is one.

        Of several workers the first one keeps the run's record.

        Raises:
            CheckpointError: the checkpoint cannot be used.
            OutputError: the record cannot be written.
        """
        config = self.config
        self.checkpoint_path.parent.mkdir(parents=True, exist_ok=True)
        goes_on = config.resume and self.checkpoint_path.is_file()
        if goes_on:
            self.load()
        if self.workers.rank:
            return
        folders = {"data": config.data, "val": config.val}
        record = run_record(type(config).__name__, asdict(config), folders, config.device)
        if goes_on:
            record = resumed_record(record, self.record_path, self.step)
        write_record(self.record_path, record)
        self.notes = header_notes(record)

    def begin(self, training: Sized, validation: Sized, what: str) -> None:
        """Resume or start, and say on how many people, or whatever it is, the run trains.

        Raises:
            CheckpointError: the checkpoint cannot be used.
            OutputError: the record cannot be written.
        """
        self.resume_or_start()
        logger.info("%d %s, %d to validate on", len(training), what, len(validation))

    def report(self, scores: Mapping[str, float | None]) -> dict[str, str]:
        """Log what a validation found.

        Returns:
            The same, and what was trained, for the header of the weights.
        """
        with self.log_path.open("a") as log:
            spent = round(self.clock.spent, 1)
            log.write(json.dumps({"step": self.step, "seconds": spent} | dict(scores)) + "\n")
        logger.info("step %d: %s", self.step, scores)
        found = {name: f"{value:.5g}" for name, value in scores.items() if value is not None}
        return self.notes | {"step": str(self.step)} | found

    def descend(self, losses: Mapping[str, Float[Tensor, ""]], learning_rate: float) -> None:
        """Move the parameters against the gradient of the losses' sum.

        Raises:
            NonFiniteError: a loss is not a number; nothing has moved.
        """
        for name, loss in losses.items():
            if not torch.isfinite(loss):
                about = f" ({self.looks_at})" if self.looks_at else ""
                raise NonFiniteError(
                    f"the {name} loss is {loss.item()} at step {self.step}{about}; resume from "
                    f"{self.checkpoint_path} with a lower --learning-rate"
                )
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate * group.get("share", 1.0)
        self.optimizer.zero_grad(set_to_none=True)
        self.workers.backward(torch.stack(list(losses.values())).sum())
        self.clip([p for group in self.optimizer.param_groups for p in group["params"]])
        self.optimizer.step()
        if self._averaged is not None:
            self._averaged.update_parameters(self.module)
        self.step += 1


def draw_one(choices: Sequence[_Choice], generator: torch.Generator) -> _Choice:
    """Draw one of several, all alike."""
    return choices[int(torch.randint(len(choices), (1,), generator=generator))]


def run_steps(
    run: TrainingRun,
    losses: Callable[[], Mapping[str, Float[Tensor, ""]]],
    learning_rate: Callable[[int], float],
    validate: Callable[[], None],
) -> Iterator[StepOutcome]:
    """Train from where the run is to its end; the state is kept however the caller stops.

    Args:
        run: is moved.
        losses: draws a batch and computes the terms, weighted.
        learning_rate: by step, counted from 0.
        validate: called every so often, and at the end; of several workers the first one does. Runs
            by time begin with it.

    Raises:
        NonFiniteError: a loss stopped being a number.
    """
    config = run.config
    try:
        is_over = run.is_over
        if config.seconds is not None and (run.step == 0 or is_over):
            run.clock.validating(validate)
            is_over = run.is_over
        while not is_over:
            start = time.perf_counter()
            terms, rate = losses(), learning_rate(run.scheduled_step)
            run.descend(terms, rate)
            seconds = time.perf_counter() - start
            if run.step % config.checkpoint_every == 0:
                run.save()
            is_over = run.is_over
            is_due = run.step % config.validate_every == 0 or is_over
            if is_due and not run.workers.rank:
                run.clock.validating(validate)
            values = {name: term.item() for name, term in terms.items()}
            yield StepOutcome(run.step, values, rate, seconds)
    finally:
        run.save()
