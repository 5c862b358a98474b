"""Human features h of the source views (GHNeRF section 3.2): ResNet pyramids and DINO tokens."""

from typing import Any, cast

import timm
import torch
from jaxtyping import Float
from timm.models import FeatureInfo
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn
from torch.nn import functional

from neuhmr.errors import CheckpointError
from neuhmr.ghnerf.network.config import GhnerfConfig

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
DINO_MODEL = "vit_small_patch8_224.dino"
DINO_BLOCKS = (9, 11)
"""Zero-based blocks whose tokens are used, as in FeatureNeRF."""


class ResnetPyramid(nn.Module):
    """The stages of a ResNet down to a sixteenth, mixed at half the resolution.

    Note:
        GHNeRF resizes all 512 channels to the image and convolves there. A 1 x 1 convolution
        commutes with resizing, so each stage is mixed at its own resolution and only the few
        resulting channels are resized and summed: the same numbers for a fraction of the time.
    """

    def __init__(self, name: str, channels: int, pretrained: bool) -> None:
        super().__init__()
        self.backbone = _create_backbone(
            name, pretrained, features_only=True, out_indices=(0, 1, 2, 3)
        )
        stages = cast(FeatureInfo, self.backbone.feature_info).channels()
        self.mixes = nn.ModuleList(
            nn.Conv2d(width, channels, 1, bias=index == 0) for index, width in enumerate(stages)
        )

    def forward(
        self, images: Float[Tensor, "views 3 height width"]
    ) -> Float[Tensor, "views channels half_height half_width"]:
        """Encode normalized images whose sides are multiples of 16."""
        stages = self.backbone(images.contiguous(memory_format=torch.channels_last))
        mixed = self.mixes[0](stages[0])
        for mix, stage in zip(self.mixes[1:], stages[1:], strict=True):
            mixed = mixed + functional.interpolate(
                mix(stage), size=mixed.shape[-2:], mode="bilinear", align_corners=False
            )
        return mixed


class DinoTokens(nn.Module):
    """Tokens of two late blocks of DINO's ViT-S/8, mixed at an eighth of the resolution.

    The final norm is applied to both blocks, as DINO itself does for intermediate layers. Position
    embeddings are interpolated to the images' size.
    """

    def __init__(self, channels: int, pretrained: bool) -> None:
        super().__init__()
        self.backbone = cast(
            VisionTransformer,
            _create_backbone(DINO_MODEL, pretrained, num_classes=0, dynamic_img_size=True),
        )
        self.mix = nn.Conv2d(len(DINO_BLOCKS) * self.backbone.embed_dim, channels, 1)

    def forward(
        self, images: Float[Tensor, "views 3 height width"]
    ) -> Float[Tensor, "views channels rows columns"]:
        """Encode normalized images whose sides are multiples of 8."""
        tokens = self.backbone.forward_intermediates(
            images, indices=list(DINO_BLOCKS), norm=True, intermediates_only=True
        )
        return self.mix(torch.cat(cast(list[Tensor], tokens), dim=1))


class HumanEncoder(nn.Module):
    """A backbone that may be frozen, and the mixing of its features, which is always learned.

    Args:
        config: names the encoder; not "none".

    Raises:
        CheckpointError: pretrained weights cannot be downloaded.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, config: GhnerfConfig) -> None:
        super().__init__()
        self.fine_tuned = config.fine_tuned
        if config.human_encoder == "dino_vits8":
            self.pyramid = DinoTokens(config.human_channels, config.pretrained)
        else:
            self.pyramid = ResnetPyramid(
                config.human_encoder, config.human_channels, config.pretrained
            )
        self.pyramid.backbone.requires_grad_(config.fine_tuned)
        for name, values in (("mean", IMAGENET_MEAN), ("std", IMAGENET_STD)):
            self.register_buffer(name, torch.tensor(values).view(3, 1, 1), persistent=False)

    def train(self, mode: bool = True) -> "HumanEncoder":
        """Set the mode; a frozen backbone keeps its norm's statistics too."""
        super().train(mode)
        if not self.fine_tuned:
            self.pyramid.backbone.eval()
        return self

    def forward(
        self, images: Float[Tensor, "views 3 height width"]
    ) -> Float[Tensor, "views channels rows columns"]:
        """Encode images in [0, 1] whose sides are multiples of 32.

        The result has a half (ResNet) or an eighth (DINO) of the resolution. The ReLU that belongs
        behind the mixing comes after sampling: only so is resizing exact.
        """
        return self.pyramid((images - self.mean) / self.std)


def _create_backbone(name: str, pretrained: bool, **options: Any) -> nn.Module:
    try:
        return timm.create_model(name, pretrained=pretrained, **options)
    except (OSError, RuntimeError, ValueError) as error:
        if not pretrained:
            raise
        first_line = str(error).split("\n")[0]
        raise CheckpointError(
            f"the pretrained weights of {name} could not be downloaded ({first_line}); connect to "
            "the network once, or train without pretrained weights"
        ) from error
