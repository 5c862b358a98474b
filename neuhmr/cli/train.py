"""`neuhmr train`: weights of the networks."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tyro.conf import Positional

from neuhmr.cli.inputs import JsonFlag, choose_device
from neuhmr.cli.output import print_rows
from neuhmr.cli.progress import progress_bars, stop_on_interrupt
from neuhmr.progress import Progress

if TYPE_CHECKING:
    from neuhmr.training.run import Schedule, StepOutcome


@dataclass(frozen=True, kw_only=True)
class Train:
    """Train the avatar network (GHN) or what rides on it, on synthetic people.

    Make the people first with `neuhmr people`. Train `ghn` first, then `matching` and
    `clip-heatmaps` with --start at its weights. Ctrl-C keeps the last checkpoint; --resume goes on.
    """

    network: Positional[Literal["ghn", "matching", "clip-heatmaps"]]
    """What to train: how avatars render, how joints are matched, or heatmaps of keypoints."""
    data: Path
    """Folder of training people."""
    val: Path
    """Folder of validation people."""
    out: Path
    """Run folder: checkpoint, log, pictures, weights."""
    start: Path | None = None
    """Avatar weights to begin with; if left out, `ghn` begins at random, the others at the shipped
    ones."""
    preset: Literal["open", "paper"] = "open"
    """Size of a network that begins at random: small enough to ship, or the paper's."""
    steps: int | None = None
    """Optimization steps; if left out, 35000 of `ghn`, 10000 of `matching`, 6000 of
    `clip-heatmaps`."""
    learning_rate: float | None = None
    """Initial learning rate; if left out, 1e-4 of `ghn`, 1e-3 of the others."""
    final_learning_rate: float | None = None
    """Learning rate of `ghn` at the end; if left out, 1e-5."""
    band_width: float | None = None
    """How far from the body `ghn` may see cloth and hair (m); if left out, as the start has it."""
    resume: bool = False
    """Go on from the run folder's checkpoint."""
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
            NonFiniteError: a loss stopped being a number.
        """
        config, snapshots = self._begin()
        last = None
        with stop_on_interrupt() as stop, progress_bars(completes=False) as on_progress:
            for snapshot in snapshots:
                last = snapshot
                on_progress(Progress("Training", snapshot.step, config.steps))
                if stop:
                    break
        steps = last.step if last else config.steps
        losses = {} if last is None else last.losses
        return {
            "written": str(self.out),
            "steps": steps,
            "interrupted": steps < config.steps,
        } | {f"{name}_loss": value for name, value in losses.items()}

    def _begin(
        self,
    ) -> "tuple[Schedule, Iterator[StepOutcome]]":
        from neuhmr.training.clip_heatmaps import ClipHeatmapTrainingConfig, train_clip_heatmaps
        from neuhmr.training.ghn import GhnTrainingConfig, train_ghn
        from neuhmr.training.matching import MatchingTrainingConfig, train_matching

        options: dict[str, Any] = {
            "data": self.data, "val": self.val, "out": self.out, "start": self.start,
            "resume": self.resume, "seed": self.seed, "device": str(choose_device(self.device)),
        }  # fmt: skip
        if self.steps is not None:
            options["steps"] = self.steps
        if self.learning_rate is not None:
            options["learning_rate"] = self.learning_rate
        if self.network == "matching":
            config = MatchingTrainingConfig(**options)
            return config, train_matching(config)
        if self.network == "clip-heatmaps":
            config = ClipHeatmapTrainingConfig(**options)
            return config, train_clip_heatmaps(config)
        if self.final_learning_rate is not None:
            options["final_learning_rate"] = self.final_learning_rate
        config = GhnTrainingConfig(preset=self.preset, band_width=self.band_width, **options)
        return config, train_ghn(config)

    def show(self, result: dict[str, object]) -> None:
        """Say where the weights are."""
        print_rows([(key.replace("_", " "), str(value)) for key, value in result.items()])
