"""Depth from plane probabilities, by hand."""

import pytest
import torch

from neuhmr.ghnerf.network.depth_range import DepthRange, regress_range


def bounds(near: float, far: float) -> DepthRange:
    return DepthRange(torch.full((1, 1), near), torch.full((1, 1), far))


def test_range_of_a_hand_made_volume() -> None:
    # Probabilities 1/4, 1/2, 1/4 at 1, 2 and 3 m: mean 2, variance 1/2.
    logits = torch.tensor([1.0, 2.0, 1.0]).log().view(1, 1, 3)
    depths = torch.tensor([1.0, 2.0, 3.0]).view(1, 1, 3)
    found = regress_range(logits, depths, bounds(1.0, 3.0))
    assert float(found.near) == pytest.approx(2.0 - 0.5**0.5)
    assert float(found.far) == pytest.approx(2.0 + 0.5**0.5)


def test_range_in_disparity_of_a_hand_made_volume() -> None:
    # Disparities 1, 3/4, 1/2 with probabilities 1/4, 1/2, 1/4: mean 3/4, variance 1/32.
    logits = torch.tensor([1.0, 2.0, 1.0]).log().view(1, 1, 3)
    depths = bounds(1.0, 2.0).planes(3, in_disparity=True)
    torch.testing.assert_close(depths.flatten(), torch.tensor([1.0, 4.0 / 3.0, 2.0]))
    found = regress_range(logits, depths, bounds(1.0, 2.0), in_disparity=True)
    assert float(found.near) == pytest.approx(1.0 / (0.75 + 32**-0.5))
    assert float(found.far) == pytest.approx(1.0 / (0.75 - 32**-0.5))


def test_the_range_stays_within_its_bounds() -> None:
    logits = torch.tensor([5.0, -5.0, 5.0]).view(1, 1, 3)
    for in_disparity in (False, True):
        depths = bounds(1.0, 3.0).planes(3, in_disparity)
        found = regress_range(logits, depths, bounds(1.2, 2.0), in_disparity)
        assert float(found.near) == pytest.approx(1.2) and float(found.far) == pytest.approx(2.0)


def test_a_certain_plane_has_a_finite_gradient() -> None:
    logits = torch.tensor([0.0, 80.0, 0.0]).view(1, 1, 3).requires_grad_()
    found = regress_range(logits, bounds(1.0, 3.0).planes(3), bounds(1.0, 3.0))
    (found.near + 2.0 * found.far).sum().backward()
    assert logits.grad is not None and logits.grad.isfinite().all()
    assert float((found.far - found.near).detach()) > 0.0


@pytest.mark.parametrize("in_disparity", [False, True])
def test_fraction_inverts_planes(in_disparity: bool) -> None:
    span = DepthRange(torch.tensor([1.0, 2.0]), torch.tensor([4.0, 2.5]))
    fractions = span.fraction(span.planes(5, in_disparity), in_disparity)
    torch.testing.assert_close(fractions, torch.linspace(0.0, 1.0, 5).expand(2, 5))
