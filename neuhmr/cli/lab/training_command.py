"""What all commands of `neuhmr train` ask for, do and show."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import arg

from neuhmr.cli.inputs import JsonFlag, OptionalPath
from neuhmr.cli.output import print_rows, reports
from neuhmr.cli.outputs import OverwriteFlag, check_output_folder
from neuhmr.cli.progress import progress_bars, stop_on_interrupt
from neuhmr.devices import choose_device
from neuhmr.progress import Progress

if TYPE_CHECKING:
    from neuhmr.lab.training.run import StepOutcome
    from neuhmr.lab.training.run_config import RunConfig


@dataclass(frozen=True, kw_only=True)
class TrainingCommand(ABC):
    """What all trainings ask for."""

    data: Path
    """Folder of training people, made by `neuhmr people`."""
    out: Path
    """Run folder: checkpoint, log, weights."""
    start: OptionalPath = None
    """Weights to begin with; see above for what is taken without."""
    steps: int | None = None
    """Optimization steps; the network's own number if left out."""
    learning_rate: float | None = None
    """Initial learning rate; the network's own if left out."""
    resume: Annotated[bool, arg(help_behavior_hint="")] = False
    """Go on from the run folder's checkpoint."""
    overwrite: OverwriteFlag = False
    seed: int = 0
    """Of every random number."""
    device: str = "auto"
    """auto, cpu, cuda or cuda:1."""
    json: JsonFlag = False

    def run(self) -> dict[str, object]:
        """Train until done or stopped.

        Raises:
            DatasetError: no people to train or validate on.
            CheckpointError: the weights to start with cannot be used.
            OutputError: the run folder holds a run already, or cannot be made.
            NonFiniteError: a loss stopped being a number.
        """
        if reports():  # Other workers find what the first one has begun to write.
            inputs = {"--data": self.data, "--start": self.start}
            check_output_folder("--out", self.out, inputs, self.overwrite or self.resume)
        options: dict[str, Any] = {
            "data": self.data, "out": self.out, "start": self.start, "resume": self.resume,
            "seed": self.seed, "device": str(choose_device(self.device)),
        }  # fmt: skip
        if self.steps is not None:
            options["steps"] = self.steps
        if self.learning_rate is not None:
            options["learning_rate"] = self.learning_rate
        config, snapshots = self.begin(options)
        last = None
        with stop_on_interrupt() as stop, progress_bars(completes=False) as on_progress:
            for snapshot in snapshots:
                last = snapshot
                on_progress(Progress("Training", snapshot.step, config.steps))
                if stop:
                    break
        steps = last.step if last else config.steps
        result: dict[str, object] = {"written": str(self.out), "steps": steps}
        result["interrupted"] = steps < config.steps
        for name, value in (last.losses if last else {}).items():
            result[f"{name}_loss"] = value
        return result

    @abstractmethod
    def begin(self, options: dict[str, Any]) -> "tuple[RunConfig, Iterator[StepOutcome]]":
        """Make a run's configuration from what all trainings ask for, and its steps."""

    def show(self, result: dict[str, object]) -> None:
        """Say where the weights are."""
        print_rows([(key.replace("_", " "), str(value)) for key, value in result.items()])


@dataclass(frozen=True, kw_only=True)
class PeopleTraining(TrainingCommand):
    """What trainings on pictures of people ask for."""

    val: Path
    """Folder of people to validate on."""
