"""Training of GHNeRF on moments that several calibrated cameras saw."""

import json
import logging
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import nn

from neuhmr.body.model_files import load_body_model
from neuhmr.clip.atomic import atomic_path
from neuhmr.errors import CheckpointError, NonFiniteError
from neuhmr.ghnerf.checkpoint import load_ghnerf, save_ghnerf
from neuhmr.ghnerf.encoder_checkpoint import load_into_encoder
from neuhmr.ghnerf.model import Ghnerf
from neuhmr.ghnerf.moments import Moment, read_moments
from neuhmr.training.ghnerf_batches import Batch, draw_batch
from neuhmr.training.ghnerf_config import (
    GhnerfTrainingConfig,
    draw_config,
    encoder_rate,
    learning_rate_at,
    network_config,
)
from neuhmr.training.ghnerf_losses import GhnerfLossWeights, LossTerms, rendering_terms
from neuhmr.training.ghnerf_perceptual import PerceptualLoss
from neuhmr.training.ghnerf_teacher import taught_moments
from neuhmr.training.ghnerf_validation import validate_ghnerf
from neuhmr.training.ghnerf_workers import begin_workers
from neuhmr.training.run import StepOutcome

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


class GhnerfTrainer:
    """Network, optimizer and random state of one run; everything that resuming needs."""

    def __init__(self, config: GhnerfTrainingConfig) -> None:
        torch.manual_seed(config.seed)
        self.config = config
        self.draw = draw_config(config)
        self.model = begin(config)
        self.body_model = load_body_model()
        self.optimizer = torch.optim.Adam(parameter_groups(self.model, config))
        self.workers = begin_workers(config)
        perceptual = None if config.vgg is None else PerceptualLoss(config.vgg).to(config.device)
        step = GhnerfStep(self.model, config.weights, perceptual)
        self.losses = self.workers.wrap(step, self.optimizer)
        # Every worker draws its own moments.
        self.generator = torch.Generator().manual_seed(config.seed + 7919 * self.workers.rank)
        self.step = 0

    @property
    def checkpoint_path(self) -> Path:
        """Where the run is kept."""
        return self.config.out / "checkpoint.pt"

    def save(self) -> None:
        """Write the run's state atomically; of several workers the first one does."""
        if self.workers.rank:
            return
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
            "step": self.step,
        }
        with atomic_path(self.checkpoint_path) as partial:
            torch.save(state, partial)

    def load(self) -> None:
        """Go on from the run folder's checkpoint.

        Raises:
            CheckpointError: it cannot be read, or is of another method.
        """
        try:
            state = torch.load(self.checkpoint_path, weights_only=True, map_location="cpu")
            self.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.generator.set_state(state["generator"])
            self.step = state["step"]
        except (OSError, RuntimeError, KeyError, ValueError, UnpicklingError) as error:
            raise CheckpointError(
                f"{self.checkpoint_path} does not fit this run ({str(error).splitlines()[0]}); "
                "resume with the same --row and --targets, or choose another --out."
            ) from error
        if self.workers.rank:
            self.generator.manual_seed(self.config.seed + 7919 * self.workers.rank + self.step)

    def train_step(self, moment: Moment) -> StepOutcome:
        """Take one step.

        Raises:
            NonFiniteError: a loss is not a number.
        """
        start = time.perf_counter()
        rate = self._set_rates()
        batch = draw_batch(moment, self.draw, self.body_model, self.generator)
        terms: LossTerms = self.losses(batch.to(self.workers.device))
        for name, term in terms.items():
            if not torch.isfinite(term):
                raise NonFiniteError(
                    f"the {name} loss is {term.item()} at step {self.step} ({moment.name}); resume "
                    f"from {self.checkpoint_path} with a lower --learning-rate"
                )
        total = torch.stack(list(terms.values())).sum()
        self.optimizer.zero_grad(set_to_none=True)
        self.workers.backward(total)
        nn.utils.clip_grad_value_(self.model.parameters(), LARGEST_GRADIENT)
        self.optimizer.step()
        self.step += 1
        values = {name: term.item() for name, term in terms.items()}
        seconds = time.perf_counter() - start
        return StepOutcome(self.step, values, rate, seconds)

    def _set_rates(self) -> float:
        for group in self.optimizer.param_groups:
            rate = learning_rate_at(self.step, group["first_lr"], self.config.halve_every)
            group["lr"] = rate
        return learning_rate_at(self.step, self.config.learning_rate, self.config.halve_every)


