"""Weights of the human features of clips on disk, beside the GHN's that they were trained on."""

import dataclasses
import json
from pathlib import Path

import torch

from neuhmr.body.body25 import LANDMARK_TOPOLOGY
from neuhmr.body.smpl_model import SmplModel
from neuhmr.errors import BodyModelError, CheckpointError
from neuhmr.ghn.checkpoint import rendering_digest
from neuhmr.ghn.model import Ghn
from neuhmr.ghnerf.clips.clip_heatmaps import ClipHeatmaps
from neuhmr.ghnerf.network.config import config_from_json
from neuhmr.weights_file import WeightsKind, read_tensors

CLIP_WEIGHTS_PATH = Path(__file__).parents[1] / "weights" / "clip.safetensors"
KIND = WeightsKind("neuhmr-clip-heatmaps", "neuhmr train clip-heatmaps", "--heatmaps")


def save_clip_heatmaps(model: ClipHeatmaps, ghn: Ghn, path: Path, notes: dict[str, str]) -> None:
    """Write weights (16-bit), configuration and notes atomically.

    Args:
        model: the human features.
        ghn: what they were trained on.
        path: a `.safetensors` file.
        notes: free text for the header.
    """
    header = {
        "config": json.dumps(dataclasses.asdict(model.config)),
        "hidden_channels": str(model.hidden_channels),
        "ghn": rendering_digest(ghn),
    }
    KIND.write(path, model.state_dict(), notes | header)


def load_clip_heatmaps(
    ghn: Ghn, path: Path | None = None, device: torch.device | str = "cpu"
) -> ClipHeatmaps:
    """Load human features for inference; without a path, the shipped ones.

    Raises:
        CheckpointError: the file is missing, damaged, or was trained on another GHN.
    """
    source = CLIP_WEIGHTS_PATH if path is None else path
    header = KIND.read_header(source)
    with KIND.fitting(source):
        model = ClipHeatmaps(config_from_json(header["config"]), int(header["hidden_channels"]))
        model.load_state_dict(read_tensors(source))
        digest = header["ghn"]
    if digest != rendering_digest(ghn):
        raise CheckpointError(
            f"{source} was trained on other avatar weights; train heatmaps for yours with "
            "`neuhmr train clip-heatmaps --start YOUR_WEIGHTS`"
        )
    return model.to(device).eval().requires_grad_(False)


def begin_with_heatmaps(model: ClipHeatmaps, path: Path) -> None:
    """Fill human features to train on with weights that may have been trained on another GHN.

    Raises:
        CheckpointError: the file is missing, damaged, or of other features.
    """
    KIND.read_header(path)
    with KIND.fitting(path):
        model.load_state_dict(read_tensors(path))


def load_heatmaps_of_body(ghn: Ghn, model: SmplModel, path: Path | None = None) -> ClipHeatmaps:
    """Load human features that know the keypoints of a body, onto the network's device.

    Args:
        ghn: the network that the person is rendered with.
        model: the person's body model.
        path: of the weights; the shipped ones if None.

    Raises:
        BodyModelError: keypoints are not known of such a body.
        CheckpointError: the weights are missing, damaged, or belong to another network.
    """
    vertices = len(model.v_template)
    if vertices != LANDMARK_TOPOLOGY:
        raise BodyModelError(
            f"{model.name} has {vertices} vertices, but keypoints are known only of bodies with "
            f"{LANDMARK_TOPOLOGY}; choose an SMPL body or the open one, or do without keypoints."
        )
    return load_clip_heatmaps(ghn, path, next(ghn.parameters()).device)
