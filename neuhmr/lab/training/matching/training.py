"""Training of the encoder that finds joints again; the rest of the GHN stays as it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from torch import Tensor

from neuhmr.errors import CheckpointError
from neuhmr.ghn.checkpoint import load_ghn, save_ghn
from neuhmr.ghn.matching_encoder import MatchingEncoder
from neuhmr.lab.training.matching.batches import (
    MatchingPerson,
    draw_matching_batch,
    prepare_matching_person,
)
from neuhmr.lab.training.matching.loss import matching_loss
from neuhmr.lab.training.mixed_precision import narrow
from neuhmr.lab.training.people_files import prepared_people
from neuhmr.lab.training.run import StepOutcome, TrainingRun, draw_one, run_steps
from neuhmr.lab.training.run_config import CosineRunConfig, cosine_rate


@dataclass(frozen=True, kw_only=True)
class MatchingTrainingConfig(CosineRunConfig):
    """How matching features are trained."""

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
    val_people: int = 8
    """People validated on."""


def load_matching_people(folder: Path, limit: int | None = None) -> list[MatchingPerson]:
    """Read and prepare the people of a folder.

    Raises:
        DatasetError: the folder holds none.
    """
    return prepared_people(folder, prepare_matching_person, limit)


def train_matching(config: MatchingTrainingConfig) -> Iterator[StepOutcome]:
    """Train step by step; writes checkpoints, a log and complete weights into the run folder.

    Raises:
        DatasetError: no people to train or validate on.
        CheckpointError: the weights to start with cannot be used.
        NonFiniteError: a loss stopped being a number.
    """
    torch.manual_seed(config.seed)
    ghn = load_ghn(config.start, config.device)
    if ghn.matcher is None:
        raise CheckpointError(
            f"{config.start} has no matching encoder, one is needed to train it; choose weights of "
            "the `open` preset"
        )
    encoder: MatchingEncoder = ghn.matcher.requires_grad_(True).train()
    optimizer = torch.optim.AdamW(
        encoder.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    run = TrainingRun(encoder, optimizer, config, "matching_")
    if config.mixed:
        narrow(encoder, config.device)
    people = load_matching_people(config.data)
    val_people = load_matching_people(config.val, config.val_people)
    run.begin(people, val_people, "people")

    def losses() -> dict[str, Tensor]:
        person = draw_one(people, run.generator)
        return person_losses(encoder, person, config, run.generator)

    def validate() -> None:
        ghn.matcher = cast(MatchingEncoder, run.result)
        notes = run.report(_validate(ghn.matcher, val_people, config))
        save_ghn(ghn, config.out / "ghn.safetensors", notes)

    yield from run_steps(run, losses, cosine_rate(config), validate)


def person_losses(
    encoder: MatchingEncoder,
    person: MatchingPerson,
    config: MatchingTrainingConfig,
    generator: torch.Generator,
) -> dict[str, Tensor]:
    """Draw a batch of one person and try to match it.

    Returns the cross-entropy with descriptors registered in other pictures, and that with the
    prototypes alone.
    """
    batch = draw_matching_batch(person, config.frames, generator).to(config.device)
    registered, prototype = matching_loss(
        encoder(batch.images), encoder.prototypes, batch, generator
    )
    return {"registered": registered, "prototype": prototype}


@torch.no_grad()
def _validate(
    encoder: MatchingEncoder, people: list[MatchingPerson], config: MatchingTrainingConfig
) -> dict[str, float]:
    """Average the losses of the same draws each time."""
    generator, was_training = torch.Generator().manual_seed(0), encoder.training
    encoder.eval()
    rows = [person_losses(encoder, person, config, generator) for person in people]
    encoder.train(was_training)
    return {
        f"{name}_loss": round(sum(row[name].item() for row in rows) / len(rows), 4)
        for name in rows[0]
    }