def begin(config: GhnerfTrainingConfig) -> Ghnerf:
    """Make the network, with the weights to start from if there are any.

    Raises:
        CheckpointError: the weights cannot be read, or pretrained ones not be downloaded.
    """
    model = Ghnerf(network_config(config))
    if config.start is not None:
        take_over(model, load_ghnerf(config.start), config.start)
    if config.encoder is not None:
        if model.human_encoder is None:
            raise CheckpointError(
                f"--encoder is {config.encoder}, but this method has no human encoder; leave it "
                "out, or choose a --row of GHNeRF."
            )
        load_into_encoder(model.human_encoder, model.config, config.encoder)
    return model.to(config.device)


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


def parameter_groups(model: Ghnerf, config: GhnerfTrainingConfig) -> list[dict[str, Any]]:
    """Split off the human encoder's backbone, which learns at a rate of its own."""
    backbone, others = [], []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            is_backbone = name.startswith("human_encoder.") and ".backbone." in name
            (backbone if is_backbone else others).append(parameter)
    groups = [(others, config.learning_rate), (backbone, encoder_rate(config))]
    return [{"params": params, "lr": rate, "first_lr": rate} for params, rate in groups if params]


def train_ghnerf(config: GhnerfTrainingConfig) -> Iterator[StepOutcome]:
    """Train step by step; writes checkpoints, a log and weights into the run folder.

    Raises:
        DatasetError: no moments to train or validate on.
        CheckpointError: the weights to begin with cannot be used.
        MissingDependencyError: several devices without lightning.
        NonFiniteError: a loss stopped being a number.
    """
    trainer = GhnerfTrainer(config)
    moments = taught_moments(read_moments(config.data), config.teacher)
    val_moments = read_moments(config.val, config.val_moments)[: config.val_moments]
    config.out.mkdir(parents=True, exist_ok=True)
    if config.resume and trainer.checkpoint_path.is_file():
        trainer.load()
    logger.info("%d moments, %d to validate on", len(moments), len(val_moments))
    try:
        yield from _steps(trainer, moments, val_moments)
    finally:
        # Also when the caller stops: nothing learnt is lost.
        trainer.save()


def _steps(
    trainer: GhnerfTrainer, moments: list[Moment], val_moments: list[Moment]
) -> Iterator[StepOutcome]:
    config = trainer.config
    while trainer.step < config.steps:
        moment = moments[int(torch.randint(len(moments), (1,), generator=trainer.generator))]
        snapshot = trainer.train_step(moment)
        if snapshot.step % config.checkpoint_every == 0:
            trainer.save()
        is_last = snapshot.step == config.steps
        if (snapshot.step % config.validate_every == 0 or is_last) and not trainer.workers.rank:
            _validate(trainer, val_moments, snapshot)
        yield snapshot


def _validate(trainer: GhnerfTrainer, moments: list[Moment], snapshot: StepOutcome) -> None:
    out, step = trainer.config.out, trainer.step
    scores = validate_ghnerf(trainer.model, moments, trainer.draw, out / f"val_{step:06d}.png")
    entry = {"step": step, **asdict(scores), "losses": snapshot.losses}
    with (out / "log.jsonl").open("a") as log:
        log.write(json.dumps(entry) + "\n")
    logger.info("step %d: %s", step, scores)
    notes = {name: f"{value:.5g}" for name, value in asdict(scores).items() if value is not None}
    save_ghnerf(trainer.model, out / "ghnerf.safetensors", {"step": str(step), **notes})
