"""Training of a clip's heatmaps on a GHN that stays as it is (GHNeRF's L_heat)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.ghn.checkpoint import load_ghn
from neuhmr.ghn.model import Ghn
from neuhmr.ghnerf.clips.clip_checkpoint import begin_with_heatmaps, save_clip_heatmaps
from neuhmr.ghnerf.clips.clip_heatmaps import ClipHeatmaps, render_heatmaps
from neuhmr.ghnerf.network.config import GhnerfConfig
from neuhmr.lab.moments.heatmaps import heatmaps_at
from neuhmr.lab.training.clip_heatmaps.batches import (
    KeypointPerson,
    draw_heatmap_batch,
    prepare_keypoint_person,
)
from neuhmr.lab.training.clip_heatmaps.validation import validate_clip_heatmaps
from neuhmr.lab.training.encoder_checkpoint import begin_clip_with_encoder
from neuhmr.lab.training.ghnerf.losses import heatmap_loss
from neuhmr.lab.training.mixed_precision import narrow
from neuhmr.lab.training.people_files import prepared_people
from neuhmr.lab.training.run import StepOutcome, TrainingRun, draw_one, parameter_groups, run_steps
from neuhmr.lab.training.run_config import CosineRunConfig, cosine_rate

TRAINED_SHARE = 0.1
"""A backbone that was trained before learns at this share of the others' rate."""


@dataclass(frozen=True, kw_only=True)
class ClipHeatmapTrainingConfig(CosineRunConfig):
    """How a clip's heatmaps are trained."""

    start: Path | None = None
    """The GHN's weights; the shipped ones if None."""
    encoder: Path | None = None
    """Weights of the human encoder, from training on single pictures; random ones if None."""
    heatmaps: Path | None = None
    """Heatmaps to begin with, of this GHN or of another; used before `encoder`."""
    model: GhnerfConfig = field(default_factory=GhnerfConfig)
    """Human encoder and head."""
    steps: int = 6_000
    """Optimization steps."""
    learning_rate: float = 1e-3
    """Initial rate of Adam; falls along a cosine."""
    warmup: int = 50
    """Steps over which the rate rises from zero."""
    rays: int = 768
    """Rays per step: half of them near keypoints."""
    validate_every: int = 1000
    """Steps between validations."""
    val_people: int = 8
    """People validated on."""


def frame_loss(
    model: ClipHeatmaps,
    ghn: Ghn,
    person: KeypointPerson,
    config: ClipHeatmapTrainingConfig,
    generator: torch.Generator,
) -> Float[Tensor, ""]:
    """Render heatmaps of one drawn frame and compare them with the truth."""
    batch = draw_heatmap_batch(person, config.rays, generator).to(config.device)
    avatar = person.prepared.condition(ghn, batch.anchors)
    sources = model.look(batch.sources, avatar)
    target = batch.target
    seen = render_heatmaps(
        model, avatar, sources, target.posed, target.cameras, batch.pixels, generator
    )
    truth, known = heatmaps_at(batch.pixels, batch.keypoints, batch.sigma)
    # Rays that miss the body can say nothing: they would only add a constant.
    is_seen = seen.rendering.opacities > 0.0
    if not bool(is_seen.any()):
        return seen.heatmaps.sum() * 0.0
    return heatmap_loss(seen.heatmaps[is_seen][:, known], truth[is_seen][:, known])


def load_keypoint_people(folder: Path, ghn: Ghn, limit: int | None = None) -> list[KeypointPerson]:
    """Read and prepare the people of a folder.

    Raises:
        DatasetError: the folder holds none.
    """
    return prepared_people(folder, partial(prepare_keypoint_person, ghn=ghn), limit)


def train_clip_heatmaps(config: ClipHeatmapTrainingConfig) -> Iterator[StepOutcome]:
    """Train step by step; writes checkpoints, a log and weights into the run folder.

    Raises:
        DatasetError: no people to train or validate on.
        CheckpointError: the GHN's weights cannot be read.
        NonFiniteError: the loss stopped being a number.
    """
    torch.manual_seed(config.seed)
    ghn = load_ghn(config.start, config.device)
    model = ClipHeatmaps(config.model, ghn.config.hidden_channels).to(config.device).train()
    if config.heatmaps is not None:
        begin_with_heatmaps(model, config.heatmaps)
    if config.encoder is not None:
        begin_clip_with_encoder(model, config.encoder)
    share = 1.0 if config.encoder is None else TRAINED_SHARE
    optimizer = torch.optim.Adam(parameter_groups(model, share), config.learning_rate)
    run = TrainingRun(model, optimizer, config, "clip_heatmaps_")
    if config.mixed:
        narrow(model.encoder, config.device)
    people = load_keypoint_people(config.data, ghn)
    val_people = load_keypoint_people(config.val, ghn, config.val_people)
    run.begin(people, val_people, "people")

    def losses() -> dict[str, Tensor]:
        person = draw_one(people, run.generator)
        return {"heatmap": frame_loss(model, ghn, person, config, run.generator)}

    def validate() -> None:
        result = cast(ClipHeatmaps, run.result)
        notes = run.report(validate_clip_heatmaps(result, ghn, val_people).as_dict())
        save_clip_heatmaps(result, ghn, config.out / "clip_heatmaps.safetensors", notes)

    yield from run_steps(run, losses, cosine_rate(config), validate)
