"""Training of GHNeRF on moments that several calibrated cameras saw."""

import logging
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import cast

import torch
from torch import nn

from neuhmr.body.model_files import load_body_model
from neuhmr.errors import CheckpointError, DatasetError
from neuhmr.ghnerf.network.checkpoint import load_ghnerf, save_ghnerf
from neuhmr.ghnerf.network.model import Ghnerf
from neuhmr.lab.moments.moments import Moment, read_moments
from neuhmr.lab.training.encoder_checkpoint import begin_with_encoder
from neuhmr.lab.training.ghnerf.batches import Batch, DrawConfig, draw_batch
from neuhmr.lab.training.ghnerf.config import (
    GhnerfTrainingConfig,
    draw_config,
    encoder_rate,
    learning_rate_at,
    network_config,
)
from neuhmr.lab.training.ghnerf.losses import GhnerfLossWeights, LossTerms, rendering_terms
from neuhmr.lab.training.ghnerf.perceptual import PerceptualLoss
from neuhmr.lab.training.ghnerf.teacher import taught_moments
from neuhmr.lab.training.ghnerf.validation import validate_ghnerf
from neuhmr.lab.training.mixed_precision import narrow
from neuhmr.lab.training.run import StepOutcome, TrainingRun, draw_one, parameter_groups, run_steps
from neuhmr.lab.training.workers import begin_workers

logger = logging.getLogger(__name__)

LARGEST_GRADIENT = 40.0
"""Single gradients are clipped to this, as in ENeRF."""


class GhnerfStep(nn.Module):
    """Losses of one batch as a module's forward pass, which is what parallel training wraps."""

    def __init__(
        self, model: Ghnerf, weights: GhnerfLossWeights, perceptual: PerceptualLoss | None
    ) -> None:
        super().__init__()
        self.model = model
        self.weights = weights
        self.perceptual = perceptual

    def forward(self, batch: Batch) -> LossTerms:
        """Encode the sources, render the target's rays and compare."""
        encoded = self.model.encode(batch.sources)
        rendering = self.model.render(encoded, batch.target, batch.fine.pixels, batch.coarse.pixels)
        terms = rendering_terms(
            rendering, batch.fine, batch.coarse, self.model.config, self.weights
        )
        if self.perceptual is not None and batch.patch:
            patches = [
                colors[-(batch.patch**2) :].T.reshape(1, 3, batch.patch, batch.patch)
                for colors in (rendering.fine.colors, batch.fine.colors)
            ]
            terms["perceptual"] = self.weights.perceptual * self.perceptual(*patches)
        return terms


def begin(config: GhnerfTrainingConfig) -> Ghnerf:
    """Make the network, with the weights to start from if there are any.

    Raises:
        CheckpointError: the weights cannot be read, or pretrained ones not be downloaded.
    """
    model = Ghnerf(network_config(config))
    if config.start is not None:
        take_over(model, load_ghnerf(config.start), config.start)
    if config.encoder is not None:
        begin_with_encoder(model, config.encoder)
    model.fixed_norms = config.fixed_norms
    return model.to(config.device).train()


def take_over(model: Ghnerf, start: Ghnerf, path: Path) -> None:
    """Copy the weights that both networks have; the rest of the model stays as it is.

    Args:
        model: is changed.
        start: of any row and with any features.
        path: where it comes from, for messages.

    Raises:
        CheckpointError: the networks share nothing.
    """
    own, given = model.state_dict(), start.state_dict()
    shared = {n: t for n, t in given.items() if n in own and own[n].shape == t.shape}
    if not shared:
        raise CheckpointError(
            f"{path} has no weights for this network; begin with others, or leave --start out."
        )
    model.load_state_dict(own | shared)
    new = [name for name in own if name not in shared]
    logger.info("%d of %d tensors from %s; new: %s", len(shared), len(own), path, new)


def convolutions(model: Ghnerf) -> list[nn.Module]:
    """List the parts that convolve, which is most of a step's time."""
    networks = [model.pyramid, model.coarse.regularize, model.fine.regularize]
    return networks if model.human_encoder is None else [*networks, model.human_encoder]


def begin_run(model: Ghnerf, config: GhnerfTrainingConfig) -> TrainingRun:
    """Make the optimizer of a network, the run's random state and its workers.

    Raises:
        MissingDependencyError: several devices without lightning.
    """
    workers = begin_workers(config.device, config.devices)
    share = encoder_rate(config) / config.learning_rate
    optimizer = torch.optim.Adam(parameter_groups(model, share), config.learning_rate)
    return TrainingRun(model, optimizer, config, clip=clip_values, workers=workers)


def clip_values(parameters: list[nn.Parameter]) -> None:
    """Bound each number of the gradient."""
    nn.utils.clip_grad_value_(parameters, LARGEST_GRADIENT)


def train_ghnerf(config: GhnerfTrainingConfig) -> Iterator[StepOutcome]:
    """Train step by step; writes checkpoints, a log and weights into the run folder.

    Raises:
        DatasetError: no moments to train or validate on, or nobody knows what is to be learnt.
        CheckpointError: the weights to begin with cannot be used.
        MissingDependencyError: several devices without lightning.
        NonFiniteError: a loss stopped being a number.
    """
    torch.manual_seed(config.seed)
    model = begin(config)
    run = begin_run(model, config)
    moments = taught_moments(read_moments(config.data), config.teacher)
    require_known_features(moments, config)
    val_moments = read_moments(config.val, config.val_moments)[: config.val_moments]
    run.begin(moments, val_moments, "moments")
    if config.mixed:
        for network in convolutions(model):
            narrow(network, config.device)
    draw, body_model = draw_config(config), load_body_model()
    perceptual = None if config.vgg is None else PerceptualLoss(config.vgg).to(config.device)
    compare = run.workers.wrap(GhnerfStep(model, config.weights, perceptual), run.optimizer)

    def losses() -> LossTerms:
        moment = draw_one(moments, run.generator)
        run.looks_at = moment.name
        return compare(draw_batch(moment, draw, body_model, run.generator).to(run.workers.device))

    yield from run_steps(
        run,
        losses,
        learning_rate=lambda s: learning_rate_at(s, config.learning_rate, config.halve_every),
        validate=lambda: _validate(run, config.out, val_moments, draw),
    )


def require_known_features(moments: list[Moment], config: GhnerfTrainingConfig) -> None:
    """Refuse to learn a body's surface where neither truth nor a teacher has it.

    Raises:
        DatasetError: all moments are of captures, and their surface is asked for.
    """
    if any(moment.body is not None for moment in moments):
        return
    if config.coordinates:
        raise DatasetError(
            f"Places in the box are only known of people made by `neuhmr people`, of whom "
            f"{config.data} has none; leave --coordinates out."
        )
    is_taught = config.teacher not in ("truth", "mediapipe")
    if draw_config(config).with_surface and not is_taught:
        raise DatasetError(
            f"Nobody knows the body parts and the surface of the captures in {config.data}; learn "
            "--targets heatmaps alone, or give --teacher a folder of maps that have them."
        )


def _validate(run: TrainingRun, out: Path, moments: list[Moment], draw: DrawConfig) -> None:
    model = cast(Ghnerf, run.result)
    scores = asdict(validate_ghnerf(model, moments, draw, out / f"val_{run.step:06d}.png"))
    save_ghnerf(model, out / "ghnerf.safetensors", run.report(scores))
