import pytest
import torch
from torch.nn import functional

from ghn.sparse_grids import make_convolution, make_grid, to_dense
from neuhmr.ghn.sparse_conv import sparse_conv, strided_rulebook, submanifold_rulebook
from neuhmr.ghn.sparse_grid import SparseGrid


def test_one_offset_moves_a_feature_to_the_neighbor_it_names():
    # conv3d correlates: output at c reads input c + offset. Offset (0, 0, +1) is number 14 of 27,
    # so the cell at x = 2 receives what lies at x = 3, and the cell at x = 3 nothing.
    grid = SparseGrid.from_coordinates(torch.tensor([[1, 1, 2], [1, 1, 3]]), (3, 3, 5))
    weight = torch.zeros(27, 1, 1)
    weight[14] = 1.0
    result = sparse_conv(torch.tensor([[5.0], [7.0]]), weight, submanifold_rulebook(grid))
    assert result.tolist() == [[7.0], [0.0]]


@pytest.mark.parametrize("kind", ["submanifold", "strided"])
def test_sparse_conv_passes_gradcheck(generator, kind):
    grid = make_grid(generator, num_cells=8, shape=(3, 3, 4))
    rulebook, _, _ = make_convolution(grid, kind)
    options = {"generator": generator, "dtype": torch.float64, "requires_grad": True}
    features = torch.randn(grid.num_sites, 2, **options)
    weight = torch.randn(27, 2, 3, **options)
    assert torch.autograd.gradcheck(lambda f, w: sparse_conv(f, w, rulebook), (features, weight))


def test_strided_sites_are_exactly_the_cells_a_dense_convolution_reaches(generator):
    grid = make_grid(generator, num_cells=10)
    _, coarse = strided_rulebook(grid)
    occupied = to_dense(torch.ones(grid.num_sites, 1), grid)
    reached = functional.conv3d(occupied, torch.ones(1, 1, 3, 3, 3), stride=2, padding=1)[0, 0]
    assert coarse.shape == tuple(reached.shape) == (3, 3, 4)
    assert torch.equal(coarse.coordinates, reached.nonzero())
