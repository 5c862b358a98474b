"""Sparse 3D convolution in plain torch, for features that live on a thin surface.

A body fills a few thousand cells of a grid of millions. Features are kept for those *sites* only,
as a matrix `sites channels`; which site feeds which, through which of the 27 kernel offsets, is
worked out once per body in a `Rulebook`. The meaning is that of `torch.nn.functional.conv3d` on the
dense grid with zeros in empty cells (as in spconv: submanifold convolutions keep the set of sites,
strided ones have a site wherever their window holds one), so GP-NeRF's sparse network (Chen et al.,
ECCV 2022) needs no CUDA extension.

Coordinates are (z, y, x). Cell centers are at integer coordinates. Kernel 3, stride 2, padding 1
puts cell o of a level over cell 2o of the level before, hence position / 2**level is exact.
"""

from dataclasses import dataclass
from typing import Literal, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from neuhmr.tensor_struct import TensorStruct

Engine = Literal["torch", "spconv"]
"""Who multiplies: this file, or the optional spconv package."""


@dataclass(frozen=True)
class SparseGrid(TensorStruct):
    """Which cells of a grid are occupied; build it with `SparseGrid.from_coordinates`."""

    coordinates: Int[Tensor, "sites 3"]
    """Occupied cells (z, y, x), each once, in the order of (z * height + y) * width + x."""
    shape: tuple[int, int, int]
    """(depth, height, width) in cells."""
    lookup: Int[Tensor, "padded_depth padded_height padded_width"]
    """Site number of every cell, -1 where empty; one empty cell of margin on all sides.

    At 5 mm a person's lookup takes about 50 MB, at 2 cm less than 1 MB; one gather in it is far
    faster than a search in sorted keys.
    """

    @staticmethod
    def from_coordinates(
        coordinates: Int[Tensor, "points 3"], shape: tuple[int, int, int]
    ) -> "SparseGrid":
        """Occupy the given cells; duplicates count once.

        Raises:
            ValueError: a cell lies outside the shape.
        """
        return _occupy(coordinates, shape)[0]

    @property
    def num_sites(self) -> int:
        """Number of occupied cells."""
        return self.coordinates.shape[0]

    def sites_at(self, coordinates: Int[Tensor, "*batch 3"]) -> Int[Tensor, " *batch"]:
        """Site numbers of cells, which may lie outside the grid; -1 where empty."""
        # Anything outside lands in the margin, which is empty.
        limit = torch.tensor(self.shape, device=coordinates.device)
        z, y, x = (coordinates.clamp_min(-1).minimum(limit) + 1).unbind(dim=-1)
        return self.lookup[z, y, x].long()


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


def pool_to_grid(
    coordinates: Int[Tensor, "points 3"],
    features: Float[Tensor, "points channels"],
    shape: tuple[int, int, int],
) -> tuple[SparseGrid, Float[Tensor, "sites channels"], Int[Tensor, " points"]]:
    """Put points' features into their cells, averaging those that share one.

    Returns the grid, the features of its sites and the site of each point.

    Raises:
        ValueError: a cell lies outside the shape.
    """
    grid, site_of_point = _occupy(coordinates, shape)
    return grid, mean_per_site(features, site_of_point, grid.num_sites), site_of_point


def mean_per_site(
    features: Float[Tensor, "points channels"],
    site_of_point: Int[Tensor, " points"],
    num_sites: int,
) -> Float[Tensor, "sites channels"]:
    """Average the features of the points in each site; every site must hold a point."""
    counts = torch.bincount(site_of_point, minlength=num_sites)
    sums = features.new_zeros(num_sites, features.shape[1])
    return sums.index_add(0, site_of_point, features) / counts[:, None]


def _occupy(
    coordinates: Int[Tensor, "points 3"], shape: tuple[int, int, int]
) -> tuple[SparseGrid, Int[Tensor, " points"]]:
    limit = torch.tensor(shape, device=coordinates.device)
    if bool(((coordinates < 0) | (coordinates >= limit)).any()):
        low, high = coordinates.amin(dim=0).tolist(), coordinates.amax(dim=0).tolist()
        raise ValueError(f"sparse grid: cells {low} to {high} leave the shape {shape}")
    _, height, width = shape
    z, y, x = coordinates.long().unbind(dim=-1)
    keys, site_of_point = torch.unique((z * height + y) * width + x, return_inverse=True)
    rows = keys // width
    sites = torch.stack([rows // height, rows % height, keys % width], dim=-1)
    lookup = torch.full([size + 2 for size in shape], -1, dtype=torch.int32, device=keys.device)
    numbers = torch.arange(len(sites), dtype=torch.int32, device=keys.device)
    lookup[tuple((sites + 1).unbind(dim=-1))] = numbers
    return SparseGrid(sites, shape, lookup), site_of_point


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


def sample_sparse(
    features: Float[Tensor, "sites channels"],
    grid: SparseGrid,
    positions: Float[Tensor, "points 3"],
) -> Float[Tensor, "points channels"]:
    """Interpolate trilinearly; empty cells and everything outside the grid count as zero.

    Args:
        features: one row per site of `grid`.
        grid: a level of the pyramid.
        positions: (z, y, x) in cells of that level, cell centers at integers.
    """
    base = positions.detach().floor()
    fractions = positions - base
    corners = torch.cartesian_prod(*[torch.arange(2, device=positions.device)] * 3)
    sites = grid.sites_at(base.long()[:, None] + corners)
    z, y, x = torch.stack([1.0 - fractions, fractions], dim=-1).unbind(dim=-2)
    shares = (z[:, :, None, None] * y[:, None, :, None] * x[:, None, None, :]).flatten(1)
    # Empty corners read the last row, which is zero.
    padded = torch.cat([features, features.new_zeros(1, features.shape[1])])
    sites = torch.where(sites < 0, grid.num_sites, sites)
    return nn.functional.embedding_bag(sites, padded, per_sample_weights=shares, mode="sum")
