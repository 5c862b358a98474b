import sys

import pytest
import torch

from ghn.sparse_grids import make_grid
from neuhmr.errors import MissingDependencyError
from neuhmr.ghn.sparse_conv import submanifold_rulebook
from neuhmr.ghn.spconv_engine import spconv_convolve


def test_spconv_engine_leaves_the_random_stream_alone(generator):
    grid = make_grid(generator)
    features, weight = torch.zeros(grid.num_sites, 2), torch.zeros(27, 2, 2)
    before = torch.get_rng_state()
    spconv_convolve(features, weight, submanifold_rulebook(grid), (grid, grid))
    assert torch.equal(torch.get_rng_state(), before)


def test_missing_spconv_is_named_with_the_remedy(generator, monkeypatch):
    monkeypatch.setitem(sys.modules, "spconv.pytorch", None)
    grid = make_grid(generator)
    features, weight = torch.zeros(grid.num_sites, 2), torch.zeros(27, 2, 2)
    with pytest.raises(MissingDependencyError, match='choose the engine "torch"'):
        spconv_convolve(features, weight, submanifold_rulebook(grid), (grid, grid))
