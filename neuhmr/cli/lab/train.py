"""`neuhmr train`: weights of the networks."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import arg, subcommand

from neuhmr.cli.inputs import OptionalPath, require_at_least
from neuhmr.cli.lab.train_all import TrainAll
from neuhmr.cli.lab.train_motion_prior import TrainMotionPrior
from neuhmr.cli.lab.training_command import PeopleTraining
from neuhmr.errors import NeuhmrError

if TYPE_CHECKING:
    from neuhmr.lab.training.run import StepOutcome
    from neuhmr.lab.training.run_config import RunConfig

SMALLEST_SUBJECT = 32
"""A person of fewer pixels has no features left to learn from."""


@dataclass(frozen=True, kw_only=True)
class TrainGhn(PeopleTraining):
    """Train how avatars render, on people of --preset train and val.

    35000 steps from 1e-4, from random weights. Ctrl-C keeps the last checkpoint.
    """

    preset: Literal["open", "paper"] = "open"
    """Size of a network that begins at random: small enough to ship, or the paper's."""
    final_learning_rate: float = 1e-5
    """Learning rate at the end."""
    band_width: float | None = None
    """How far from the body cloth and hair are seen (m); if left out, as the start has it."""

    def begin(self, options: dict[str, Any]) -> "tuple[RunConfig, Iterator[StepOutcome]]":
        """Make a run's configuration, and its steps."""
        from neuhmr.lab.training.ghn.training import GhnTrainingConfig, train_ghn

        config = GhnTrainingConfig(
            preset=self.preset,
            final_learning_rate=self.final_learning_rate,
            band_width=self.band_width,
            **options,
            val=self.val,
        )
        return config, train_ghn(config)


@dataclass(frozen=True, kw_only=True)
class TrainMatching(PeopleTraining):
    """Train how joints are matched, on people of --preset train and val.

    10000 steps from 1e-3; --start is an avatar network, else the shipped one, whose rendering
    stays as it is. Ctrl-C keeps the last checkpoint.
    """

    def begin(self, options: dict[str, Any]) -> "tuple[RunConfig, Iterator[StepOutcome]]":
        """Make a run's configuration, and its steps."""
        from neuhmr.lab.training.matching.training import MatchingTrainingConfig, train_matching

        config = MatchingTrainingConfig(**options, val=self.val)
        return config, train_matching(config)


@dataclass(frozen=True, kw_only=True)
class TrainClipHeatmaps(PeopleTraining):
    """Train heatmaps of keypoints in clips, on people of --preset train and val.

    6000 steps from 1e-3; --start is the avatar network that they ride on, else the shipped one.
    Ctrl-C keeps the last checkpoint.
    """

    encoder: OptionalPath = None
    """Weights of the human encoder, made by `neuhmr train human-encoder`."""

    def begin(self, options: dict[str, Any]) -> "tuple[RunConfig, Iterator[StepOutcome]]":
        """Make a run's configuration, and its steps."""
        from neuhmr.lab.training.clip_heatmaps.training import (
            ClipHeatmapTrainingConfig,
            train_clip_heatmaps,
        )

        config = ClipHeatmapTrainingConfig(**options, val=self.val, encoder=self.encoder)
        return config, train_clip_heatmaps(config)


