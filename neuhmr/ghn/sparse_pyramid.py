"""GP-NeRF's sparse network (Chen et al., ECCV 2022): a pyramid of sparse convolutions."""

from dataclasses import dataclass
from typing import Literal, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from neuhmr.ghn.sparse_conv import Rulebook, sparse_conv, strided_rulebook, submanifold_rulebook
from neuhmr.ghn.sparse_grid import SparseGrid
from neuhmr.ghn.spconv_engine import spconv_convolve
from neuhmr.tensor_struct import TensorStruct

Engine = Literal["torch", "spconv"]
"""Who multiplies: `sparse_conv`, or the optional spconv package."""


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
