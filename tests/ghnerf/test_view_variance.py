"""The variance over views against torch's own, and its gradient against finite differences."""

import torch

from neuhmr.ghnerf.view_variance import view_variance


def test_the_variance_is_torchs_biased_one(generator: torch.Generator) -> None:
    for views in (1, 2, 5):
        values = torch.randn(views, 3, 4, generator=generator)
        expected = values.var(dim=0, correction=0)
        torch.testing.assert_close(view_variance(values), expected)


def test_its_gradient_agrees_with_finite_differences(generator: torch.Generator) -> None:
    values = torch.randn(3, 2, 2, generator=generator, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(view_variance, values)
    alone = values[:1].detach().requires_grad_()
    view_variance(alone).sum().backward()
    assert alone.grad is not None and bool((alone.grad == 0.0).all())