@dataclass(frozen=True, kw_only=True)
class TrainGhnerf(PeopleTraining):
    """Train the multi-view model, on people of --preset views and views-val, or on captures.

    200000 steps from 5e-4, from random weights. Ctrl-C keeps the last checkpoint.
    """

    row: Literal["ENeRF", "ENeRF+heatmap", "GHNeRF+ResNet18", "GHNeRF+ResNet34", "GHNeRF+DINO"] = (
        "GHNeRF+ResNet18"
    )
    """Which of the paper's methods."""
    targets: Literal["heatmaps", "parts", "embedding", "all"] = "heatmaps"
    """What is rendered beside the color; of captures, parts and embedding need a --teacher."""
    coordinates: Annotated[bool, arg(help_behavior_hint="")] = False
    """Also predict where in its box a point lies (the paper's supplement)."""
    teacher: str = "truth"
    """Where features to learn come from: `truth` or annotations, keypoints of `mediapipe`, or a
    folder of maps of heatmaps, parts or embedding, NAME_VIEW.npz."""
    pretrained: Annotated[bool, arg(help_behavior_hint="")] = False
    """Start the human encoder from published weights, which are downloaded."""
    frozen: Annotated[bool, arg(help_behavior_hint="")] = False
    """The human encoder's backbone keeps the weights it begins with (the paper's "Pre")."""
    encoder: OptionalPath = None
    """Weights of the human encoder, made by `neuhmr train human-encoder`."""
    vgg: OptionalPath = None
    """torchvision's VGG-16 weights for the perceptual term; without them it is off."""
    sources: int = 3
    """Source views of a step."""
    source_spread: int = 0
    """By how many their number varies, up and down: weights that only saw three do worse with two
    or five."""
    rays: int = 2048
    """Rays of a step."""
    smallest: float = 180.0
    """Pictures are made smaller until the subject's larger side has a drawn length, from this one
    (px) ..."""
    largest: float = 256.0
    """... to this one, at which validation looks, too."""
    heatmap_weight: float = 0.5
    """λ_h."""
    heatmap_error: Literal["cross-entropy", "squared"] = "cross-entropy"
    """How heatmaps are compared; the paper squares."""
    part_weight: float = 0.05
    """Of body parts."""
    embedding_weight: float = 0.5
    """Of the surface embedding."""
    opacity_weight: float = 0.0
    """Of opacities against the mask, which the paper does not compare."""
    outline_share: float = 0.0
    """Share of the rays along the person's outline."""
    mixed: Annotated[bool, arg(help_behavior_hint="")] = False
    """Convolve in 16-bit floats: twice as fast where the processor has them."""
    fixed_norms: Annotated[bool, arg(help_behavior_hint="")] = False
    """Batch norms keep --start's statistics, as they will at inference: for a training's end."""
    hull: Annotated[bool, arg(help_behavior_hint="")] = False
    """Tell the volumes how many views see nothing there, which ENeRF does not."""
    coarse_pixel: Literal[8, 4] = 8
    """Pixels along a column of the coarse volume; 4 for people about 150 px tall."""
    halve_every: int = 50_000
    """Steps over which the learning rate falls by half."""
    average: float = 0.0
    """Keep a running average of the weights, of which each step makes up this share: a step sees
    one moment, and single steps scatter. 0 keeps the last step's."""
    validate_every: int = 1000
    """Steps between validations."""
    devices: int = 1
    """GPUs to train on; more than one need lightning."""

    def begin(self, options: dict[str, Any]) -> "tuple[RunConfig, Iterator[StepOutcome]]":
        """Make a run's configuration, and its steps."""
        from neuhmr.lab.training.ghnerf.batches import DrawConfig
        from neuhmr.lab.training.ghnerf.config import ROWS, GhnerfTrainingConfig
        from neuhmr.lab.training.ghnerf.losses import GhnerfLossWeights
        from neuhmr.lab.training.ghnerf.training import train_ghnerf

        for option, value in (
            ("--sources", self.sources), ("--rays", self.rays), ("--devices", self.devices),
            ("--halve-every", self.halve_every), ("--validate-every", self.validate_every),
        ):  # fmt: skip
            require_at_least(option, value, 1)
        if not 0 <= self.source_spread < self.sources:
            raise NeuhmrError(
                f"--source-spread is {self.source_spread}; expected at least 0, and less than "
                f"--sources, which is {self.sources}."
            )
        if not 0.0 <= self.average < 1.0:
            raise NeuhmrError(f"--average is {self.average:g}; expected a share below 1, or 0.")
        _require_sizes(self.smallest, self.largest)
        draw = DrawConfig(
            sources=self.sources, source_spread=self.source_spread,
            pool=self.sources + self.source_spread + 2, rays=self.rays,
            coarse_rays=max(self.rays // 4, 1), sizes=(self.smallest, self.largest),
            outline_share=self.outline_share,
        )  # fmt: skip
        weights = GhnerfLossWeights(
            heatmaps=self.heatmap_weight, heatmap_error=self.heatmap_error,
            parts=self.part_weight, embedding=self.embedding_weight, opacity=self.opacity_weight,
        )  # fmt: skip
        config = GhnerfTrainingConfig(
            **options, val=self.val, row=ROWS[self.row], targets=self.targets, draw=draw,
            coordinates=self.coordinates, teacher=self.teacher, pretrained=self.pretrained,
            frozen=self.frozen, encoder=self.encoder, vgg=self.vgg, halve_every=self.halve_every,
            validate_every=self.validate_every, weights=weights, devices=self.devices,
            mixed=self.mixed, hull=self.hull, coarse_pixel=self.coarse_pixel,
            fixed_norms=self.fixed_norms, average=self.average,
        )  # fmt: skip
        return config, train_ghnerf(config)


@dataclass(frozen=True, kw_only=True)
class TrainHumanEncoder(PeopleTraining):
    """Train GHNeRF's human encoder on single pictures, on people of any training preset.

    10000 steps from 1e-3, from random weights; its result is for `train ghnerf --encoder`. Ctrl-C
    keeps the last checkpoint.
    """

    row: Literal["GHNeRF+ResNet18", "GHNeRF+ResNet34", "GHNeRF+DINO"] = "GHNeRF+ResNet18"
    """Whose encoder it is."""
    pictures: int = 8
    """Pictures of a step."""
    smallest: float = 120.0
    """Pictures are made smaller until the subject's larger side has a drawn length, from this one
    (px) ..."""
    largest: float = 256.0
    """... to this one, at which validation looks, too."""
    mixed: Annotated[bool, arg(help_behavior_hint="")] = False
    """Convolve in 16-bit floats: twice as fast where the processor has them."""

    def begin(self, options: dict[str, Any]) -> "tuple[RunConfig, Iterator[StepOutcome]]":
        """Make a run's configuration, and its steps."""
        from neuhmr.lab.training.ghnerf.config import ROWS
        from neuhmr.lab.training.human_encoder.training import (
            HumanEncoderTrainingConfig,
            picture_draw,
            train_human_encoder,
        )

        require_at_least("--pictures", self.pictures, 1)
        _require_sizes(self.smallest, self.largest)
        draw = picture_draw(self.smallest, self.largest)
        config = HumanEncoderTrainingConfig(
            **options,
            val=self.val,
            row=ROWS[self.row],
            pictures=self.pictures,
            mixed=self.mixed,
            draw=draw,
        )
        return config, train_human_encoder(config)


def _require_sizes(smallest: float, largest: float) -> None:
    if not SMALLEST_SUBJECT <= smallest <= largest:
        raise NeuhmrError(
            f"--smallest is {smallest:g} and --largest {largest:g}; expected lengths of the "
            f"subject in pixels, {SMALLEST_SUBJECT} <= smallest <= largest."
        )


Train = (
    Annotated[TrainAll, subcommand("all")]
    | Annotated[TrainGhn, subcommand("ghn")]
    | Annotated[TrainMatching, subcommand("matching")]
    | Annotated[TrainClipHeatmaps, subcommand("clip-heatmaps")]
    | Annotated[TrainGhnerf, subcommand("ghnerf")]
    | Annotated[TrainHumanEncoder, subcommand("human-encoder")]
    | Annotated[TrainMotionPrior, subcommand("motion-prior")]
)
"""Which network: `neuhmr train all`, `ghn`, `matching`, `clip-heatmaps`, `ghnerf`, ..."""
