"""Training of the encoder that finds joints again; the rest of the GHN stays as it is."""

import json
import logging
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.model_files import load_body_model
from neuhmr.clip.atomic import atomic_path
from neuhmr.errors import CheckpointError, NonFiniteError
from neuhmr.ghn.checkpoint import load_ghn, save_ghn
from neuhmr.ghn.matching_encoder import MatchingEncoder
from neuhmr.people.training_person import read_training_person
from neuhmr.training.matching_batches import (
    MatchingPerson,
    draw_matching_batch,
    prepare_matching_person,
)
from neuhmr.training.matching_loss import matching_loss
from neuhmr.training.people_files import people_files

logger = logging.getLogger(__name__)

FINAL_SHARE = 0.02
"""The learning rate ends at this share of its initial value."""


@dataclass(frozen=True, kw_only=True)
class MatchingTrainingConfig:
    """How matching features are trained."""

    data: Path
    """Folder of training people, written by `neuhmr people --preset train`."""
    val: Path
    """Folder of validation people, written by `neuhmr people --preset val`."""
    out: Path
    """Run folder: checkpoint, log, weights."""
    start: Path | None = None
    """Weights to begin with, those of the rendering among them; the shipped ones if None."""
    steps: int = 10_000
    """Optimization steps."""
    learning_rate: float = 1e-3
    """Initial rate of AdamW; falls along a cosine."""
    weight_decay: float = 1e-2
    """AdamW's weight decay."""
    warmup: int = 100
    """Steps over which the rate rises from zero."""
    frames: int = 6
    """Pictures of one person per step; each is searched for what the others register."""
    validate_every: int = 500
    """Steps between validations."""
    checkpoint_every: int = 250
    """Steps between checkpoints."""
    val_people: int = 8
    """People validated on."""
    resume: bool = False
    """Go on from the run folder's checkpoint."""
    seed: int = 0
    """Seed of every draw."""
    device: str = "cpu"
    """Where to train."""


@dataclass(frozen=True)
class MatchingSnapshot:
    """One step's outcome."""

    step: int
    registered_loss: float
    """Cross-entropy with descriptors registered in other pictures."""
    prototype_loss: float
    """Cross-entropy with the prototypes alone."""
    learning_rate: float
    seconds: float


def matching_rate_at(step: int, config: MatchingTrainingConfig) -> float:
    """Cosine from the initial rate to a fiftieth of it, after a linear warm-up."""
    wave = 0.5 * (1.0 + math.cos(math.pi * min(step / max(config.steps, 1), 1.0)))
    share = FINAL_SHARE + (1.0 - FINAL_SHARE) * wave
    return config.learning_rate * share * min(1.0, (step + 1) / max(config.warmup, 1))


def load_matching_people(folder: Path, limit: int | None = None) -> list[MatchingPerson]:
    """Read and prepare the people of a folder.

    Raises:
        DatasetError: the folder holds none.
    """
    paths, model = people_files(folder, limit), load_body_model()
    return [prepare_matching_person(read_training_person(path), model) for path in paths]


class MatchingTrainer:
    """Network, optimizer and random state of one run; everything that resuming needs."""

    def __init__(self, config: MatchingTrainingConfig) -> None:
        torch.manual_seed(config.seed)
        self.config = config
        self.ghn = load_ghn(config.start, config.device)
        if self.ghn.matcher is None:
            raise CheckpointError(
                f"{config.start} has no matching encoder, one is needed to train it; choose "
                "weights of the `open` preset"
            )
        self.encoder: MatchingEncoder = self.ghn.matcher.requires_grad_(True).train()
        self.optimizer = torch.optim.AdamW(
            self.encoder.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self.generator = torch.Generator().manual_seed(config.seed)
        self.step = 0

    @property
    def checkpoint_path(self) -> Path:
        """Where the run is kept."""
        return self.config.out / "matching_checkpoint.pt"

    def save(self) -> None:
        """Write the run's state atomically."""
        state = {
            "encoder": self.encoder.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
            "step": self.step,
        }
        with atomic_path(self.checkpoint_path) as partial:
            torch.save(state, partial)

    def load(self) -> None:
        """Go on from the run folder's checkpoint."""
        state = torch.load(self.checkpoint_path, weights_only=True, map_location="cpu")
        self.encoder.load_state_dict(state["encoder"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.generator.set_state(state["generator"])
        self.step = state["step"]

    def losses(self, person: MatchingPerson, generator: torch.Generator) -> Float[Tensor, "2"]:
        """Draw a batch of one person and try to match it."""
        batch = draw_matching_batch(person, self.config.frames, generator).to(self.config.device)
        features = self.encoder(batch.images)
        return matching_loss(features, self.encoder.prototypes, batch, generator)

    def train_step(self, person: MatchingPerson) -> MatchingSnapshot:
        """Take one step.

        Raises:
            NonFiniteError: the loss is not a number.
        """
        start = time.perf_counter()
        rate = matching_rate_at(self.step, self.config)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        losses = self.losses(person, self.generator)
        if not torch.isfinite(losses).all():
            raise NonFiniteError(
                f"the matching loss is {losses.tolist()} at step {self.step}; resume from "
                f"{self.checkpoint_path} with a lower --learning-rate"
            )
        self.optimizer.zero_grad(set_to_none=True)
        losses.sum().backward()
        torch.nn.utils.clip_grad_norm_(self.encoder.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        registered, typical = losses.tolist()
        return MatchingSnapshot(self.step, registered, typical, rate, time.perf_counter() - start)


def train_matching(config: MatchingTrainingConfig) -> Iterator[MatchingSnapshot]:
    """Train step by step; writes checkpoints, a log and complete weights into the run folder.

    Raises:
        DatasetError: no people to train or validate on.
        CheckpointError: the weights to start with cannot be used.
        NonFiniteError: a loss stopped being a number.
    """
    trainer = MatchingTrainer(config)
    people = load_matching_people(config.data)
    val_people = load_matching_people(config.val, config.val_people)
    config.out.mkdir(parents=True, exist_ok=True)
    if config.resume and trainer.checkpoint_path.is_file():
        trainer.load()
    logger.info("%d people, %d to validate on", len(people), len(val_people))
    try:
        while trainer.step < config.steps:
            draw = torch.randint(len(people), (1,), generator=trainer.generator)
            snapshot = trainer.train_step(people[int(draw)])
            if snapshot.step % config.checkpoint_every == 0:
                trainer.save()
            if snapshot.step % config.validate_every == 0 or snapshot.step == config.steps:
                _validate(trainer, val_people)
            yield snapshot
    finally:
        # Also when the caller stops: nothing learnt is lost.
        trainer.save()


@torch.no_grad()
def _validate(trainer: MatchingTrainer, people: list[MatchingPerson]) -> None:
    """Log the loss of the same draws each time, and write weights."""
    generator = torch.Generator().manual_seed(0)
    losses = torch.stack([trainer.losses(person, generator) for person in people]).mean(dim=0)
    registered, typical = (round(loss, 4) for loss in losses.tolist())
    entry = {"step": trainer.step, "registered_loss": registered, "prototype_loss": typical}
    with (trainer.config.out / "matching_log.jsonl").open("a") as log:
        log.write(json.dumps(entry) + "\n")
    logger.info("step %d: loss %.3f, of prototypes %.3f", trainer.step, registered, typical)
    notes = {"matching_step": str(trainer.step), "matching_loss": str(registered)}
    save_ghn(trainer.ghn, trainer.config.out / "ghn.safetensors", notes)
