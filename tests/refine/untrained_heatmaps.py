"""Heatmaps of a network that was never trained, for avatars of `tests.ghn.scene`."""

import torch
from torch import nn

from neuhmr.ghnerf.clips.clip_heatmaps import ClipHeatmaps
from neuhmr.ghnerf.network.config import GhnerfConfig
from tests.ghn.scene import TINY


def untrained_heatmaps() -> ClipHeatmaps:
    """As high as half on the person: peaks are found, though in any place."""
    torch.manual_seed(0)
    heatmaps = ClipHeatmaps(GhnerfConfig(human_channels=8), TINY.hidden_channels).eval()
    last = heatmaps.head[-1]
    assert isinstance(last, nn.Linear)
    nn.init.zeros_(last.bias)
    return heatmaps.requires_grad_(False)
