"""Weights of GHNeRF on disk: safetensors with the configuration in the header."""

import dataclasses
import json
from pathlib import Path

import torch

from neuhmr.ghnerf.network.config import config_from_json
from neuhmr.ghnerf.network.model import Ghnerf
from neuhmr.weights_file import WeightsKind, file_digest, read_tensors

OPEN_WEIGHTS_PATH = Path(__file__).parents[1] / "weights" / "open.safetensors"
KIND = WeightsKind("neuhmr-ghnerf", "neuhmr train ghnerf", "--checkpoint")


def save_ghnerf(model: Ghnerf, path: Path, notes: dict[str, str], half: bool = True) -> None:
    """Write weights, configuration and notes (how they were trained) atomically.

    Args:
        model: the network.
        path: a `.safetensors` file.
        notes: free text for the header.
        half: store matrices and kernels as 16-bit numbers; they are read back as 32-bit.
    """
    config = json.dumps(dataclasses.asdict(model.config))
    KIND.write(path, model.state_dict(), notes | {"config": config}, half)


def read_ghnerf_header(path: Path) -> dict[str, str]:
    """Read the notes and the configuration of a weights file.

    Raises:
        CheckpointError: the file is missing or no GHNeRF checkpoint of this program.
    """
    return KIND.read_header(path)


def load_ghnerf(source: Path | str = "open", device: torch.device | str = "cpu") -> Ghnerf:
    """Load GHNeRF for inference, its weights frozen.

    Args:
        source: a weights file, or `open` for the shipped weights.
        device: to load to.

    Raises:
        CheckpointError: the file is missing, damaged, or does not fit its own configuration.
    """
    path = _path_of(source)
    header = KIND.read_header(path)
    with KIND.fitting(path):
        model = Ghnerf(config_from_json(header["config"]))
        model.load_state_dict(read_tensors(path))
    return model.to(device).eval().requires_grad_(False)


def ghnerf_digest(source: Path | str = "open") -> str:
    """First 16 hex digits of a weights file's SHA-256, for reports."""
    return file_digest(_path_of(source))


def _path_of(source: Path | str) -> Path:
    return OPEN_WEIGHTS_PATH if source == "open" else Path(source)
