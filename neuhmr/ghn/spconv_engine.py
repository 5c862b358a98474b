"""The optional spconv engine of sparse convolution: same weights, same results.

spconv multiplies; the sites stay those of our grids, in our order. Gradients are computed along
our own rulebook: the backward pass of spconv's CPU build asks CUDA for a stream and fails.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.errors import MissingDependencyError
from neuhmr.ghn.sparse_conv import Rulebook, sparse_conv
from neuhmr.ghn.sparse_grid import SparseGrid


def import_spconv() -> Any:
    """Import spconv's torch package.

    Raises:
        MissingDependencyError: it is not installed or does not load.
    """
    try:
        import spconv.pytorch as spconv
    except (ImportError, OSError) as error:
        raise MissingDependencyError(
            f'The sparse convolution engine "spconv" cannot be loaded ({error}); '
            'install the package spconv, or choose the engine "torch", which needs nothing.'
        ) from error
    return spconv


def spconv_convolve(
    features: Float[Tensor, "sources in_channels"],
    weight: Float[Tensor, "27 in_channels out_channels"],
    rulebook: Rulebook,
    grids: tuple[SparseGrid, SparseGrid],
) -> Float[Tensor, "targets out_channels"]:
    """Do what `sparse_conv` does, with spconv in the forward pass.

    Args:
        features: one row per site of the first grid.
        weight: in the layout of `sparse_conv`.
        rulebook: leads from the first grid to the second.
        grids: inputs and outputs; the same grid twice means a submanifold convolution.

    Raises:
        MissingDependencyError: spconv is not installed, or not for the device of the features.
    """
    import_spconv()
    from spconv.cppconstants import CPU_ONLY_BUILD

    if features.is_cuda and CPU_ONLY_BUILD:
        raise MissingDependencyError(
            "The installed spconv is its CPU build and the model is on a GPU; install the spconv "
            'package of your CUDA version, or choose the engine "torch".'
        )
    return _SpconvFunction.apply(features, weight, rulebook, grids)


class _SpconvFunction(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        features: Tensor,
        weight: Tensor,
        rulebook: Rulebook,
        grids: tuple[SparseGrid, SparseGrid],
    ) -> Tensor:
        ctx.save_for_backward(features, weight)
        ctx.rulebook = rulebook
        return _run_spconv(features, weight, grids)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        features, weight = ctx.saved_tensors
        rulebook: Rulebook = ctx.rulebook
        gradient = grad_outputs[0]
        for_features = for_weight = None
        if ctx.needs_input_grad[0]:
            for_features = sparse_conv(gradient, weight.transpose(1, 2), rulebook.transposed())
        if ctx.needs_input_grad[1]:
            inputs = features.index_select(0, rulebook.sources).split(rulebook.group_sizes)
            outputs = gradient.index_select(0, rulebook.targets).split(rulebook.group_sizes)
            for_weight = torch.stack([a.T @ b for a, b in zip(inputs, outputs, strict=True)])
        return for_features, for_weight, None, None


def _make_layer(in_channels: int, out_channels: int, is_submanifold: bool) -> Any:
    """Make a layer whose weight is still to be set."""
    spconv = import_spconv()
    # No indice_key: spconv would reuse one layer's pairs for another of a different kind.
    with torch.random.fork_rng(devices=[]):  # Its initialization must not disturb seeded runs.
        if is_submanifold:
            return spconv.SubMConv3d(in_channels, out_channels, 3, padding=1, bias=False)
        return spconv.SparseConv3d(in_channels, out_channels, 3, stride=2, padding=1, bias=False)


@torch.no_grad()
def _run_spconv(features: Tensor, weight: Tensor, grids: tuple[SparseGrid, SparseGrid]) -> Tensor:
    spconv = import_spconv()
    source, target = grids
    _, in_channels, out_channels = weight.shape
    layer = _make_layer(in_channels, out_channels, source is target)
    kernel = weight.unflatten(0, (3, 3, 3)).permute(4, 0, 1, 2, 3).contiguous()
    layer.weight = torch.nn.Parameter(kernel, requires_grad=False)
    # spconv's coordinates lead with the batch index.
    indices = torch.nn.functional.pad(source.coordinates, (1, 0)).int().contiguous()
    tensor = spconv.SparseConvTensor(features.contiguous(), indices, list(source.shape), 1)
    result = layer(tensor)
    ordered = torch.empty_like(result.features)
    ordered[target.sites_at(result.indices[:, 1:].long())] = result.features
    return ordered
