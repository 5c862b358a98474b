"""Weights on disk: safetensors with the configuration and the training's notes in the header."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from neuhmr.clip.atomic import atomic_path
from neuhmr.errors import CheckpointError

VERSION = "1"


@dataclass(frozen=True)
class WeightsKind:
    """One kind of weights file."""

    format: str
    """What the header says that it is."""
    command: str
    """What writes such files, for messages."""
    option: str
    """Which option of the command line takes such files, for messages."""

    def write(
        self,
        path: Path,
        state: Mapping[str, Tensor],
        header: Mapping[str, str],
        half: bool = True,
    ) -> None:
        """Write tensors and a header atomically.

        Args:
            path: a `.safetensors` file; its folder is made if it is missing.
            state: tensors by name.
            header: free text; `format` and `version` are added.
            half: store matrices and kernels as 16-bit numbers. Vectors stay as they are: they take
                no room, and variances of norms span too many powers of ten.
        """
        tensors = {name: _stored(tensor, half) for name, tensor in state.items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path, SafetensorError) as partial:
            save_file(
                tensors,
                partial,
                metadata={**header, "format": self.format, "version": VERSION},
            )

    def read_header(self, path: Path) -> dict[str, str]:
        """Read what a file says about itself.

        Raises:
            CheckpointError: the file is missing, damaged or of another kind.
        """
        if not path.is_file():
            raise CheckpointError(
                f"no weights at {path}; pass {self.option} with a .safetensors file, or train one "
                f"with `{self.command}`"
            )
        try:
            with safe_open(path, framework="pt") as file:
                header = dict(file.metadata() or {})
        except (SafetensorError, OSError) as error:
            raise CheckpointError(
                f"{path} is not a safetensors file ({error}); expected weights written by "
                f"`{self.command}`"
            ) from error
        if header.get("format") != self.format:
            raise CheckpointError(
                f"{path} holds format {header.get('format')!r}, expected {self.format!r}; choose "
                f"weights written by `{self.command}`"
            )
        if header.get("version") != VERSION:
            raise CheckpointError(
                f"{path} is of version {header.get('version')!r}, {VERSION!r} was expected; choose "
                f"weights written by `{self.command}` of this program"
            )
        return header

    @contextmanager
    def fitting(self, path: Path) -> Iterator[None]:
        """Put into words that a file's content does not fit what is built from it.

        Raises:
            CheckpointError: instead of what building and filling a network raises.
        """
        try:
            yield
        except (KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
            first_line = str(error).split("\n")[0]
            raise CheckpointError(
                f"{path} does not fit this version ({first_line}); train again with "
                f"`{self.command}` or use the shipped weights"
            ) from error


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read all tensors of a file; 16-bit numbers come back as 32-bit."""
    with safe_open(path, framework="pt") as file:
        state = {name: file.get_tensor(name) for name in file.keys()}
    return {name: t.float() if t.is_floating_point() else t for name, t in state.items()}


def file_digest(path: Path) -> str:
    """First 16 hex digits of a file's SHA-256, for reports."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _stored(tensor: Tensor, half: bool) -> Tensor:
    kept = tensor.detach().cpu().contiguous()
    return kept.to(torch.float16) if half and kept.ndim > 1 and kept.is_floating_point() else kept
