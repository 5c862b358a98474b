"""Weights of the motion prior on disk: safetensors with the configuration in the header."""

import dataclasses
import functools
import json
from pathlib import Path

import torch

from neuhmr.motion_prior.network import MotionPrior, MotionPriorConfig
from neuhmr.weights_file import WeightsKind, read_tensors

MOTION_PRIOR_PATH = Path(__file__).parent / "weights" / "motion_prior.safetensors"
"""Knows the errors of estimators of all kinds."""
LANDMARK_PRIOR_PATH = MOTION_PRIOR_PATH.with_name("landmark_prior.safetensors")
"""Knows those of `neuhmr init`, which fits landmarks."""
KIND = WeightsKind("neuhmr-motion-prior", "neuhmr train motion-prior", "--start")


def save_motion_prior(prior: MotionPrior, path: Path, notes: dict[str, str]) -> None:
    """Write weights, configuration and notes (how they were trained) atomically."""
    config = json.dumps(dataclasses.asdict(prior.config))
    KIND.write(path, prior.state_dict(), notes | {"config": config})


def load_motion_prior(path: Path | None = None, device: torch.device | str = "cpu") -> MotionPrior:
    """Load a prior, its weights frozen; without a path, the shipped one.

    Raises:
        CheckpointError: the file is missing, damaged, or does not fit its own configuration.
    """
    return _load(MOTION_PRIOR_PATH if path is None else path, str(device))


def load_landmark_prior(device: torch.device | str = "cpu") -> MotionPrior:
    """Load the shipped prior for first poses that `neuhmr init` fits, its weights frozen."""
    return load_motion_prior(LANDMARK_PRIOR_PATH, device)


@functools.lru_cache(maxsize=4)
def _load(source: Path, device: str) -> MotionPrior:
    header = KIND.read_header(source)
    with KIND.fitting(source):
        prior = MotionPrior(MotionPriorConfig(**json.loads(header["config"])))
        prior.load_state_dict(read_tensors(source))
    return prior.to(device).eval().requires_grad_(False)
