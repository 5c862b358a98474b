import pytest
import torch

from ghn.sparse_grids import TOLERANCE, dense_convolution, make_convolution, make_grid
from neuhmr.ghn.sparse_grid import pool_to_grid
from neuhmr.ghn.sparse_pyramid import SparsePyramid, convolve, plan_pyramid


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
