"""Pooling over views: a literal second implementation, order, one view, gradients."""

import pytest
import torch
from torch.nn import functional

from neuhmr.ghnerf.network.view_pooling import ViewPooling, WeightedMean, human_pooling


def make_inputs(views: int, channels: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(views)
    options = {"generator": generator, "dtype": torch.float64}
    return torch.randn(views, 4, channels, **options), torch.randn(views, 4, 4, **options)


def make_pooling(channels: int = 5) -> ViewPooling:
    torch.manual_seed(0)
    pooling = ViewPooling(channels).double()
    for layer in (pooling.weights.compare, pooling.weights.score, pooling.out):
        torch.nn.init.normal_(layer.bias)
    return pooling


def test_pooling_is_enerf_s_operator_written_out() -> None:
    pooling = make_pooling()
    features, directions = make_inputs(3)
    turned = features + functional.relu(pooling.weights.direction(directions))
    variance = torch.var(turned, dim=0, unbiased=False).expand(3, 4, 5)
    mean = turned.mean(dim=0).expand(3, 4, 5)
    compared = functional.relu(pooling.weights.compare(torch.cat([turned, variance, mean], -1)))
    weights = torch.softmax(functional.relu(pooling.weights.score(compared)), dim=0)
    expected = functional.relu(pooling.out((compared * weights).sum(dim=0)))
    torch.testing.assert_close(pooling(features, directions), expected)


@pytest.mark.parametrize("kind", ["agg64", "agg16", "mean"])
def test_the_order_of_views_does_not_matter(kind) -> None:
    torch.manual_seed(0)
    pooling = human_pooling(kind, 5).double()
    features, directions = make_inputs(4)
    order = torch.tensor([2, 0, 3, 1])
    pooled = pooling(features, directions)
    assert pooled.shape == (4, pooling.out_channels)
    torch.testing.assert_close(pooling(features[order], directions[order]), pooled)


@pytest.mark.parametrize("kind", ["agg64", "mean"])
def test_one_view_pools_to_itself(kind) -> None:
    features, directions = make_inputs(1)
    torch.testing.assert_close(human_pooling(kind, 5).double()(features, directions), features[0])


@pytest.mark.parametrize("views", [1, 3])
def test_gradients_agree_with_finite_differences(views: int) -> None:
    features, directions = make_inputs(views)
    features.requires_grad_()
    for pooling in (make_pooling(), WeightedMean(5).double()):
        assert torch.autograd.gradcheck(lambda f, p=pooling: p(f, directions), (features,))
