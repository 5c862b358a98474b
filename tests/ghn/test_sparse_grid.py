import pytest
import torch
from torch.nn import functional

from neuhmr.ghn.sparse_grid import SparseGrid, pool_to_grid, sample_sparse

SHAPE = (5, 6, 7)


def make_grid(generator, num_cells=40, shape=SHAPE) -> SparseGrid:
    cells = torch.stack(
        [torch.randint(size, (num_cells,), generator=generator) for size in shape], dim=-1
    )
    return SparseGrid.from_coordinates(cells, shape)


def to_dense(features, grid):
    dense = features.new_zeros(*grid.shape, features.shape[1])
    dense = dense.index_put(tuple(grid.coordinates.T), features)
    return dense.permute(3, 0, 1, 2)[None]


def test_pooling_averages_points_that_share_a_cell():
    # Cells in key order: (0, 0, 1) holds the mean of 2 and 4, (1, 0, 0) holds 10.
    cells = torch.tensor([[0, 0, 1], [1, 0, 0], [0, 0, 1]])
    features = torch.tensor([[2.0], [10.0], [4.0]], requires_grad=True)
    grid, pooled, site_of_point = pool_to_grid(cells, features, (2, 1, 2))
    assert grid.coordinates.tolist() == [[0, 0, 1], [1, 0, 0]]
    assert pooled.tolist() == [[3.0], [10.0]]
    assert site_of_point.tolist() == [0, 1, 0]
    (gradient,) = torch.autograd.grad(pooled.sum(), features)
    assert gradient.tolist() == [[0.5], [1.0], [0.5]]


def test_cells_outside_the_shape_are_refused():
    with pytest.raises(ValueError, match=r"leave the shape \(2, 2, 2\)"):
        SparseGrid.from_coordinates(torch.tensor([[0, 0, 2]]), (2, 2, 2))


def test_lookup_finds_sites_and_nothing_outside(generator):
    grid = make_grid(generator)
    assert torch.equal(grid.sites_at(grid.coordinates), torch.arange(grid.num_sites))
    outside = torch.tensor([[-1, 0, 0], [0, 6, 0], [-(2**40), 2**40, 3]])
    assert (grid.sites_at(outside) == -1).all()


def test_sampling_equals_grid_sample_on_the_dense_grid(generator):
    grid = make_grid(generator)
    features = torch.randn(grid.num_sites, 3, generator=generator)
    # From two cells before the grid to two cells behind it.
    limit = torch.tensor(SHAPE)
    positions = torch.rand(200, 3, generator=generator) * (limit + 3) - 2
    normalized = positions / (limit - 1) * 2 - 1
    dense = functional.grid_sample(
        to_dense(features, grid), normalized.flip(-1)[None, None, None], align_corners=True
    )[0, :, 0, 0].T
    sampled = sample_sparse(features, grid, positions)
    torch.testing.assert_close(sampled, dense, atol=1e-5, rtol=1e-5)


def test_sampling_at_a_cell_center_returns_its_feature(generator):
    grid = make_grid(generator)
    features = torch.randn(grid.num_sites, 3, generator=generator)
    sampled = sample_sparse(features, grid, grid.coordinates.float())
    assert torch.equal(sampled, features)


def test_sampling_far_outside_is_zero(generator):
    grid = make_grid(generator)
    far = torch.tensor([[1e30, 0.0, 0.0], [-1e9, 1e9, 2.0]])
    assert (sample_sparse(torch.ones(grid.num_sites, 2), grid, far).abs().sum()) == 0


def test_sampling_passes_gradcheck_in_features_and_positions(generator):
    grid = make_grid(generator, num_cells=10, shape=(3, 3, 3))
    options = {"generator": generator, "dtype": torch.float64}
    features = torch.randn(grid.num_sites, 2, **options).requires_grad_()
    positions = (torch.rand(6, 3, **options) * 2).requires_grad_()
    assert torch.autograd.gradcheck(lambda f, p: sample_sparse(f, grid, p), (features, positions))
