"""Folded norms and the networks made of them."""

import torch
from torch import nn
from torch.nn import functional

from neuhmr.ghnerf.network.convolution import ConvBlock2d, ConvBlock3d, UpBlock3d
from neuhmr.ghnerf.network.cost_regularization import CostRegularization
from neuhmr.ghnerf.network.feature_pyramid import FeaturePyramid


def with_statistics(block: nn.Module, norm: nn.BatchNorm2d | nn.BatchNorm3d) -> nn.Module:
    torch.manual_seed(1)
    assert norm.running_mean is not None and norm.running_var is not None
    for values in (norm.running_mean, norm.weight.data, norm.bias.data):
        values.normal_()
    norm.running_var.uniform_(0.1, 2.0)
    return block.eval()


def test_a_folded_norm_gives_what_the_norm_gives() -> None:
    flat, deep, up = ConvBlock2d(3, 5, 5, stride=2), ConvBlock3d(3, 5, stride=2), UpBlock3d(3, 5)
    maps, volume = torch.randn(2, 3, 8, 8), torch.randn(1, 3, 8, 8, 4)
    for block, values in ((flat, maps), (deep, volume), (up, volume)):
        with_statistics(block, block.norm)
        expected = block.norm(block.conv(values))
        if block is not up:
            expected = functional.relu(expected)
        torch.testing.assert_close(block(values), expected, rtol=1e-4, atol=1e-5)


def test_the_pyramid_has_enerf_s_channels_and_strides() -> None:
    features = FeaturePyramid().eval()(torch.rand(2, 3, 32, 64))
    assert features.coarse.shape == (2, 32, 8, 16)
    assert features.middle.shape == (2, 16, 16, 32)
    assert features.fine.shape == (2, 8, 32, 64)


def test_regularization_keeps_the_volume_s_shape() -> None:
    for channels, halvings in ((32, 2), (16, 3)):
        voxels, logits = CostRegularization(channels, halvings).eval()(
            torch.rand(1, channels, 8, 16, 8)
        )
        assert voxels.shape == (1, 8, 8, 16, 8) and logits.shape == (8, 16, 8)
