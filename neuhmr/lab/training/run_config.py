"""What all trainings are told: their data, their length, and where they leave what."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

FINAL_SHARE = 0.02
"""Rates that fall along a cosine end at this share of their initial value."""


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """One training run."""

    data: Path
    """Folder of training people, written by `neuhmr people`."""
    val: Path
    """The same to validate on."""
    out: Path
    """Run folder: checkpoint, log, pictures, weights."""
    start: Path | None = None
    """Weights to begin with."""
    steps: int
    """Optimization steps."""
    learning_rate: float
    """Initial rate."""
    validate_every: int = 1000
    """Steps between validations."""
    checkpoint_every: int = 250
    """Steps between checkpoints."""
    seconds: float | None = None
    """Train for so long (s), reading and validating included, however many steps that are; the
    rates of all `steps` are then gone through in that time, and validation comes first, too."""
    mixed: bool = False
    """Let networks of convolutions compute in 16-bit floats while training."""
    average: float = 0.0
    """Share of a step in the running average of the weights that is kept; 0 keeps the last."""
    resume: bool = False
    """Go on from the run folder's checkpoint."""
    seed: int = 0
    """Seed of initialization and of every draw."""
    device: str = "cpu"
    """Where to train."""


@dataclass(frozen=True, kw_only=True)
class CosineRunConfig(RunConfig):
    """A run whose learning rate falls along a cosine."""

    warmup: int = 100
    """Steps over which the rate rises from zero."""


def cosine_rate(config: CosineRunConfig) -> Callable[[int], float]:
    """Let the learning rate fall along a cosine to `FINAL_SHARE` of it, after a linear warm-up.

    Returns:
        The rate by step, counted from 0.
    """

    def rate_at(step: int) -> float:
        wave = 0.5 * (1.0 + math.cos(math.pi * min(step / max(config.steps, 1), 1.0)))
        share = FINAL_SHARE + (1.0 - FINAL_SHARE) * wave
        return config.learning_rate * share * min(1.0, (step + 1) / max(config.warmup, 1))

    return rate_at
