"""Convolutions with batch norm, which costs nothing where its statistics are fixed."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class _ConvBlock(nn.Module):
    """Convolution over any number of axes, batch norm, ReLU.

    Args:
        conv: without a bias.
        norm: of its channels.
        convolve: what `conv` does, with weights of one's own.
    """

    def __init__(
        self,
        conv: nn.Conv2d | nn.Conv3d,
        norm: nn.BatchNorm2d | nn.BatchNorm3d,
        convolve: Callable[..., Tensor],
    ) -> None:
        super().__init__()
        self.conv = conv
        self.norm = norm
        self.convolve = convolve
        nn.init.kaiming_normal_(conv.weight)

    def forward(
        self, maps: Float[Tensor, "batch in_channels *sizes"]
    ) -> Float[Tensor, "batch out_channels *out_sizes"]:
        """Convolve, normalize, rectify."""
        if self.norm.training:
            return functional.relu(self.norm(self.conv(maps)))
        scale, shift = _norm_as_affine(self.norm)
        weight = (self.conv.weight.flatten(1) * scale[:, None]).view_as(self.conv.weight)
        return functional.relu(
            self.convolve(maps, weight, shift, self.conv.stride, self.conv.padding)
        )


class ConvBlock2d(_ConvBlock):
    """3 x 3 or larger convolution, batch norm, ReLU.

    Args:
        in_channels: of the map.
        out_channels: of the result.
        kernel: odd edge of the kernel.
        stride: of the convolution.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel: int = 3, stride: int = 1):
        conv = nn.Conv2d(in_channels, out_channels, kernel, stride, padding=kernel // 2, bias=False)
        super().__init__(conv, nn.BatchNorm2d(out_channels), functional.conv2d)


class ConvBlock3d(_ConvBlock):
    """3 x 3 x 3 convolution, batch norm, ReLU."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        conv = nn.Conv3d(in_channels, out_channels, 3, stride, padding=1, bias=False)
        super().__init__(conv, nn.BatchNorm3d(out_channels), functional.conv3d)


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
        if self.norm.training:
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
