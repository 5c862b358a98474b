"""Mean and variance over source views, fast both ways."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor


def view_moments(
    values: Float[Tensor, "views ..."],
) -> tuple[Float[Tensor, "..."], Float[Tensor, "..."]]:
    """Compute the mean and the variance over views.

    The variance is biased: zero for one view, where `torch.var` is no number by default.
    """
    mean, variance = _ViewMoments.apply(values)  # pyright: ignore[reportGeneralTypeIssues]
    return mean, variance


class _ViewMoments(torch.autograd.Function):
    """View by view: torch's reductions over so short an axis take five times as long, and autograd
    walks eight times through volumes that are larger than any cache."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> tuple[Tensor, Tensor]:
        mean = values[0].clone()
        for one in values[1:]:
            mean += one
        mean /= len(values)
        variance = (values[0] - mean).square_()
        for one in values[1:]:
            difference = one - mean
            variance.addcmul_(difference, difference)
        ctx.save_for_backward(values, mean)
        ctx.set_materialize_grads(False)
        return mean, variance.div_(len(values))

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor | None) -> Tensor:
        values, mean = ctx.saved_tensors
        grad_mean, grad_variance = grad_outputs
        gradient = torch.zeros_like(values)
        for one, own in zip(values, gradient, strict=True):
            if grad_variance is not None:
                torch.sub(one, mean, out=own)
                own.mul_(grad_variance).mul_(2.0 / len(values))
            if grad_mean is not None:
                own.add_(grad_mean, alpha=1.0 / len(values))
        return gradient
