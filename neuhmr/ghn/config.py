"""Configurations of the generalizable human NeRF."""

from dataclasses import dataclass
from typing import Literal

GhnPreset = Literal["open", "paper"]


@dataclass(frozen=True, kw_only=True)
class GhnConfig:
    """Shape of the network and of its sampling."""

    backbone: str = "convnext_atto"
    """timm name of the image encoder."""
    feature_channels: int = 32
    """Channels of the image features F at a quarter of the resolution."""
    volume_channels: int = 32
    """Channels of the vertex codes and of the canonical sparse volume."""
    voxel_size: float = 0.02
    """Edge of a voxel of the canonical volume (m)."""
    sampled_levels: tuple[int, ...] = (0, 1, 2, 3)
    """Levels of the sparse pyramid that samples read; level l has voxels of voxel_size * 2**l."""
    hidden_channels: int = 64
    """Width of the density and color heads."""
    attention_heads: int = 4
    band_width: float = 0.04
    """How far from the body (m) density may be: cloth and hair must fit in."""
    most_samples: int = 32
    """Samples per ray at the most, spread over the part of the ray within the band."""
    step_size: float = 0.015
    """A ray gets one sample per so many meters within the band; 0 gives every ray the most."""
    samples_behind: float = 0.04
    """How far behind the first hit of the body's mesh samples are kept (m)."""
    color_threshold: float = 1e-3
    """Samples that weigh less in their pixel get no color (previews and refinement)."""
    matching_backbone: str | None = None
    """timm name of an encoder that serves matching alone; None matches by F, as the paper does."""
    matching_channels: int = 32
    """Channels of the matching features, at a quarter of the resolution."""
    matching_width: int = 64
    """Channels inside the decoder of the matching features."""
    engine: Literal["torch", "spconv"] = "torch"
    """Who computes sparse convolutions; both give the same numbers."""


def ghn_preset(name: GhnPreset) -> GhnConfig:
    """Make a named configuration: `open` is small enough to ship, `paper` is NeuHMR's."""
    if name == "open":
        return GhnConfig(matching_backbone="convnext_atto")
    return GhnConfig(
        backbone="convnext_tiny",
        voxel_size=0.005,
        sampled_levels=(1, 2, 3, 4),
        band_width=0.05,
        step_size=0.0,
        samples_behind=0.06,
    )
