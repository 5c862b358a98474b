"""How much source views differ: the biased variance over them, fast both ways."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor


def view_variance(values: Float[Tensor, "views ..."]) -> Float[Tensor, "..."]:
    """Compute the variance over views.

    It is biased: zero for one view, where `torch.var` is no number by default, and slow over so
    short an axis.
    """
    return _ViewVariance.apply(values)  # pyright: ignore[reportReturnType]


class _ViewVariance(torch.autograd.Function):
    """Its gradient is 2 (x - mean) / views: autograd would walk eight times through volumes that
    are larger than any cache, which took a fifth of a training step."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        differences = values - values.mean(dim=0)
        ctx.save_for_backward(differences)
        variance = differences[0].square()
        for difference in differences[1:]:
            variance.addcmul_(difference, difference)
        return variance.div_(len(values))

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> Tensor:
        (differences,) = ctx.saved_tensors
        return differences * (grad_outputs[0] * (2.0 / len(differences)))
