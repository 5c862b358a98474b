"""Weights of the GHN on disk: safetensors with the configuration in the header."""

import dataclasses
import hashlib
import json
import os
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from neuhmr.errors import CheckpointError
from neuhmr.ghn.config import GhnConfig
from neuhmr.ghn.model import Ghn

OPEN_WEIGHTS_PATH = Path(__file__).parent / "weights" / "open.safetensors"
FORMAT = "neuhmr-ghn"


def save_ghn(ghn: Ghn, path: Path, notes: dict[str, str], half: bool = True) -> None:
    """Write weights, configuration and notes (how they were trained) atomically.

    Args:
        ghn: the network.
        path: a `.safetensors` file.
        notes: free text for the header.
        half: store 16-bit numbers; they are read back as 32-bit.
    """
    dtype = torch.float16 if half else torch.float32
    tensors = {
        name: t.detach().cpu().to(dtype).contiguous() for name, t in ghn.state_dict().items()
    }
    header = {
        "format": FORMAT,
        "version": "1",
        "config": json.dumps(dataclasses.asdict(ghn.config)),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    save_file(tensors, partial, metadata=notes | header)
    os.replace(partial, path)


def read_checkpoint_header(path: Path) -> dict[str, str]:
    """Read the notes and the configuration of a weights file.

    Raises:
        CheckpointError: the file is missing or no GHN checkpoint of this program.
    """
    if not path.is_file():
        raise CheckpointError(
            f"no weights at {path}; pass --checkpoint with a .safetensors file, or train one with "
            "`neuhmr train ghn`"
        )
    try:
        with safe_open(path, framework="pt") as file:
            header = dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path} is not a safetensors file ({error}); expected weights written by "
            "`neuhmr train ghn`"
        ) from error
    if header.get("format") != FORMAT:
        raise CheckpointError(
            f"{path} holds format {header.get('format')!r}, expected {FORMAT!r}; choose weights "
            "written by `neuhmr train ghn`"
        )
    return header


def load_ghn(path: Path | None = None, device: torch.device | str = "cpu") -> Ghn:
    """Load a GHN for inference, its weights frozen; without a path, the shipped open weights.

    Raises:
        CheckpointError: the file is missing, damaged, or does not fit its own configuration.
    """
    source = OPEN_WEIGHTS_PATH if path is None else path
    header = read_checkpoint_header(source)
    try:
        fields = json.loads(header["config"])
        fields["sampled_levels"] = tuple(fields["sampled_levels"])
        ghn = Ghn(GhnConfig(**fields))
        with safe_open(source, framework="pt") as file:
            state = {name: file.get_tensor(name).float() for name in file.keys()}
        ghn.load_state_dict(state)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        first_line = str(error).split("\n")[0]
        raise CheckpointError(
            f"{source} does not fit this version ({first_line}); train again with "
            "`neuhmr train ghn` or use the shipped weights"
        ) from error
    return ghn.to(device).eval().requires_grad_(False)


def weights_digest(path: Path | None = None) -> str:
    """First 16 hex digits of a weights file's SHA-256, for reports."""
    source = OPEN_WEIGHTS_PATH if path is None else path
    return hashlib.sha256(source.read_bytes()).hexdigest()[:16]


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
