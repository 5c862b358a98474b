"""Training of GHNeRF's human encoder on single pictures, before it looks at several at once.

Published weights of ResNet and DINO know pictures of everything; where they may not be used or
cannot be had, these know people. It is far cheaper than training the encoder within the field: a
picture costs a twentieth of a field's step, and every pixel of it is seen directly.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import torch
from torch import Tensor

from neuhmr.body.model_files import load_body_model
from neuhmr.errors import DatasetError
from neuhmr.ghnerf.network.config import GhnerfConfig, GhnerfRow, ghnerf_preset
from neuhmr.lab.moments.moments import read_moments
from neuhmr.lab.training.encoder_checkpoint import (
    load_human_encoder,
    save_human_encoder,
)
from neuhmr.lab.training.ghnerf.batches import DrawConfig
from neuhmr.lab.training.ghnerf.config import FEATURE_HEADS
from neuhmr.lab.training.ghnerf.losses import GhnerfLossWeights, LossTerms, feature_terms
from neuhmr.lab.training.human_encoder.batches import PictureBatch, draw_pictures
from neuhmr.lab.training.human_encoder.picture_features import PictureFeatures
from neuhmr.lab.training.human_encoder.validation import validate_encoder
from neuhmr.lab.training.mixed_precision import narrow
from neuhmr.lab.training.run import StepOutcome, TrainingRun, draw_one, run_steps
from neuhmr.lab.training.run_config import CosineRunConfig, cosine_rate


def picture_draw(smallest: float, largest: float) -> DrawConfig:
    """Say how to draw pixels and sizes (px along the subject) of single pictures."""
    return DrawConfig(rays=1024, sizes=(smallest, largest), with_surface=True)


@dataclass(frozen=True, kw_only=True)
class HumanEncoderTrainingConfig(CosineRunConfig):
    """How a human encoder is trained."""

    row: GhnerfRow = "ghnerf_resnet18"
    """Whose encoder it is."""
    start: Path | None = None
    """Weights to begin with; random ones if None."""
    steps: int = 10_000
    """Optimization steps."""
    learning_rate: float = 1e-3
    """Initial rate of Adam; falls along a cosine."""
    warmup: int = 100
    """Steps over which the rate rises from zero."""
    pictures: int = 8
    """Pictures per step, each of another moment."""
    draw: DrawConfig = field(default_factory=lambda: picture_draw(120.0, 256.0))
    """Pixels and sizes of the pictures."""
    weights: GhnerfLossWeights = field(
        default_factory=lambda: GhnerfLossWeights(heatmaps=1.0, parts=0.02, embedding=0.2)
    )
    """Weights of the losses."""
    validate_every: int = 500
    """Steps between validations."""
    val_moments: int = 20
    """Moments validated on, one picture each."""

    @property
    def network(self) -> GhnerfConfig:
        """The configuration whose encoder is trained, with all kinds of features."""
        return replace(ghnerf_preset(self.row), feature_heads=tuple(FEATURE_HEADS.values()))


def picture_losses(
    model: PictureFeatures, batch: PictureBatch, weights: GhnerfLossWeights
) -> LossTerms:
    """Compare what pictures' pixels are said to show with the truth, averaged over pictures."""
    features = model(batch.images, batch.pixels)
    collected: dict[str, list[Tensor]] = {}
    for seen, truth in zip(features, batch.truths, strict=True):
        for name, term in feature_terms(seen, truth, model.config, weights).items():
            collected.setdefault(name, []).append(term)
    return {name: torch.stack(terms).mean() for name, terms in collected.items()}


def train_human_encoder(config: HumanEncoderTrainingConfig) -> Iterator[StepOutcome]:
    """Train step by step; writes checkpoints, a log and weights into the run folder.

    Raises:
        DatasetError: no people to train or validate on, or recordings whose body is not known.
        CheckpointError: the weights to begin with cannot be used.
        NonFiniteError: a loss stopped being a number.
    """
    torch.manual_seed(config.seed)
    network = config.network
    model = PictureFeatures(network).to(config.device).train()
    if config.start is not None:
        load_human_encoder(model.encoder, model.heads, network, config.start)
    optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate)
    run = TrainingRun(model, optimizer, config, "encoder_")
    if config.mixed:
        narrow(model.encoder, config.device)
    body_model = load_body_model()
    moments = read_moments(config.data)
    val_moments = read_moments(config.val, config.val_moments)[: config.val_moments]
    for moment in (*moments, *val_moments):
        if moment.body is None:
            raise DatasetError(
                f"{moment.name} has no true body, whose parts and surface the encoder learns; "
                "expected people of `neuhmr people --preset train` or `views`."
            )
    run.begin(moments, val_moments, "moments")

    def losses() -> LossTerms:
        drawn = [draw_one(moments, run.generator) for _ in range(config.pictures)]
        batch = draw_pictures(drawn, config.draw, body_model, run.generator)
        return picture_losses(model, batch.to(config.device), config.weights)

    def validate() -> None:
        result = cast(PictureFeatures, run.result)
        scores = validate_encoder(result, val_moments, body_model, config.draw.sizes[1])
        path, notes = config.out / "encoder.safetensors", run.report(scores.as_dict())
        save_human_encoder(result.encoder, result.heads, network, path, notes)

    yield from run_steps(run, losses, cosine_rate(config), validate)
