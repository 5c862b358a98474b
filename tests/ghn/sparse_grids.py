"""Random sparse grids, and the dense convolution that sparse ones must equal."""

import torch
from torch.nn import functional

from neuhmr.ghn.sparse_conv import strided_rulebook, submanifold_rulebook
from neuhmr.ghn.sparse_grid import SparseGrid

SHAPE = (5, 6, 7)
TOLERANCE = 1e-4
"""float32 sums of up to 27 * 8 products of order one."""


def make_grid(generator, num_cells=40, shape=SHAPE) -> SparseGrid:
    cells = torch.stack(
        [torch.randint(size, (num_cells,), generator=generator) for size in shape], dim=-1
    )
    return SparseGrid.from_coordinates(cells, shape)


def to_dense(features, grid):
    dense = features.new_zeros(*grid.shape, features.shape[1])
    dense = dense.index_put(tuple(grid.coordinates.T), features)
    return dense.permute(3, 0, 1, 2)[None]


def dense_convolution(features, weight, source, target, stride):
    kernel = weight.unflatten(0, (3, 3, 3)).permute(4, 3, 0, 1, 2)
    dense = functional.conv3d(to_dense(features, source), kernel, stride=stride, padding=1)[0]
    assert dense.shape[1:] == target.shape
    return dense[:, *target.coordinates.T].T


def make_convolution(grid, kind):
    if kind == "strided":
        rulebook, coarse = strided_rulebook(grid)
        return rulebook, coarse, 2
    return submanifold_rulebook(grid), grid, 1
