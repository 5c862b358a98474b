"""Weights of a human encoder that learnt on single pictures, for GHNeRF to begin with."""

import json
from pathlib import Path

from neuhmr.errors import CheckpointError
from neuhmr.ghnerf.config import GhnerfConfig
from neuhmr.ghnerf.human_encoder import HumanEncoder
from neuhmr.weights_file import WeightsKind, read_tensors

KIND = WeightsKind("neuhmr-human-encoder", "neuhmr train human-encoder", "--encoder")


def save_human_encoder(
    encoder: HumanEncoder, config: GhnerfConfig, path: Path, notes: dict[str, str]
) -> None:
    """Write weights (16-bit), the encoder's shape and notes atomically."""
    header = {"encoder": json.dumps([config.human_encoder, config.human_channels])}
    KIND.write(path, encoder.state_dict(), notes | header)


def load_into_encoder(encoder: HumanEncoder, config: GhnerfConfig, path: Path) -> None:
    """Fill an encoder with weights of the same kind of encoder.

    Args:
        encoder: is changed.
        config: of the model that it belongs to.
        path: weights written by `save_human_encoder`.

    Raises:
        CheckpointError: the file is missing, damaged, or of another kind of encoder.
    """
    header = KIND.read_header(path)
    wanted = [config.human_encoder, config.human_channels]
    with KIND.fitting(path):
        found = json.loads(header["encoder"])
    if found != wanted:
        raise CheckpointError(
            f"{path} holds the encoder {found[0]} with {found[1]} channels, expected {wanted[0]} "
            f"with {wanted[1]}; train one with `{KIND.command} --encoder {wanted[0]}`"
        )
    with KIND.fitting(path):
        encoder.load_state_dict(read_tensors(path))
