"""Training of the motion prior on motions alone; everything else is drawn on the way."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from neuhmr.body.model_files import load_body_model
from neuhmr.lab.training.motion_prior.batches import PriorBatch, draw_batch, see
from neuhmr.lab.training.motion_prior.estimates import LONGEST_LAG
from neuhmr.lab.training.motion_prior.filmed.drawing import (
    all_filmed,
    draw_filmed,
    read_filmed_fits,
)
from neuhmr.lab.training.motion_prior.loss import prior_losses
from neuhmr.lab.training.motion_prior.mixing import (
    BatchSize,
    MixedBatches,
    made_elsewhere,
    made_here,
)
from neuhmr.lab.training.motion_prior.scenes import Bodies
from neuhmr.lab.training.motion_prior.straight_legs import stretch_legs
from neuhmr.lab.training.motion_prior.tracks import Track, draw_windows, load_tracks
from neuhmr.lab.training.motion_prior.validation import validate_prior
from neuhmr.lab.training.run import StepOutcome, TrainingRun, run_steps
from neuhmr.lab.training.run_config import CosineRunConfig, cosine_rate
from neuhmr.motion_prior.checkpoint import load_motion_prior, save_motion_prior
from neuhmr.motion_prior.network import MotionPrior, MotionPriorConfig, read_belief
from neuhmr.tensor_struct import concatenate

VALIDATION_WINDOWS = 96


@dataclass(frozen=True, kw_only=True)
class MotionPriorTrainingConfig(CosineRunConfig):
    """How the prior is trained."""

    steps: int = 3000
    """Optimization steps."""
    learning_rate: float = 8e-4
    """Initial rate of AdamW; falls along a cosine."""
    weight_decay: float = 1e-2
    """AdamW's weight decay."""
    warmup: int = 150
    """Steps over which the rate rises from zero."""
    windows: int = 48
    """Windows per step."""
    frames: int = 48
    """Length of a window."""
    kept: int = 40
    """Batches that windows are mixed from."""
    reuse: int = 3
    """Steps between new batches, which cost as much as a step."""
    fresh: int | None = None
    """Windows of a new batch, if they are more than those of a step."""
    drawers: int = 0
    """Processes that draw motions meanwhile; all else of a batch is then made on the device."""
    generated: int = 240
    """Generated motions to learn from, beside the recorded ones."""
    fits: Path | None = None
    """Folder of filmed fits to learn from, too; None for drawn errors alone."""
    fit_share: float = 0.3
    """Share of a step's windows that are filmed fits, where there are any."""
    start_share: float = 0.0
    """Share of the weights to start with in what is written in the end: a network between the two
    errs less on what neither has seen."""
    learns_all: bool = False
    """Learn from the recordings that are validated on, too: for the last run of a recipe that has
    been validated. The scores on them then say nothing."""
    network: MotionPriorConfig = field(default_factory=MotionPriorConfig)
    """Size of a network that begins at random."""
    average: float = 0.005
    """Share of a step in the running average of the weights."""
    validate_every: int = 500
    """Steps between validations."""


def train_motion_prior(config: MotionPriorTrainingConfig) -> Iterator[StepOutcome]:
    """Train step by step; writes checkpoints, a log and weights into the run folder.

    Raises:
        DatasetError: there are no recordings.
        CheckpointError: the run cannot be resumed.
        NonFiniteError: a loss stopped being a number.
    """
    torch.manual_seed(config.seed)
    model = load_body_model()
    if config.start is None:
        network = MotionPrior(config.network)
    else:
        # What is loaded is shared by all who load it, and must not learn.
        network = copy.deepcopy(load_motion_prior(config.start))
    first = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    network.requires_grad_(True).to(config.device)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    run = TrainingRun(network, optimizer, config)
    also = "val" if config.learns_all else None
    tracks = load_tracks(config.data, "train", config.generated, model, config.seed, also)
    val_tracks = load_tracks(config.val, "val", 11, model, config.seed)
    bodies = Bodies.of_model(model)
    run.begin(
        [track for group in tracks for track in group],
        [track for group in val_tracks for track in group],
        "motions",
    )
    filmed = None
    if config.fits is not None:
        filmed = read_filmed_fits(config.fits, "train", config.frames)
    from_fits = 0 if filmed is None else int(config.fit_share * config.windows)
    size = BatchSize(windows=config.windows - from_fits, frames=config.frames, fresh=config.fresh)
    seed = config.seed + run.step
    if config.drawers:
        there = bodies.to(config.device)
        made = made_elsewhere(tracks, there, size, config.drawers, seed)
    else:
        made = made_here(tracks, bodies, size, seed)
    batches = MixedBatches(made, size, config.kept, config.reuse, seed)
    held_out = _held_out(config, val_tracks, bodies)
    drawn = np.random.default_rng([seed, 5])

    def losses() -> dict[str, Tensor]:
        batch = batches.draw().to(config.device)
        if filmed is not None:
            shown = draw_filmed(filmed, bodies, from_fits, config.frames, drawn)
            batch = concatenate([batch, shown.to(config.device)])
        # What is seen keeps its 32 bits: it tells millimeters.
        inputs = batch.view.inputs().detach()
        with torch.autocast(torch.device(config.device).type, torch.bfloat16):
            numbers = network.numbers(inputs, batch.times)
        return prior_losses(read_belief(numbers.float(), batch.view), batch)

    def validate() -> None:
        result = run.result
        assert isinstance(result, MotionPrior)
        result = between(result, first, config.start_share)
        scores: dict[str, float] = {}
        for name, batch in held_out.items():
            found = validate_prior(result, batch.to(config.device))
            scores |= {f"{name}_{key}": value for key, value in found.items()}
        save_motion_prior(result, config.out / "motion_prior.safetensors", run.report(scores))

    yield from run_steps(run, losses, cosine_rate(config), validate)


def _held_out(
    config: MotionPriorTrainingConfig, tracks: list[list[Track]], bodies: Bodies
) -> dict[str, PriorBatch]:
    """Draw what is validated on: motions as they are, the first kind of them with straight legs
    besides, and filmed fits where there are any."""
    rng = np.random.default_rng(0)
    held_out = {
        name: draw_batch([group], bodies, VALIDATION_WINDOWS, config.frames, rng, is_changed=False)
        for name, group in zip(("recorded", "generated"), tracks, strict=False)
    }
    drawn = draw_windows(
        tracks[:1], VALIDATION_WINDOWS, config.frames + LONGEST_LAG, rng, is_changed=False
    )
    straight = stretch_legs(drawn.rotmat, 1.0, torch.Generator().manual_seed(0))
    held_out["straight"] = see(replace(drawn, rotmat=straight), bodies, seed=0)
    if config.fits is not None:
        fits = read_filmed_fits(config.fits, "val", config.frames)
        held_out["fits"] = all_filmed(fits, bodies, config.frames)
    return held_out


def between(network: MotionPrior, first: Mapping[str, Tensor], share: float) -> MotionPrior:
    """Put a share of other weights into a copy of a network."""
    mixed = copy.deepcopy(network)
    mixed.load_state_dict(
        {
            name: torch.lerp(tensor, first[name].to(tensor), share)
            for name, tensor in network.state_dict().items()
        }
    )
    return mixed
