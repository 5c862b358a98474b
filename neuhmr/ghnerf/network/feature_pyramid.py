"""Multi-scale image features of the source views (ENeRF's feature network)."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from neuhmr.ghnerf.network.convolution import ConvBlock2d
from neuhmr.tensor_struct import TensorStruct

COARSE_CHANNELS = 32
MIDDLE_CHANNELS = 16
FINE_CHANNELS = 8


@dataclass(frozen=True)
class PyramidFeatures(TensorStruct):
    """Features at a quarter, half and all of the images' resolution."""

    coarse: Float[Tensor, "views 32 quarter_height quarter_width"]
    middle: Float[Tensor, "views 16 half_height half_width"]
    fine: Float[Tensor, "views 8 height width"]


class FeaturePyramid(nn.Module):
    """A small convolutional pyramid with top-down connections.

    Note:
        Features are upsampled with pixel centers aligned, not corners as in ENeRF: a map's value
        then lies where it was computed from, which keypoints of a pixel's accuracy need.
    """

    def __init__(self) -> None:
        super().__init__()
        self.to_full = nn.Sequential(ConvBlock2d(3, 8), ConvBlock2d(8, 8))
        self.to_half = nn.Sequential(ConvBlock2d(8, 16, kernel=5, stride=2), ConvBlock2d(16, 16))
        self.to_quarter = nn.Sequential(
            ConvBlock2d(16, 32, kernel=5, stride=2), ConvBlock2d(32, 32)
        )
        self.top = nn.Conv2d(32, COARSE_CHANNELS, 1)
        self.lateral_half = nn.Conv2d(16, COARSE_CHANNELS, 1)
        self.lateral_full = nn.Conv2d(8, COARSE_CHANNELS, 1)
        self.smooth_half = nn.Conv2d(COARSE_CHANNELS, MIDDLE_CHANNELS, 3, padding=1)
        self.smooth_full = nn.Conv2d(COARSE_CHANNELS, FINE_CHANNELS, 3, padding=1)

    def forward(self, images: Float[Tensor, "views 3 height width"]) -> PyramidFeatures:
        """Encode images in [0, 1] whose sides are multiples of 4."""
        full = self.to_full(images * 2.0 - 1.0)
        half = self.to_half(full)
        coarse = self.top(self.to_quarter(half))
        middle = self.lateral_half(half) + _doubled(coarse)
        fine = self.lateral_full(full) + _doubled(middle)
        return PyramidFeatures(coarse, self.smooth_half(middle), self.smooth_full(fine))


def _doubled(
    maps: Float[Tensor, "views channels height width"],
) -> Float[Tensor, "views channels double_height double_width"]:
    return functional.interpolate(maps, scale_factor=2.0, mode="bilinear", align_corners=False)
