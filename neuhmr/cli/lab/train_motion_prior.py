"""`neuhmr train motion-prior`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import arg

from neuhmr.cli.inputs import OptionalPath, require_at_least
from neuhmr.cli.lab.training_command import TrainingCommand
from neuhmr.errors import NeuhmrError

if TYPE_CHECKING:
    from neuhmr.lab.training.run import StepOutcome
    from neuhmr.lab.training.run_config import RunConfig


@dataclass(frozen=True, kw_only=True)
class TrainMotionPrior(TrainingCommand):
    """Train what is known of motions, on generated ones and on recordings in --data.

    3000 steps from 8e-4: half an hour on two cores. --data is a folder of CMU recordings (.bvh, or
    .amc beside their .asf); those of subject 02 are validated on, those of 05 and 06 are kept for
    benchmarks. Ctrl-C keeps the last checkpoint.
    """

    windows: int = 48
    """Pieces of motions in a step."""
    fresh: int | None = None
    """Pieces of motions that are made at once, if more than those of a step: a GPU takes as long
    for hundreds as for a few."""
    reuse: int = 3
    """Steps between making new ones."""
    drawers: int = 0
    """Processes that cut pieces out of motions meanwhile; for a GPU, which then makes the rest."""
    generated: int = 240
    """Generated motions beside the recorded ones."""
    fits: OptionalPath = None
    """Folder of filmed fits (`neuhmr people --preset fits` and `fits-val`) to learn from, too."""
    fit_share: float = 0.3
    """Share of a step's pieces that are filmed fits, where there are any."""
    start_share: float = 0.0
    """Share of the weights of --start in what is written: a network between the two errs less on
    what neither has seen."""
    width: int = 256
    """Numbers by which the network knows a frame; those of --start if there is one, like ..."""
    layers: int = 6
    """... how often it looks at all frames."""
    learns_all: Annotated[bool, arg(help_behavior_hint="")] = False
    """Learn from the recordings of 02, too: for the last run of a recipe that has been validated;
    the score on them then says nothing."""
    minutes: float | None = None
    """Train for so long, reading and validating included; the rates of --steps are then gone
    through in that time."""

    def begin(self, options: dict[str, Any]) -> "tuple[RunConfig, Iterator[StepOutcome]]":
        """Make a run's configuration, and its steps."""
        from neuhmr.lab.training.motion_prior.training import (
            MotionPriorTrainingConfig,
            train_motion_prior,
        )
        from neuhmr.motion_prior.network import MotionPriorConfig

        for option, value, least in (
            ("--windows", self.windows, 1), ("--fresh", self.fresh, self.windows),
            ("--reuse", self.reuse, 1), ("--drawers", self.drawers, 0),
            ("--generated", self.generated, 1), ("--layers", self.layers, 1),
        ):  # fmt: skip
            require_at_least(option, value, least)
        if not 0.0 < self.fit_share < 1.0:
            raise NeuhmrError(f"--fit-share is {self.fit_share:g}, between 0 and 1 was expected.")
        if not 0.0 <= self.start_share < 1.0:
            raise NeuhmrError(
                f"--start-share is {self.start_share:g}, 0 or more and less than 1 was expected."
            )
        if self.start_share and self.start is None:
            raise NeuhmrError("--start-share was given without --start; give the weights, too.")
        if self.width < 16 or self.width % 16:
            raise NeuhmrError(f"--width is {self.width}, a multiple of 16 was expected.")
        config = MotionPriorTrainingConfig(
            **options, val=self.data, windows=self.windows, fresh=self.fresh, reuse=self.reuse,
            drawers=self.drawers, generated=self.generated, learns_all=self.learns_all,
            fits=self.fits, fit_share=self.fit_share, start_share=self.start_share,
            seconds=None if self.minutes is None else 60.0 * self.minutes,
            network=MotionPriorConfig(
                width=self.width, layers=self.layers, hidden=3 * self.width
            ),
        )  # fmt: skip
        return config, train_motion_prior(config)
