"""Pixel-aligned image features F (NeuHMR section 3.2)."""

from typing import cast

import timm
import torch
from jaxtyping import Float
from timm.models import FeatureInfo
from torch import Tensor, nn
from torch.nn import functional


class ImageEncoder(nn.Module):
    """A timm backbone whose stages are mixed by one 1x1 convolution at a quarter resolution.

    Note:
        The paper names ConvNeXt-tiny and one 1x1 convolution but no stage. All four stages are
        used: the first alone sees too little of the body to tell joints apart. Convolving each
        stage before it is upsampled equals convolving their concatenation, and is cheaper.
    """

    stride = 4
    padded_to = 32

    def __init__(self, backbone: str, channels: int, pretrained: bool = False) -> None:
        super().__init__()
        self.backbone = timm.create_model(backbone, pretrained=pretrained, features_only=True)
        stages = cast(FeatureInfo, self.backbone.feature_info).channels()
        self.norms = nn.ModuleList(nn.GroupNorm(1, width) for width in stages)
        self.mixes = nn.ModuleList(
            nn.Conv2d(width, channels, 1, bias=index == 0) for index, width in enumerate(stages)
        )

    def forward(
        self, images: Float[Tensor, "frames 3 height width"]
    ) -> Float[Tensor, "frames channels quarter_height quarter_width"]:
        """Encode images in [0, 1] with a black background; sizes need not be multiples of 32."""
        height, width = images.shape[-2:]
        missing = (-height % self.padded_to, -width % self.padded_to)
        padded = functional.pad(images, (0, missing[1], 0, missing[0]))
        stages = self.backbone(padded * 2.0 - 1.0)
        mixed = torch.zeros(())
        for stage, norm, mix in zip(stages, self.norms, self.mixes, strict=True):
            part = mix(norm(stage))
            if part.shape[-2:] != stages[0].shape[-2:]:
                part = functional.interpolate(
                    part, size=stages[0].shape[-2:], mode="bilinear", align_corners=False
                )
            mixed = part + mixed
        rows, columns = -(-height // self.stride), -(-width // self.stride)
        return mixed[..., :rows, :columns]
