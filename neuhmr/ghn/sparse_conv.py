"""Sparse 3D convolution in plain torch, for features that live on a thin surface.

Which site of a grid feeds which, through which of the 27 kernel offsets, is worked out once per
body in a `Rulebook`. The meaning is that of `torch.nn.functional.conv3d` on the dense grid with
zeros in empty cells (as in spconv: submanifold convolutions keep the set of sites, strided ones
have a site wherever their window holds one), so GP-NeRF's sparse network (Chen et al., ECCV 2022)
needs no CUDA extension.

Kernel 3, stride 2, padding 1 puts cell o of a level over cell 2o of the level before, hence
position / 2**level is exact.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.ghn.sparse_grid import SparseGrid
from neuhmr.tensor_struct import TensorStruct


@dataclass(frozen=True)
class Rulebook(TensorStruct):
    """Which input site feeds which output site, pair by pair, grouped by kernel offset."""

    sources: Int[Tensor, " pairs"]
    targets: Int[Tensor, " pairs"]
    group_sizes: tuple[int, ...]
    """Number of pairs of each of the 27 kernel offsets, in the order of a flattened kernel."""
    num_sources: int
    num_targets: int

    def transposed(self) -> "Rulebook":
        """Swap the roles of input and output: what gradients flow along."""
        return Rulebook(
            self.targets, self.sources, self.group_sizes, self.num_targets, self.num_sources
        )


def _kernel_offsets(device: torch.device) -> Int[Tensor, "27 3"]:
    steps = torch.arange(-1, 2, device=device)
    return torch.cartesian_prod(steps, steps, steps)


def _collect_pairs(
    inputs: Int[Tensor, "outputs 27"], num_sources: int, num_targets: int
) -> Rulebook:
    """Turn each output's 27 input sites (-1: none) into pairs grouped by offset."""
    occupied = (inputs >= 0).T
    offsets, targets = occupied.nonzero(as_tuple=True)
    sizes = tuple(int(size) for size in occupied.sum(dim=1).tolist())
    return Rulebook(inputs[targets, offsets], targets, sizes, num_sources, num_targets)


def submanifold_rulebook(grid: SparseGrid) -> Rulebook:
    """Pair sites with their neighbors for kernel 3, stride 1: the set of sites stays."""
    neighbors = grid.coordinates[:, None] + _kernel_offsets(grid.coordinates.device)
    return _collect_pairs(grid.sites_at(neighbors), grid.num_sites, grid.num_sites)


def strided_rulebook(grid: SparseGrid) -> tuple[Rulebook, SparseGrid]:
    """Pair sites with those of the next level for kernel 3, stride 2, padding 1.

    Returns the rulebook and the next level's grid of (size - 1) // 2 + 1 cells a side.
    """
    depth, height, width = ((size - 1) // 2 + 1 for size in grid.shape)
    # The windows [2o - 1, 2o + 1] that hold cell c are o = c // 2 and o = (c + 1) // 2.
    corners = torch.cartesian_prod(*[torch.arange(2, device=grid.coordinates.device)] * 3)
    covering = ((grid.coordinates[:, None] + corners) // 2).flatten(end_dim=1)
    limit = torch.tensor([depth, height, width], device=covering.device)
    covering = covering[(covering < limit).all(dim=-1)]
    coarse = SparseGrid.from_coordinates(covering, (depth, height, width))
    inputs = coarse.coordinates[:, None] * 2 + _kernel_offsets(covering.device)
    return _collect_pairs(grid.sites_at(inputs), grid.num_sites, coarse.num_sites), coarse


def sparse_conv(
    features: Float[Tensor, "sources in_channels"],
    weight: Float[Tensor, "27 in_channels out_channels"],
    rulebook: Rulebook,
) -> Float[Tensor, "targets out_channels"]:
    """Convolve: gather by pair, multiply by offset, add up by output site; no bias."""
    gathered = features.index_select(0, rulebook.sources).split(rulebook.group_sizes)
    products = torch.cat([rows @ matrix for rows, matrix in zip(gathered, weight, strict=True)])
    result = products.new_zeros(rulebook.num_targets, weight.shape[2])
    return result.index_add(0, rulebook.targets, products)
