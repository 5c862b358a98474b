"""Mean and variance over views against torch's own, their gradients against finite differences."""

import torch

from neuhmr.ghnerf.network.view_moments import view_moments


def test_the_moments_are_torchs(generator: torch.Generator) -> None:
    for views in (1, 2, 5):
        values = torch.randn(views, 3, 4, generator=generator)
        mean, variance = view_moments(values)
        torch.testing.assert_close(mean, values.mean(dim=0))
        torch.testing.assert_close(variance, values.var(dim=0, correction=0))


def test_gradients_agree_with_finite_differences(generator: torch.Generator) -> None:
    values = torch.randn(3, 2, 2, generator=generator, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(view_moments, values)
    for part in (0, 1):
        assert torch.autograd.gradcheck(lambda v, part=part: view_moments(v)[part], values)


def test_a_single_view_has_no_variance_and_no_gradient_of_it() -> None:
    alone = torch.randn(1, 2, 2).requires_grad_()
    _, variance = view_moments(alone)
    variance.sum().backward()
    assert bool((variance == 0.0).all())
    assert alone.grad is not None and bool((alone.grad == 0.0).all())
