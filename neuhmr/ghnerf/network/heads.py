"""What the network says about samples of space (GHNeRF section 3.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from neuhmr.ghnerf.network.config import FeatureHead, FeatureKind, GhnerfConfig
from neuhmr.ghnerf.network.cost_regularization import VOXEL_CHANNELS
from neuhmr.ghnerf.network.view_pooling import DIRECTION_CHANNELS, ViewPooling, human_pooling
from neuhmr.tensor_struct import TensorStruct

HIDDEN_CHANNELS = 64
HEATMAP_BIAS = -4.0
"""A heatmap is almost everywhere almost zero; started at a half, it would drown the color loss."""


@dataclass(frozen=True)
class SampleEvidence(TensorStruct):
    """What source views and the cost volume know about samples."""

    images: Float[Tensor, "views samples channels"]
    """Image features, the views' colors last."""
    directions: Float[Tensor, "views samples 4"]
    """How the target's ray differs from the view's: unit difference and cosine."""
    voxels: Float[Tensor, "samples 8"]


@dataclass(frozen=True)
class Appearance(TensorStruct):
    """What the network says about samples before it looks at human features."""

    sigmas: Float[Tensor, " samples"]
    """Densities per sample, without unit: opacity is 1 - exp(-sigma), as in ENeRF."""
    colors: Float[Tensor, "samples 3"]
    coordinates: Float[Tensor, "samples 3"] | None
    """Where in the subject's box a sample lies, in [0, 1]."""
    intermediate: Float[Tensor, "samples hidden"]
    """f_n of GHNeRF Eq. 3."""


@dataclass(frozen=True)
class PointValues(TensorStruct):
    """What the network says about points of the world."""

    sigmas: Float[Tensor, " samples"]
    """Densities per sample, without unit: opacity is 1 - exp(-sigma), as in ENeRF."""
    colors: Float[Tensor, "samples 3"]
    features: Float[Tensor, "samples channels"]
    coordinates: Float[Tensor, "samples 3"] | None


class NerfHeads(nn.Module):
    """The heads of one level: intermediate feature, density, color, human features.

    Args:
        image_channels: of the image features, colors included.
        config: which heads there are.
    """

    def __init__(self, image_channels: int, config: GhnerfConfig) -> None:
        super().__init__()
        self.kinds: tuple[FeatureKind, ...] = tuple(head.kind for head in config.feature_heads)
        self.pooling = ViewPooling(image_channels)
        merged = VOXEL_CHANNELS + self.pooling.out_channels
        # Plain ENeRF has one layer here; phi_m of GHNeRF Eq. 3 has two.
        widths = [merged, *[HIDDEN_CHANNELS] * (2 if config.uses_heads else 1)]
        self.trunk = nn.Sequential()
        for width, following in pairwise(widths):
            self.trunk.extend([nn.Linear(width, following), nn.ReLU()])
        self.density = nn.Linear(HIDDEN_CHANNELS, 1)
        self.shared_channels = HIDDEN_CHANNELS + merged
        self.blend = nn.Linear(
            self.shared_channels + image_channels + DIRECTION_CHANNELS, HIDDEN_CHANNELS
        )
        self.blend_score = nn.Linear(HIDDEN_CHANNELS, 1)
        self.coordinate = nn.Linear(HIDDEN_CHANNELS, 3) if config.coordinate_head else None
        self.human_pooling = None
        human_channels = 0
        if config.human_encoder != "none" and config.feature_heads:
            self.human_pooling = human_pooling(config.human_pooling, config.human_channels)
            human_channels = self.human_pooling.out_channels
        self.apply(_init_linear)
        self.feature_heads = nn.ModuleList(
            make_feature_head(HIDDEN_CHANNELS + human_channels, head)
            for head in config.feature_heads
        )
        if self.coordinate is not None:
            # The middle of the box: a ReLU that starts at zero for all samples never learns.
            nn.init.constant_(self.coordinate.bias, 0.5)

    def forward(self, evidence: SampleEvidence) -> Appearance:
        """Compute density and color (GHNeRF Eqs. 2 and 3); the order of views does not matter."""
        pooled = self.pooling(evidence.images, evidence.directions)
        merged = torch.cat([evidence.voxels, pooled], dim=-1)
        intermediate = self.trunk(merged)
        coordinates = None
        if self.coordinate is not None:
            coordinates = functional.relu(self.coordinate(intermediate))
        return Appearance(
            sigmas=functional.softplus(self.density(intermediate))[:, 0],
            colors=self._blend_colors(evidence, torch.cat([intermediate, merged], dim=-1)),
            coordinates=coordinates,
            intermediate=intermediate,
        )

    def predict_features(
        self,
        intermediate: Float[Tensor, "samples hidden"],
        human: Float[Tensor, "views samples human_channels"] | None,
        directions: Float[Tensor, "views samples 4"],
    ) -> Float[Tensor, "samples channels"]:
        """Predict human features m = phi_h(f_n, h) (GHNeRF Eq. 4).

        Args:
            intermediate: f_n of the samples.
            human: mixed human features before their ReLU; None without a human encoder.
            directions: how the target's rays differ from the views'.
        """
        if not self.kinds:
            return intermediate.new_zeros(len(intermediate), 0)
        if self.human_pooling is not None:
            assert human is not None
            pooled = self.human_pooling(functional.relu(human), directions)
            intermediate = torch.cat([intermediate, pooled], dim=-1)
        return read_feature_heads(self.feature_heads, self.kinds, intermediate)

    def _blend_colors(
        self, evidence: SampleEvidence, shared: Float[Tensor, "samples shared_channels"]
    ) -> Float[Tensor, "samples 3"]:
        """Mix the views' own colors; no other color can come out."""
        own = torch.cat([evidence.images, evidence.directions], dim=-1)
        # What views share is multiplied once, not once per view.
        shared_weight, own_weight = self.blend.weight.split(
            [self.shared_channels, own.shape[-1]], dim=1
        )
        common = functional.linear(shared, shared_weight, self.blend.bias)
        hidden = functional.relu(functional.linear(own, own_weight) + common)
        weights = torch.softmax(functional.relu(self.blend_score(hidden)), dim=0)
        return (weights * evidence.images[..., -3:]).sum(dim=0)


def make_feature_head(in_channels: int, head: FeatureHead) -> nn.Sequential:
    """Make the two layers of phi_h, without the sigmoid of heatmaps."""
    last = nn.Linear(HIDDEN_CHANNELS, head.channels)
    layers = nn.Sequential(nn.Linear(in_channels, HIDDEN_CHANNELS), nn.ReLU(), last)
    layers.apply(_init_linear)
    if head.kind == "heatmaps":
        nn.init.constant_(last.bias, HEATMAP_BIAS)
    return layers


def read_feature_heads(
    heads: nn.ModuleList, kinds: Sequence[FeatureKind], inputs: Float[Tensor, "*batch in_channels"]
) -> Float[Tensor, "*batch channels"]:
    """Ask all heads and put what they say side by side; heatmaps come out in [0, 1]."""
    parts = [
        torch.sigmoid(head(inputs)) if kind == "heatmaps" else head(inputs)
        for kind, head in zip(kinds, heads, strict=True)
    ]
    return torch.cat(parts, dim=-1)


def _init_linear(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.kaiming_normal_(module.weight)
        nn.init.zeros_(module.bias)
