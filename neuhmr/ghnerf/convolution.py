"""Convolutions with batch norm, which costs nothing at inference."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class ConvBlock2d(nn.Module):
    """3 x 3 or larger convolution, batch norm, ReLU.

    Args:
        in_channels: of the map.
        out_channels: of the result.
        kernel: odd edge of the kernel.
        stride: of the convolution.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel: int = 3, stride: int = 1):
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels, out_channels, kernel, stride, padding=kernel // 2, bias=False
        )
        self.norm = nn.BatchNorm2d(out_channels)
        nn.init.kaiming_normal_(self.conv.weight)

    def forward(
        self, maps: Float[Tensor, "views in_channels height width"]
    ) -> Float[Tensor, "views out_channels out_height out_width"]:
        """Convolve, normalize, rectify."""
        if self.training:
            return functional.relu(self.norm(self.conv(maps)))
        scale, shift = _norm_as_affine(self.norm)
        weight = self.conv.weight * scale[:, None, None, None]
        return functional.relu(
            functional.conv2d(maps, weight, shift, self.conv.stride, self.conv.padding)
        )


class ConvBlock3d(nn.Module):
    """3 x 3 x 3 convolution, batch norm, ReLU."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv3d(in_channels, out_channels, 3, stride, padding=1, bias=False)
        self.norm = nn.BatchNorm3d(out_channels)
        nn.init.kaiming_normal_(self.conv.weight)

    def forward(
        self, volume: Float[Tensor, "1 in_channels rows columns planes"]
    ) -> Float[Tensor, "1 out_channels out_rows out_columns out_planes"]:
        """Convolve, normalize, rectify."""
        if self.training:
            return functional.relu(self.norm(self.conv(volume)))
        scale, shift = _norm_as_affine(self.norm)
        weight = self.conv.weight * scale[:, None, None, None, None]
        return functional.relu(
            functional.conv3d(volume, weight, shift, self.conv.stride, padding=1)
        )


class UpBlock3d(nn.Module):
    """Transposed convolution that doubles every side, batch norm."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose3d(
            in_channels, out_channels, 3, stride=2, padding=1, output_padding=1, bias=False
        )
        self.norm = nn.BatchNorm3d(out_channels)
        nn.init.kaiming_normal_(self.conv.weight)

    def forward(
        self, volume: Float[Tensor, "1 in_channels rows columns planes"]
    ) -> Float[Tensor, "1 out_channels out_rows out_columns out_planes"]:
        """Spread and normalize; no rectifier, for a skip connection is added."""
        if self.training:
            return self.norm(self.conv(volume))
        scale, shift = _norm_as_affine(self.norm)
        weight = self.conv.weight * scale[:, None, None, None]
        return functional.conv_transpose3d(
            volume, weight, shift, stride=2, padding=1, output_padding=1
        )


def _norm_as_affine(
    norm: nn.BatchNorm2d | nn.BatchNorm3d,
) -> tuple[Float[Tensor, " channels"], Float[Tensor, " channels"]]:
    """Factor and summand that a batch norm applies at inference."""
    mean, variance = norm.running_mean, norm.running_var
    assert mean is not None and variance is not None
    scale = norm.weight * torch.rsqrt(variance + norm.eps)
    return scale, norm.bias - mean * scale
