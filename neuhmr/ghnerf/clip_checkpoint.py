"""Weights of the human features of clips on disk, beside the GHN's that they were trained on."""

import dataclasses
import json
import os
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from neuhmr.errors import CheckpointError
from neuhmr.ghn.checkpoint import rendering_digest
from neuhmr.ghn.model import Ghn
from neuhmr.ghnerf.clip_heatmaps import ClipHeatmaps
from neuhmr.ghnerf.config import FeatureHead, GhnerfConfig, LevelConfig

CLIP_WEIGHTS_PATH = Path(__file__).parent / "weights" / "clip.safetensors"
FORMAT = "neuhmr-clip-heatmaps"


def save_clip_heatmaps(model: ClipHeatmaps, ghn: Ghn, path: Path, notes: dict[str, str]) -> None:
    """Write weights (16-bit), configuration and notes atomically.

    Args:
        model: the human features.
        ghn: what they were trained on.
        path: a `.safetensors` file.
        notes: free text for the header.
    """
    tensors = {
        name: (t.half() if t.is_floating_point() else t).detach().cpu().contiguous()
        for name, t in model.state_dict().items()
    }
    header = {
        "format": FORMAT,
        "version": "1",
        "config": json.dumps(dataclasses.asdict(model.config)),
        "hidden_channels": str(model.hidden_channels),
        "ghn": rendering_digest(ghn),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    save_file(tensors, partial, metadata=notes | header)
    os.replace(partial, path)


def load_clip_heatmaps(
    ghn: Ghn, path: Path | None = None, device: torch.device | str = "cpu"
) -> ClipHeatmaps:
    """Load human features for inference; without a path, the shipped ones.

    Raises:
        CheckpointError: the file is missing, damaged, or was trained on another GHN.
    """
    source = CLIP_WEIGHTS_PATH if path is None else path
    if not source.is_file():
        raise CheckpointError(
            f"no heatmap weights at {source}; train some with `neuhmr train clip-heatmaps`"
        )
    try:
        with safe_open(source, framework="pt") as file:
            header = dict(file.metadata() or {})
            state = {name: file.get_tensor(name) for name in file.keys()}
        if header.get("format") != FORMAT:
            raise CheckpointError(
                f"{source} holds format {header.get('format')!r}, expected {FORMAT!r}; choose "
                "weights written by `neuhmr train clip-heatmaps`"
            )
        model = ClipHeatmaps(_config(header["config"]), int(header["hidden_channels"]))
        model.load_state_dict(
            {name: t.float() if t.is_floating_point() else t for name, t in state.items()}
        )
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        first_line = str(error).split("\n")[0]
        raise CheckpointError(
            f"{source} cannot be read as heatmap weights ({first_line}); train them again with "
            "`neuhmr train clip-heatmaps`"
        ) from error
    if header["ghn"] != rendering_digest(ghn):
        raise CheckpointError(
            f"{source} was trained on other avatar weights; train heatmaps for yours with "
            "`neuhmr train clip-heatmaps --start YOUR_WEIGHTS`"
        )
    return model.to(device).eval().requires_grad_(False)


def _config(text: str) -> GhnerfConfig:
    fields = json.loads(text)
    fields["feature_heads"] = tuple(FeatureHead(**head) for head in fields["feature_heads"])
    for level in ("coarse", "fine"):
        fields[level] = LevelConfig(**fields[level])
    # Its weights are in the file: nothing is to be downloaded.
    return GhnerfConfig(**(fields | {"pretrained": False}))
