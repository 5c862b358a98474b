import math
from dataclasses import replace

import pytest
import torch

from neuhmr.ghnerf.network.config import FeatureHead, GhnerfConfig
from neuhmr.ghnerf.network.model import GhnerfRendering, LevelRendering
from neuhmr.lab.moments.surface_truth import SurfacePixels
from neuhmr.lab.training.ghnerf.batches import RayTruth
from neuhmr.lab.training.ghnerf.losses import (
    GhnerfLossWeights,
    heatmap_loss,
    level_terms,
    rendering_terms,
)

CONFIG = GhnerfConfig(human_encoder="none")
ALL = replace(
    CONFIG,
    feature_heads=(
        FeatureHead(),
        FeatureHead(kind="parts", channels=14),
        FeatureHead(kind="embedding", channels=3),
    ),
    coordinate_head=True,
)


def seen(channels=25, coordinates=None):
    return LevelRendering(
        pixels=torch.zeros(2, 2), colors=torch.tensor([[0.5, 0.5, 0.5], [0.0, 0.0, 0.0]]),
        opacities=torch.ones(2), depths=torch.ones(2), features=torch.zeros(2, channels),
        coordinates=coordinates,
    )  # fmt: skip


def truth(surface=None):
    heatmaps = torch.zeros(2, 25)
    heatmaps[0, 3] = 1.0
    known = torch.zeros(25, dtype=torch.bool)
    known[[2, 3, 4, 5]] = True
    opacities = torch.tensor([1.0, 0.5])
    return RayTruth(torch.zeros(2, 2), torch.zeros(2, 3), opacities, heatmaps, known, surface)


def surface(is_body=(True, False)):
    return SurfacePixels(
        is_body=torch.tensor(is_body), parts=torch.tensor([3, 0]),
        embedding=torch.full((2, 3), 0.5), coordinates=torch.full((2, 3), 0.25),
    )  # fmt: skip


SQUARED = GhnerfLossWeights(heatmap_error="squared")


def test_terms_are_the_means_worked_by_hand():
    terms = level_terms(seen(), truth(), CONFIG, SQUARED)
    # Three of six color values miss by 0.5; one of 2 x 4 heatmap values misses by 1.
    assert float(terms["color"]) == pytest.approx(0.25 / 2)
    assert float(terms["heatmaps"]) == pytest.approx(0.5 / 8)
    assert set(terms) == {"color", "heatmaps"}


def test_missing_keypoints_count_for_nothing():
    rendering = seen()
    rendering.features[:, 10:] = 7.0
    terms = level_terms(rendering, truth(), CONFIG, SQUARED)
    assert float(terms["heatmaps"]) == pytest.approx(0.5 / 8)
    nothing = replace(truth(), known=torch.zeros(25, dtype=torch.bool))
    assert set(level_terms(rendering, nothing, CONFIG, GhnerfLossWeights())) == {"color"}


def test_the_cross_entropy_of_heatmaps_is_that_worked_by_hand():
    half = heatmap_loss(torch.tensor([[0.5, 0.5]]), torch.tensor([[1.0, 0.25]]))
    assert float(half) == pytest.approx(math.log(2.0))
    # Least where the heatmaps are the truth, and finite where they are zero.
    truth = torch.tensor([[0.3]])
    at_truth, *others = (float(heatmap_loss(truth + shift, truth)) for shift in (0.0, 0.05, -0.05))
    assert at_truth < min(others)
    assert float(heatmap_loss(torch.zeros(1, 1), torch.ones(1, 1))) < 10.0
    assert float(heatmap_loss(torch.zeros(1, 1), torch.ones(1, 1), "squared")) == 1.0


def test_opacities_are_compared_with_the_mask_where_asked_for():
    rendering = replace(seen(), opacities=torch.tensor([0.5, 0.5]))
    terms = level_terms(rendering, truth(), CONFIG, GhnerfLossWeights(opacity=0.5))
    assert float(terms["opacity"]) == pytest.approx(0.5 * math.log(2.0))
    assert "opacity" not in level_terms(rendering, truth(), CONFIG, GhnerfLossWeights())


def test_surface_terms_look_only_at_the_body():
    rendering = seen(42, torch.zeros(2, 3))
    rendering.features[1] = 99.0
    weights = GhnerfLossWeights(parts=1.0, embedding=1.0, coordinates=1.0)
    terms = level_terms(rendering, truth(surface()), ALL, weights)
    assert float(terms["parts"]) == pytest.approx(float(torch.log(torch.tensor(14.0))))
    assert float(terms["embedding"]) == pytest.approx(0.25)
    assert float(terms["coordinates"]) == pytest.approx(0.0625)
    beside = level_terms(rendering, truth(surface((False, False))), ALL, weights)
    assert set(beside) == {"color", "heatmaps"}


def test_levels_weigh_one_and_a_tenth():
    both = rendering_terms(
        GhnerfRendering(seen(), seen()), truth(), truth(), CONFIG, GhnerfLossWeights()
    )
    fine = rendering_terms(
        GhnerfRendering(seen(), None), truth(), truth(), CONFIG, GhnerfLossWeights()
    )
    for name, term in fine.items():
        assert float(both[name]) == pytest.approx(1.1 * float(term))
