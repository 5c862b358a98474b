"""The canonical sparse volume: vertex codes spread over the space around the body."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from neuhmr.ghn.canonical import CanonicalBody
from neuhmr.ghn.config import GhnConfig
from neuhmr.ghn.sparse_grid import SparseGrid, mean_per_site, pool_to_grid, sample_sparse
from neuhmr.ghn.sparse_pyramid import PyramidPlan, SparsePyramid, plan_pyramid
from neuhmr.tensor_struct import TensorStruct


@dataclass(frozen=True)
class VolumePlan(TensorStruct):
    """Which voxels one body fills, at every level; depends on its shape only."""

    pyramid: PyramidPlan
    site_of_vertex: Int[Tensor, " vertices"]
    origin: Float[Tensor, " 3"]
    """Canonical position of voxel (0, 0, 0)'s center (m)."""
    voxel_size: float

    def to(self, target: torch.device | torch.dtype | str) -> "VolumePlan":
        """Move to a device; numbers keep their types."""
        return VolumePlan(
            self.pyramid.to(target),
            self.site_of_vertex.to(target),
            self.origin.to(target),
            self.voxel_size,
        )


def plan_volume(canonical: CanonicalBody, config: GhnConfig) -> VolumePlan:
    """Lay a voxel grid over the canonical body, with a margin as wide as the band."""
    levels = max(config.sampled_levels) + 1
    vertices = canonical.vertices.detach()
    # The origin sits on multiples of the voxel, so equal bodies get equal grids wherever the
    # mesh's extremes happen to be.
    low = (vertices.amin(dim=0) - config.band_width) / config.voxel_size
    origin = low.floor() * config.voxel_size
    cells = ((vertices - origin) / config.voxel_size).round().long().flip(-1)
    margin = int(config.band_width / config.voxel_size) + 2
    depth, height, width = (int(size) + margin for size in cells.amax(dim=0).tolist())
    grid, _, site_of_vertex = pool_to_grid(cells, vertices, (depth, height, width))
    return VolumePlan(plan_pyramid(grid, levels), site_of_vertex, origin, config.voxel_size)


@dataclass(frozen=True)
class CanonicalVolume:
    """Features of the volume, already mixed for the radiance field."""

    grids: tuple[SparseGrid, ...]
    levels: tuple[int, ...]
    features: tuple[Float[Tensor, "_ mixed"], ...]
    """Per sampled level; the levels' values at a point add up."""
    origin: Float[Tensor, " 3"]
    voxel_size: float

    def sample(self, positions: Float[Tensor, "points 3"]) -> Float[Tensor, "points mixed"]:
        """Read the volume at canonical positions (m); differentiable in them."""
        cells = ((positions - self.origin) / self.voxel_size).flip(-1)
        total = torch.zeros(())
        for grid, level, features in zip(self.grids, self.levels, self.features, strict=True):
            total = sample_sparse(features, grid, cells / 2**level) + total
        return torch.relu(total)

    def folded(self, reach: float) -> "CanonicalVolume":
        """Add the levels up once, on the finest level's cells within `reach` (m) of its sites.

        Within reach this is the same function, at a quarter of the price: between coarse cells a
        level is trilinear, so its values at fine cells say all of it. Beyond reach it is zero.
        """
        finest = self.grids[0]
        # A vertex is up to half a diagonal from its site, a corner up to one from its point.
        diagonals = 1.5 * 3**0.5
        radius = math.ceil(reach / (self.voxel_size * 2 ** self.levels[0]) + diagonals)
        steps = torch.arange(-radius, radius + 1, device=self.origin.device)
        ball = torch.cartesian_prod(steps, steps, steps)
        ball = ball[ball.square().sum(dim=1) <= radius**2]
        cells = (finest.coordinates[:, None] + ball).flatten(end_dim=1)
        limit = torch.tensor(finest.shape, device=cells.device)
        cells = cells[((cells >= 0) & (cells < limit)).all(dim=1)]
        grid = SparseGrid.from_coordinates(cells, finest.shape)
        base = grid.coordinates.to(self.features[0])
        total = torch.zeros(())
        for coarse, level, features in zip(self.grids, self.levels, self.features, strict=True):
            total = sample_sparse(features, coarse, base / 2 ** (level - self.levels[0])) + total
        return CanonicalVolume((grid,), self.levels[:1], (total,), self.origin, self.voxel_size)


class VolumeEncoder(nn.Module):
    """Sparse convolutions over vertex codes, and one linear layer that mixes the levels.

    The linear layer is applied before interpolation: it is the same function, as both are linear,
    at the price of a few thousand sites instead of every sample.
    """

    def __init__(self, config: GhnConfig, mixed_channels: int) -> None:
        super().__init__()
        self.levels = config.sampled_levels
        width = config.volume_channels
        widths = (width,) * (max(config.sampled_levels) + 1)
        self.pyramid = SparsePyramid(width, widths, config.engine)
        self.mixes = nn.ModuleList(
            nn.Linear(width, mixed_channels, bias=False) for _ in config.sampled_levels
        )

    def forward(
        self, codes: Float[Tensor, "vertices channels"], plan: VolumePlan
    ) -> CanonicalVolume:
        """Convolve the vertices' codes, averaged per voxel."""
        grids = plan.pyramid.grids
        sites = mean_per_site(codes, plan.site_of_vertex, grids[0].num_sites)
        outputs = self.pyramid(sites, plan.pyramid)
        return CanonicalVolume(
            grids=tuple(grids[level] for level in self.levels),
            levels=self.levels,
            features=tuple(
                mix(outputs[level]) for mix, level in zip(self.mixes, self.levels, strict=True)
            ),
            origin=plan.origin,
            voxel_size=plan.voxel_size,
        )
