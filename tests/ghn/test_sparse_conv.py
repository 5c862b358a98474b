import sys

import pytest
import torch
from torch.nn import functional

from neuhmr.errors import MissingDependencyError
from neuhmr.ghn.sparse_conv import (
    SparsePyramid,
    convolve,
    plan_pyramid,
    sparse_conv,
    strided_rulebook,
    submanifold_rulebook,
)
from neuhmr.ghn.sparse_grid import SparseGrid, pool_to_grid

SHAPE = (5, 6, 7)
# float32 sums of up to 27 * 8 products of order one.
TOLERANCE = 1e-4


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


def test_one_offset_moves_a_feature_to_the_neighbor_it_names():
    # conv3d correlates: output at c reads input c + offset. Offset (0, 0, +1) is number 14 of 27,
    # so the cell at x = 2 receives what lies at x = 3, and the cell at x = 3 nothing.
    grid = SparseGrid.from_coordinates(torch.tensor([[1, 1, 2], [1, 1, 3]]), (3, 3, 5))
    weight = torch.zeros(27, 1, 1)
    weight[14] = 1.0
    result = sparse_conv(torch.tensor([[5.0], [7.0]]), weight, submanifold_rulebook(grid))
    assert result.tolist() == [[7.0], [0.0]]


@pytest.mark.parametrize("engine", ["torch", "spconv"])
@pytest.mark.parametrize("kind", ["submanifold", "strided"])
def test_both_engines_equal_dense_convolution_in_value_and_gradient(generator, kind, engine):
    grid = make_grid(generator)
    rulebook, target, stride = make_convolution(grid, kind)
    features = torch.randn(grid.num_sites, 8, generator=generator, requires_grad=True)
    weight = torch.randn(27, 8, 5, generator=generator, requires_grad=True)
    upstream = torch.randn(target.num_sites, 5, generator=generator)
    sparse = convolve(features, weight, rulebook, (grid, target), engine)
    dense = dense_convolution(features, weight, grid, target, stride)
    torch.testing.assert_close(sparse, dense, atol=TOLERANCE, rtol=TOLERANCE)
    for ours, theirs in zip(
        torch.autograd.grad(sparse, (features, weight), upstream),
        torch.autograd.grad(dense, (features, weight), upstream),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs, atol=TOLERANCE, rtol=TOLERANCE)


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


def test_pyramid_does_not_depend_on_the_order_of_points(generator):
    cells = torch.randint(16, (60, 3), generator=generator)
    features = torch.randn(60, 4, generator=generator)
    order = torch.randperm(60, generator=generator)
    pyramid = SparsePyramid(4, (4, 6, 8))
    results = []
    for choice in (torch.arange(60), order):
        grid, pooled, _ = pool_to_grid(cells[choice], features[choice], (16, 16, 16))
        results.append(pyramid(pooled, plan_pyramid(grid, 3)))
    for first, second in zip(*results, strict=True):
        torch.testing.assert_close(first, second, atol=1e-5, rtol=1e-5)


def test_pyramid_levels_halve_and_both_engines_agree(generator):
    grid, pooled, _ = pool_to_grid(
        torch.randint(33, (200, 3), generator=generator),
        torch.randn(200, 4, generator=generator),
        (33, 33, 33),
    )
    plan = plan_pyramid(grid)
    assert [level.shape[0] for level in plan.grids] == [33, 17, 9, 5, 3]
    ours = SparsePyramid(4, (8,) * 5)
    theirs = SparsePyramid(4, (8,) * 5, engine="spconv")
    theirs.load_state_dict(ours.state_dict())
    for level, (first, second) in enumerate(
        zip(ours(pooled, plan), theirs(pooled, plan), strict=True)
    ):
        assert first.shape == (plan.grids[level].num_sites, 8)
        torch.testing.assert_close(first, second, atol=TOLERANCE, rtol=TOLERANCE)


def test_pyramid_refuses_a_plan_of_another_depth(generator):
    grid = make_grid(generator)
    with pytest.raises(ValueError, match="2 levels, expected 3"):
        SparsePyramid(4, (4, 4, 4))(torch.zeros(grid.num_sites, 4), plan_pyramid(grid, 2))


def test_spconv_engine_leaves_the_random_stream_alone(generator):
    grid = make_grid(generator)
    features, weight = torch.zeros(grid.num_sites, 2), torch.zeros(27, 2, 2)
    before = torch.get_rng_state()
    convolve(features, weight, submanifold_rulebook(grid), (grid, grid), "spconv")
    assert torch.equal(torch.get_rng_state(), before)


def test_missing_spconv_is_named_with_the_remedy(generator, monkeypatch):
    monkeypatch.setitem(sys.modules, "spconv.pytorch", None)
    grid = make_grid(generator)
    features, weight = torch.zeros(grid.num_sites, 2), torch.zeros(27, 2, 2)
    with pytest.raises(MissingDependencyError, match='choose the engine "torch"'):
        convolve(features, weight, submanifold_rulebook(grid), (grid, grid), "spconv")
