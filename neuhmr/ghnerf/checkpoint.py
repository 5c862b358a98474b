"""Weights of GHNeRF on disk: safetensors with the configuration in the header."""

import dataclasses
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from neuhmr.errors import CheckpointError
from neuhmr.ghnerf.config import FeatureHead, GhnerfConfig, LevelConfig
from neuhmr.ghnerf.model import Ghnerf

OPEN_WEIGHTS_PATH = Path(__file__).parent / "weights" / "open.safetensors"
FORMAT = "neuhmr-ghnerf"


def save_ghnerf(model: Ghnerf, path: Path, notes: dict[str, str], half: bool = True) -> None:
    """Write weights, configuration and notes (how they were trained) atomically.

    Args:
        model: the network.
        path: a `.safetensors` file.
        notes: free text for the header.
        half: store matrices and kernels as 16-bit numbers; they are read back as 32-bit. Vectors
            stay as they are: they take no room, and variances of norms span too many powers of ten.
    """

    def stored(tensor: Tensor) -> Tensor:
        kept = tensor.detach().cpu().contiguous()
        return kept.half() if half and kept.ndim > 1 and kept.is_floating_point() else kept

    header = {
        "format": FORMAT,
        "version": "1",
        "config": json.dumps(dataclasses.asdict(model.config)),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    tensors = {name: stored(tensor) for name, tensor in model.state_dict().items()}
    save_file(tensors, partial, metadata=notes | header)
    os.replace(partial, path)


def read_ghnerf_header(path: Path) -> dict[str, str]:
    """Read the notes and the configuration of a weights file.

    Raises:
        CheckpointError: the file is missing or no GHNeRF checkpoint of this program.
    """
    if not path.is_file():
        raise CheckpointError(
            f"no weights at {path}; pass --checkpoint with a .safetensors file, or train one with "
            "`neuhmr train ghnerf`"
        )
    try:
        with safe_open(path, framework="pt") as file:
            header = dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path} is not a safetensors file ({error}); expected weights written by "
            "`neuhmr train ghnerf`"
        ) from error
    if header.get("format") != FORMAT:
        raise CheckpointError(
            f"{path} holds format {header.get('format')!r}, expected {FORMAT!r}; choose weights "
            "written by `neuhmr train ghnerf`"
        )
    return header


def load_ghnerf(source: Path | str = "open", device: torch.device | str = "cpu") -> Ghnerf:
    """Load GHNeRF for inference, its weights frozen.

    Args:
        source: a weights file, or `open` for the shipped weights.
        device: to load to.

    Raises:
        CheckpointError: the file is missing, damaged, or does not fit its own configuration.
    """
    path = OPEN_WEIGHTS_PATH if source == "open" else Path(source)
    header = read_ghnerf_header(path)
    try:
        model = Ghnerf(_config_from_json(header["config"]))
        with safe_open(path, framework="pt") as file:
            state = {name: file.get_tensor(name) for name in file.keys()}
        model.load_state_dict(
            {name: t.float() if t.is_floating_point() else t for name, t in state.items()}
        )
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        first_line = str(error).split("\n")[0]
        raise CheckpointError(
            f"{path} does not fit this version ({first_line}); train again with "
            "`neuhmr train ghnerf` or use the shipped weights"
        ) from error
    return model.to(device).eval().requires_grad_(False)


def ghnerf_digest(source: Path | str = "open") -> str:
    """First 16 hex digits of a weights file's SHA-256, for reports."""
    path = OPEN_WEIGHTS_PATH if source == "open" else Path(source)
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _config_from_json(text: str) -> GhnerfConfig:
    """Read a configuration; the weights are in the file, so nothing is to be downloaded."""
    fields: dict[str, Any] = json.loads(text)
    fields["feature_heads"] = tuple(FeatureHead(**head) for head in fields["feature_heads"])
    for level in ("coarse", "fine"):
        fields[level] = LevelConfig(**fields[level])
    fields["pretrained"] = False
    return GhnerfConfig(**fields)
