"""Networks that compute in 16 bits while they are trained."""

import torch
from torch import nn

from neuhmr.ghnerf.network.feature_pyramid import FeaturePyramid
from neuhmr.lab.training.mixed_precision import narrow


def test_what_comes_out_is_rounded_only_in_training_and_of_32_bits() -> None:
    torch.manual_seed(0)
    network, inputs = nn.Linear(64, 8), torch.randn(4, 64)
    exact = network(inputs)
    narrow(network, "cpu")
    rounded = network(inputs)
    assert rounded.dtype == torch.float32
    assert 0.0 < float((rounded - exact).abs().max().detach()) < 0.05
    torch.testing.assert_close(network.eval()(inputs), exact, rtol=0, atol=0)


def test_gradients_reach_weights_of_32_bits_through_structs() -> None:
    torch.manual_seed(0)
    pyramid = FeaturePyramid()
    narrow(pyramid, "cpu")
    features = pyramid(torch.rand(2, 3, 16, 16))
    assert features.fine.dtype == torch.float32
    features.fine.square().mean().backward()
    gradient = pyramid.smooth_full.weight.grad
    assert gradient is not None and gradient.dtype == torch.float32
    assert float(gradient.abs().max()) > 0.0
