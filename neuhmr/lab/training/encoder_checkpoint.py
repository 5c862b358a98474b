"""Weights of a human encoder that learnt on single pictures, for GHNeRF to begin with."""

import json
from pathlib import Path

import torch
from torch import Tensor, nn

from neuhmr.errors import CheckpointError
from neuhmr.ghnerf.clips.clip_heatmaps import ClipHeatmaps
from neuhmr.ghnerf.network.config import GhnerfConfig
from neuhmr.ghnerf.network.heads import HIDDEN_CHANNELS
from neuhmr.ghnerf.network.human_encoder import HumanEncoder
from neuhmr.ghnerf.network.model import Ghnerf
from neuhmr.weights_file import WeightsKind, read_tensors

KIND = WeightsKind("neuhmr-human-encoder", "neuhmr train human-encoder", "--encoder")


def save_human_encoder(
    encoder: HumanEncoder,
    heads: nn.ModuleList,
    config: GhnerfConfig,
    path: Path,
    notes: dict[str, str],
) -> None:
    """Write weights (16-bit), their shape and notes atomically.

    Args:
        encoder: the encoder.
        heads: what reads its features, one per kind in the configuration.
        config: of both.
        path: a `.safetensors` file.
        notes: free text for the header.
    """
    state = {f"encoder.{name}": tensor for name, tensor in encoder.state_dict().items()}
    for head, kind in zip(heads, config.feature_heads, strict=True):
        state |= {f"{kind.kind}.{name}": tensor for name, tensor in head.state_dict().items()}
    header = {"encoder": json.dumps([config.human_encoder, config.human_channels])}
    KIND.write(path, state, notes | header)


def begin_with_encoder(model: Ghnerf, path: Path) -> None:
    """Fill a model's human encoder, and let its heads read h as those beside the encoder did.

    What the heads make of f_n begins at zero: the model says of a sample what the pictures say of
    its pixels, until training tells it better.

    Args:
        model: is changed.
        path: weights written by `save_human_encoder`.

    Raises:
        CheckpointError: the file is missing, damaged, or of another kind of encoder; or the model
            has no human encoder.
    """
    if model.human_encoder is None:
        raise CheckpointError(
            f"{path} is for a human encoder, and this method has none; leave {KIND.option} out, or "
            "choose a --row of GHNeRF"
        )
    state = _read_state(model.config, path)
    with KIND.fitting(path):
        model.human_encoder.load_state_dict(_below(state, "encoder"))
        for level in (model.coarse, model.fine):
            for head, kind in zip(
                level.heads.feature_heads, model.config.feature_heads, strict=True
            ):
                if model.config.human_pooling != "agg16":
                    _read_h_alike(head, _below(state, kind.kind), HIDDEN_CHANNELS)


def begin_clip_with_encoder(model: ClipHeatmaps, path: Path) -> None:
    """Fill the encoder of a clip's heatmaps, and let the head read h as `begin_with_encoder` does.

    Args:
        model: is changed.
        path: weights written by `save_human_encoder`.

    Raises:
        CheckpointError: the file is missing, damaged, or of another kind of encoder.
    """
    state = _read_state(model.config, path)
    with KIND.fitting(path):
        model.encoder.load_state_dict(_below(state, "encoder"))
        _read_h_alike(model.head, _below(state, "heatmaps"), model.hidden_channels)


def load_human_encoder(
    encoder: HumanEncoder, heads: nn.ModuleList, config: GhnerfConfig, path: Path
) -> None:
    """Fill an encoder and the heads beside it, as they were saved.

    Raises:
        CheckpointError: the file is missing, damaged, or of another kind of encoder.
    """
    state = _read_state(config, path)
    with KIND.fitting(path):
        encoder.load_state_dict(_below(state, "encoder"))
        for head, kind in zip(heads, config.feature_heads, strict=True):
            head.load_state_dict(_below(state, kind.kind))


def _read_state(config: GhnerfConfig, path: Path) -> dict[str, Tensor]:
    header = KIND.read_header(path)
    wanted = [config.human_encoder, config.human_channels]
    with KIND.fitting(path):
        found = json.loads(header["encoder"])
    if found != wanted:
        raise CheckpointError(
            f"{path} holds the encoder {found[0]} with {found[1]} channels, expected {wanted[0]} "
            f"with {wanted[1]}; train one with `{KIND.command}` for the same --row"
        )
    return read_tensors(path)


def _read_h_alike(head: nn.Module, given: dict[str, Tensor], column: int) -> None:
    """Fill a head so that it only looks at the columns of h, the first of which is named."""
    if given:
        weight = given["0.weight"]
        first = torch.zeros_like(head.state_dict()["0.weight"])
        first[:, column : column + weight.shape[1]] = weight
        head.load_state_dict(given | {"0.weight": first})


def _below(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {n.removeprefix(f"{prefix}."): t for n, t in state.items() if n.startswith(f"{prefix}.")}
