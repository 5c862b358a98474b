"""Weights of the GHN on disk: safetensors with the configuration in the header."""

import dataclasses
import hashlib
import json
from pathlib import Path

import torch

from neuhmr.ghn.config import GhnConfig
from neuhmr.ghn.model import Ghn
from neuhmr.weights_file import WeightsKind, file_digest, read_tensors

OPEN_WEIGHTS_PATH = Path(__file__).parent / "weights" / "open.safetensors"
KIND = WeightsKind("neuhmr-ghn", "neuhmr train ghn", "--checkpoint")


def save_ghn(ghn: Ghn, path: Path, notes: dict[str, str], half: bool = True) -> None:
    """Write weights, configuration and notes (how they were trained) atomically.

    Args:
        ghn: the network.
        path: a `.safetensors` file.
        notes: free text for the header.
        half: store matrices and kernels as 16-bit numbers; they are read back as 32-bit.
    """
    config = json.dumps(dataclasses.asdict(ghn.config))
    KIND.write(path, ghn.state_dict(), notes | {"config": config}, half)


def read_checkpoint_header(path: Path) -> dict[str, str]:
    """Read the notes and the configuration of a weights file.

    Raises:
        CheckpointError: the file is missing or no GHN checkpoint of this program.
    """
    return KIND.read_header(path)


def load_ghn(path: Path | None = None, device: torch.device | str = "cpu") -> Ghn:
    """Load a GHN for inference, its weights frozen; without a path, the shipped open weights.

    Raises:
        CheckpointError: the file is missing, damaged, or does not fit its own configuration.
    """
    source = OPEN_WEIGHTS_PATH if path is None else path
    header = KIND.read_header(source)
    with KIND.fitting(source):
        fields = json.loads(header["config"])
        fields["sampled_levels"] = tuple(fields["sampled_levels"])
        ghn = Ghn(GhnConfig(**fields))
        ghn.load_state_dict(read_tensors(source))
    return ghn.to(device).eval().requires_grad_(False)


def weights_digest(path: Path | None = None) -> str:
    """First 16 hex digits of a weights file's SHA-256, for reports."""
    return file_digest(OPEN_WEIGHTS_PATH if path is None else path)


def rendering_digest(ghn: Ghn) -> str:
    """First 16 hex digits of the SHA-256 of what renders: all weights but the matching encoder's.

    Taken over 16-bit numbers: the same before and after a network was stored.
    """
    digest = hashlib.sha256()
    for name, tensor in sorted(ghn.state_dict().items()):
        if not name.startswith("matcher."):
            digest.update(name.encode())
            digest.update(tensor.detach().cpu().half().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]
