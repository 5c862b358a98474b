"""Image features made for finding joints again (for NeuHMR Eqs. 9 and 12).

Note:
    A deviation from NeuHMR, whose one feature map F serves rendering and matching alike. Features
    that render well look alike all over a shirt, and a descriptor averaged at the projections of
    wrong poses finds the wrong place again. Here matching has an encoder of its own, with a
    decoder that sees neighbors, trained on the very task (`neuhmr.lab.training.matching.loss`);
    rendering keeps the paper's F. Beside the features it learns one prototype per joint, what the
    joint looks like in anybody, which pulls a descriptor registered beside its joint back to it.
"""

from typing import cast

import timm
import torch
from jaxtyping import Float
from timm.models import FeatureInfo
from torch import Tensor, nn
from torch.nn import functional

from neuhmr.body.skeleton import MATCHING_JOINTS


class MatchingEncoder(nn.Module):
    """A timm backbone and a decoder that goes from its coarsest stage back to a quarter.

    Args:
        backbone: timm name.
        channels: of the features.
        width: channels inside the decoder.
    """

    padded_to = 32

    def __init__(self, backbone: str, channels: int, width: int) -> None:
        super().__init__()
        self.backbone = timm.create_model(backbone, pretrained=False, features_only=True)
        info = cast(FeatureInfo, self.backbone.feature_info)
        self.stride = info.reduction()[0]
        self.laterals = nn.ModuleList(
            nn.Sequential(nn.GroupNorm(1, stage), nn.Conv2d(stage, width, 1))
            for stage in info.channels()
        )
        self.smooths = nn.ModuleList(_Smooth(width) for _ in info.channels()[:-1])
        self.out = nn.Conv2d(width, channels, 1)
        self.prototypes = nn.Parameter(torch.randn(len(MATCHING_JOINTS), channels))
        """Features of the matching joints; their length does not matter."""

    def forward(
        self, images: Float[Tensor, "frames 3 height width"]
    ) -> Float[Tensor, "frames channels quarter_height quarter_width"]:
        """Encode images in [0, 1] with a black background; sizes need not be multiples of 32."""
        height, width = images.shape[-2:]
        missing = (-height % self.padded_to, -width % self.padded_to)
        padded = functional.pad(images, (0, missing[1], 0, missing[0]))
        stages = self.backbone(padded * 2.0 - 1.0)
        decoded = self.laterals[-1](stages[-1])
        for level in range(len(stages) - 2, -1, -1):
            lateral = self.laterals[level](stages[level])
            coarse = functional.interpolate(
                decoded, size=lateral.shape[-2:], mode="bilinear", align_corners=False
            )
            decoded = self.smooths[level](lateral + coarse)
        rows, columns = -(-height // self.stride), -(-width // self.stride)
        return self.out(decoded)[..., :rows, :columns]


class _Smooth(nn.Module):
    """A residual block of two 3x3 convolutions."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.GroupNorm(8, width),
            nn.Conv2d(width, width, 3, padding=1),
            nn.GELU(),
            nn.Conv2d(width, width, 3, padding=1),
        )

    def forward(
        self, values: Float[Tensor, "frames width rows columns"]
    ) -> Float[Tensor, "frames width rows columns"]:
        return values + self.layers(values)
