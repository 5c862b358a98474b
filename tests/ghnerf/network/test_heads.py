"""Heads: literal color blending, ranges of what comes out."""

import pytest
import torch
from torch.nn import functional

from neuhmr.ghnerf.network.config import FeatureHead, GhnerfConfig, ghnerf_preset
from neuhmr.ghnerf.network.heads import NerfHeads, SampleEvidence


def make_evidence(views: int = 3, samples: int = 50) -> SampleEvidence:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(views, samples, 11, generator=generator)
    images[..., -3:] = torch.rand(views, samples, 3, generator=generator)
    directions = torch.randn(views, samples, 4, generator=generator)
    return SampleEvidence(images, directions, torch.randn(samples, 8, generator=generator))


def test_color_blending_is_enerf_s_written_out() -> None:
    torch.manual_seed(0)
    heads, evidence = NerfHeads(11, ghnerf_preset("enerf")), make_evidence()
    merged = torch.cat([evidence.voxels, heads.pooling(evidence.images, evidence.directions)], -1)
    shared = torch.cat([heads.trunk(merged), merged], dim=-1).expand(3, -1, -1)
    per_view = torch.cat([shared, evidence.images, evidence.directions], dim=-1)
    hidden = functional.relu(heads.blend(per_view))
    weights = torch.softmax(functional.relu(heads.blend_score(hidden)), dim=0)
    expected = (weights * evidence.images[..., -3:]).sum(dim=0)
    torch.testing.assert_close(heads(evidence).colors, expected, rtol=1e-4, atol=1e-5)


def test_colors_lie_between_those_of_the_views_and_densities_are_positive() -> None:
    evidence = make_evidence()
    found = NerfHeads(11, ghnerf_preset("enerf"))(evidence)
    colors = evidence.images[..., -3:]
    assert (found.colors >= colors.amin(dim=0) - 1e-6).all()
    assert (found.colors <= colors.amax(dim=0) + 1e-6).all()
    assert (found.sigmas > 0).all() and found.coordinates is None


def test_heatmaps_start_low_and_other_features_are_any_number() -> None:
    torch.manual_seed(0)
    config = GhnerfConfig(
        feature_heads=(FeatureHead(channels=25), FeatureHead(kind="embedding", channels=6)),
        human_channels=8,
    )
    heads, evidence = NerfHeads(11, config), make_evidence(samples=500)
    human = torch.randn(3, 500, 8)
    found = heads.predict_features(heads(evidence).intermediate, human, evidence.directions)
    heatmaps = found[:, config.feature_slice("heatmaps")]
    embedding = found[:, config.feature_slice("embedding")]
    assert heatmaps.shape[1] == 25 and embedding.shape[1] == 6
    assert 0.0 < heatmaps.min() and heatmaps.median() < 0.05
    assert embedding.min() < 0.0 < embedding.max()
    with pytest.raises(ValueError, match="kind must be one of the configured heads, got 'parts'"):
        config.feature_slice("parts")
    with pytest.raises(ValueError, match="fine needs planes in multiples of 8"):
        GhnerfConfig(fine=type(config.fine)(planes=4, samples=2))
