"""The rows of GHNeRF's tables and the weights behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from neuhmr.errors import CheckpointError, NeuhmrError
from neuhmr.ghnerf.network.checkpoint import OPEN_WEIGHTS_PATH, load_ghnerf
from neuhmr.ghnerf.network.config import GhnerfConfig
from neuhmr.ghnerf.network.model import Ghnerf

NETWORK_ROWS: tuple[str, ...] = (
    "ENeRF", "ENeRF+heatmap", "GHNeRF+ResNet18", "GHNeRF+ResNet34", "GHNeRF+DINO",
)  # fmt: skip
"""Rows that need weights."""
MEDIAPIPE, ZERO = "MediaPipe", "zero predictor"
ROWS: tuple[str, ...] = (*NETWORK_ROWS, MEDIAPIPE, ZERO)

_ENCODERS = {
    "resnet18": "GHNeRF+ResNet18", "resnet34": "GHNeRF+ResNet34", "dino_vits8": "GHNeRF+DINO",
}  # fmt: skip


@dataclass(frozen=True)
class NetworkRow:
    """A row and its network."""

    name: str
    model: Ghnerf
    checkpoint: str
    """File name of the weights."""


def row_of(config: GhnerfConfig) -> str:
    """Tell which row a configuration belongs to."""
    if config.human_encoder in _ENCODERS:
        return _ENCODERS[config.human_encoder]
    heads = any(head.kind == "heatmaps" for head in config.feature_heads)
    return "ENeRF+heatmap" if heads else "ENeRF"


def require_rows(rows: Sequence[str]) -> tuple[str, ...]:
    """Check the names of rows; none stands for all.

    Raises:
        NeuhmrError: a row has no such name.
    """
    for row in rows:
        if row not in ROWS:
            raise NeuhmrError(f'There is no row "{row}"; rows are {", ".join(ROWS)}.')
    return tuple(rows) or ROWS


def parse_checkpoints(words: Sequence[str]) -> dict[str, Path]:
    """Read `row=path` words.

    Raises:
        NeuhmrError: a word has no equals sign, or names no row that needs weights.
    """
    found = {}
    for word in words:
        name, equals, path = word.partition("=")
        if not equals or name not in NETWORK_ROWS:
            raise NeuhmrError(
                f'"{word}" names no weights; expected ROW=PATH with a row of '
                f"{', '.join(NETWORK_ROWS)}."
            )
        found[name] = Path(path)
    return found


def open_rows(
    rows: Sequence[str], checkpoints: Mapping[str, Path], device: torch.device
) -> tuple[list[NetworkRow], list[str]]:
    """Load the networks of the rows that have weights; notes tell of those that have none.

    The shipped weights stand in for the row that they were trained for.

    Raises:
        CheckpointError: weights cannot be used, or belong to another row.
    """
    opened, notes = [], []
    shipped = load_ghnerf("open", device) if OPEN_WEIGHTS_PATH.is_file() else None
    for row in rows:
        if row not in NETWORK_ROWS:
            continue
        path = checkpoints.get(row)
        if path is not None:
            model = load_ghnerf(path, device)
            _require_row(row, model, path)
            opened.append(NetworkRow(row, model, path.name))
        elif shipped is not None and row_of(shipped.config) == row:
            opened.append(NetworkRow(row, shipped, "shipped"))
        else:
            notes.append(
                f"{row} is left out: it has no weights; train some with `neuhmr train ghnerf --row "
                f'"{row}"` and pass --checkpoints "{row}=PATH".'
            )
    return opened, notes


def _require_row(row: str, model: Ghnerf, path: Path) -> None:
    found = row_of(model.config)
    if found != row:
        raise CheckpointError(
            f"{path} holds weights of {found}, those of {row} were expected; name the row that "
            "they belong to."
        )
    if row != "ENeRF" and not model.config.feature_heads:
        raise CheckpointError(
            f"{path} renders no human features, which {row} is measured by; choose weights trained "
            "for heatmaps, body parts or a surface embedding."
        )
