"""`neuhmr train`: weights of the avatar network and of GHNeRF."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import Positional, arg

from neuhmr.cli.inputs import JsonFlag, OptionalPath, choose_device, require_at_least
from neuhmr.cli.output import print_rows
from neuhmr.cli.progress import progress_bars, stop_on_interrupt
from neuhmr.errors import NeuhmrError
from neuhmr.progress import Progress

if TYPE_CHECKING:
    from neuhmr.training.ghn import GhnTrainingConfig, TrainingSnapshot
    from neuhmr.training.ghnerf import GhnerfSnapshot
    from neuhmr.training.ghnerf_config import GhnerfTrainingConfig
    from neuhmr.training.matching import MatchingSnapshot, MatchingTrainingConfig


@dataclass(frozen=True, kw_only=True)
class GhnerfOptions:
    """Of `ghnerf` alone."""

    row: Literal["ENeRF", "ENeRF+heatmap", "GHNeRF+ResNet18", "GHNeRF+ResNet34", "GHNeRF+DINO"] = (
        "GHNeRF+ResNet18"
    )
    """Which of the paper's methods."""
    targets: Literal["heatmaps", "parts", "embedding", "all"] = "heatmaps"
    """What is rendered beside the color; parts and embedding need people, not captures."""
    coordinates: Annotated[bool, arg(help_behavior_hint="")] = False
    """Also predict where in its box a point lies (the paper's supplement)."""
    teacher: str = "truth"
    """Where keypoints to learn come from: `truth` or annotations, `mediapipe`, or a folder of
    heatmap files NAME_VIEW.npz."""
    pretrained: Annotated[bool, arg(help_behavior_hint="")] = False
    """Start the human encoder from published weights, which are downloaded."""
    vgg: OptionalPath = None
    """torchvision's VGG-16 weights for the perceptual term; without them it is off."""
    sources: int = 3
    """Source views of a step."""
    rays: int = 2048
    """Rays of a step."""
    smallest: float = 0.6
    """Pictures are shown at a drawn share of their size, from this one ..."""
    largest: float = 1.0
    """... to this one."""
    heatmap_weight: float = 0.5
    """λ_h."""
    halve_every: int = 50_000
    """Steps over which the learning rate falls by half."""
    validate_every: int = 1000
    """Steps between validations."""
    devices: int = 1
    """GPUs to train on; more than one need lightning."""


@dataclass(frozen=True, kw_only=True)
class Train:
    """Train the avatar network (GHN), the features that find joints, or GHNeRF.

    Make the people first with `neuhmr people`: --preset train and val, for `ghnerf` views and
    views-val. Train `ghn` first, then `matching` with --start at its weights. Ctrl-C keeps the
    last checkpoint; --resume goes on.
    """

    network: Positional[Literal["ghn", "matching", "ghnerf"]]
    """What to train: how avatars render, how joints are matched, or the multi-view model."""
    data: Path
    """Folder of training people; for `ghnerf` also a capture or a folder of captures."""
    val: Path
    """The same to validate on."""
    out: Path
    """Run folder: checkpoint, log, pictures, weights."""
    start: Path | None = None
    """Weights to begin with; if left out, `ghn` and `ghnerf` begin at random, `matching` at the
    shipped ones."""
    preset: Literal["open", "paper"] = "open"
    """Size of a network that begins at random: small enough to ship, or the paper's."""
    steps: int | None = None
    """Optimization steps; if left out, 35000 of `ghn`, 10000 of `matching`, 200000 of
    `ghnerf`."""
    learning_rate: float | None = None
    """Initial learning rate; if left out, 1e-4 of `ghn`, 1e-3 of `matching`, 5e-4 of
    `ghnerf`."""
    resume: bool = False
    """Go on from the run folder's checkpoint."""
    seed: int = 0
    """Of every random number."""
    device: str = "auto"
    """auto, cpu, cuda or cuda:1."""
    ghnerf: Annotated[GhnerfOptions, arg(name="")] = field(default_factory=GhnerfOptions)
    json: JsonFlag = False

    def run(self) -> dict[str, object]:
        """Train until done or stopped.

        Raises:
            DatasetError: no people to train or validate on.
            CheckpointError: the weights to start with cannot be used.
            MissingDependencyError: several devices without lightning, or MediaPipe is missing.
            NonFiniteError: a loss stopped being a number.
            NeuhmrError: a number is too small.
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
        losses = {} if last is None else dataclasses.asdict(last)
        return {
            "written": str(self.out),
            "steps": steps,
            "interrupted": steps < config.steps,
        } | {name: value for name, value in losses.items() if name.endswith("_loss")}

    def _begin(
        self,
    ) -> tuple[
        "GhnTrainingConfig | MatchingTrainingConfig | GhnerfTrainingConfig",
        "Iterator[TrainingSnapshot] | Iterator[MatchingSnapshot] | Iterator[GhnerfSnapshot]",
    ]:
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
        if self.network == "ghnerf":
            from neuhmr.training.ghnerf import train_ghnerf

            ghnerf_config = self._ghnerf_config(options)
            return ghnerf_config, train_ghnerf(ghnerf_config)
        if self.network == "matching":
            config = MatchingTrainingConfig(**options)
            return config, train_matching(config)
        config = GhnTrainingConfig(preset=self.preset, **options)
        return config, train_ghn(config)

    def _ghnerf_config(self, options: dict[str, Any]) -> "GhnerfTrainingConfig":
        from neuhmr.training.ghnerf_batches import DrawConfig
        from neuhmr.training.ghnerf_config import ROWS, GhnerfTrainingConfig
        from neuhmr.training.ghnerf_losses import GhnerfLossWeights

        chosen = self.ghnerf
        for option, value in (
            ("--sources", chosen.sources), ("--rays", chosen.rays), ("--devices", chosen.devices),
            ("--halve-every", chosen.halve_every), ("--validate-every", chosen.validate_every),
        ):  # fmt: skip
            require_at_least(option, value, 1)
        if not 0.0 < chosen.smallest <= chosen.largest <= 1.0:
            raise NeuhmrError(
                f"--smallest is {chosen.smallest} and --largest {chosen.largest}; expected shares "
                "of the pictures' size, 0 < smallest <= largest <= 1."
            )
        draw = DrawConfig(
            sources=chosen.sources, pool=chosen.sources + 2, rays=chosen.rays,
            coarse_rays=max(chosen.rays // 4, 1), sizes=(chosen.smallest, chosen.largest),
        )  # fmt: skip
        return GhnerfTrainingConfig(
            **options, row=ROWS[chosen.row], targets=chosen.targets, draw=draw,
            coordinates=chosen.coordinates, teacher=chosen.teacher, pretrained=chosen.pretrained,
            vgg=chosen.vgg, halve_every=chosen.halve_every, validate_every=chosen.validate_every,
            weights=GhnerfLossWeights(heatmaps=chosen.heatmap_weight), devices=chosen.devices,
        )  # fmt: skip

    def show(self, result: dict[str, object]) -> None:
        """Say where the weights are."""
        print_rows([(key.replace("_", " "), str(value)) for key, value in result.items()])
