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
from typing import Literal, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from neuhmr.ghn.sparse_grid import SparseGrid
from neuhmr.tensor_struct import TensorStruct

Engine = Literal["torch", "spconv"]
"""Who multiplies: this file, or the optional spconv package."""


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


def convolve(
    features: Float[Tensor, "sources in_channels"],
    weight: Float[Tensor, "27 in_channels out_channels"],
    rulebook: Rulebook,
    grids: tuple[SparseGrid, SparseGrid],
    engine: Engine = "torch",
) -> Float[Tensor, "targets out_channels"]:
    """Convolve with the chosen engine; `grids` are those of the inputs and of the outputs.

    Raises:
        MissingDependencyError: the spconv engine is asked for and not installed.
    """
    match engine:
        case "torch":
            return sparse_conv(features, weight, rulebook)
        case "spconv":
            # Imported late: spconv is optional, and its adapter builds on this file.
            from neuhmr.ghn.spconv_engine import spconv_convolve

            return spconv_convolve(features, weight, rulebook, grids)


@dataclass(frozen=True)
class PyramidPlan(TensorStruct):
    """Grids and rulebooks of a body's pyramid; computed once per body."""

    grids: tuple[SparseGrid, ...]
    """Finest first; level l has cells 2**l times as large."""
    within: tuple[Rulebook, ...]
    """Submanifold rulebook of each level."""
    between: tuple[Rulebook, ...]
    """Strided rulebook from each level to the next."""

    def to(self, target: torch.device | torch.dtype | str) -> "PyramidPlan":
        """Move to a device."""
        return PyramidPlan(
            tuple(grid.to(target) for grid in self.grids),
            tuple(rulebook.to(target) for rulebook in self.within),
            tuple(rulebook.to(target) for rulebook in self.between),
        )


def plan_pyramid(grid: SparseGrid, levels: int = 5) -> PyramidPlan:
    """Work out the sites and pairs of `levels` levels, the first being `grid` itself."""
    grids, between = [grid], []
    for _ in range(levels - 1):
        rulebook, coarse = strided_rulebook(grids[-1])
        grids.append(coarse)
        between.append(rulebook)
    within = tuple(submanifold_rulebook(level) for level in grids)
    return PyramidPlan(tuple(grids), within, tuple(between))


class SparseConvBlock(nn.Module):
    """Sparse convolution without bias, normalization, ReLU.

    Normalizes each site over its channels (LayerNorm). BatchNorm, which GP-NeRF uses, would
    average over the sites of the one body in a step: what a site yields would depend on all
    others, and evaluation on running averages over training bodies.
    """

    def __init__(self, in_channels: int, out_channels: int, engine: Engine = "torch"):
        super().__init__()
        self.engine: Engine = engine
        # He's initialization for a third of the 27 neighbors, the usual share on a surface.
        deviation = (2.0 / (9 * in_channels)) ** 0.5
        self.weight = nn.Parameter(torch.randn(27, in_channels, out_channels) * deviation)
        self.norm = nn.LayerNorm(out_channels)

    def forward(
        self,
        features: Float[Tensor, "sources in_channels"],
        rulebook: Rulebook,
        grids: tuple[SparseGrid, SparseGrid],
    ) -> Float[Tensor, "targets out_channels"]:
        """Convolve, normalize, cut off below zero."""
        convolved = convolve(features, self.weight, rulebook, grids, self.engine)
        return torch.relu(self.norm(convolved))


class SparsePyramid(nn.Module):
    """GP-NeRF's sparse network: two convolutions per level, a strided one between levels."""

    def __init__(self, in_channels: int, widths: tuple[int, ...], engine: Engine = "torch"):
        """Build one level per width, finest first; five widths give strides 1, 2, 4, 8, 16."""
        super().__init__()
        self.widths = widths
        self.double_blocks = nn.ModuleList()
        self.strided_blocks = nn.ModuleList()
        for level, width in enumerate(widths):
            entering = in_channels if level == 0 else width
            first = SparseConvBlock(entering, width, engine)
            self.double_blocks.append(nn.ModuleList([first, SparseConvBlock(width, width, engine)]))
            if level > 0:
                self.strided_blocks.append(SparseConvBlock(widths[level - 1], width, engine))

    def forward(
        self, features: Float[Tensor, "sites channels"], plan: PyramidPlan
    ) -> list[Float[Tensor, "level_sites width"]]:
        """Compute the features of every level's sites, finest level first."""
        if len(plan.grids) != len(self.widths):
            raise ValueError(
                f"SparsePyramid: the plan has {len(plan.grids)} levels, expected {len(self.widths)}"
            )
        outputs: list[Tensor] = []
        for level, grid in enumerate(plan.grids):
            if level > 0:
                strided = self.strided_blocks[level - 1]
                grids = (plan.grids[level - 1], grid)
                features = strided(features, plan.between[level - 1], grids)
            for block in cast(nn.ModuleList, self.double_blocks[level]):
                features = block(features, plan.within[level], (grid, grid))
            outputs.append(features)
        return outputs
