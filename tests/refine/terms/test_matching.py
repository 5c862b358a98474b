import pytest
import torch

from neuhmr.anchors.registration import JointDescriptors, normalize_features
from neuhmr.anchors.visibility import JointDepths
from neuhmr.body.skeleton import MATCHING_JOINTS
from neuhmr.refine.settings.terms import MatchingConfig
from neuhmr.refine.terms.matching import JointMatches, match_joints, sample_offsets

SIZE = (64, 48)
GRID = MatchingConfig(search="grid", sigma_px=3.0)


def spot_features(spot: tuple[float, float], channels: int = 8) -> torch.Tensor:
    """A feature map whose direction turns away from that of `spot` with the distance to it."""
    v, u = torch.meshgrid(torch.arange(16) * 4 + 2.0, torch.arange(12) * 4 + 2.0, indexing="ij")
    angle = ((u - spot[0]) ** 2 + (v - spot[1]) ** 2).sqrt() / 20.0
    features = torch.zeros(channels, 16, 12)
    features[0], features[1] = angle.cos(), angle.sin()
    return features


def spot_descriptors(channels: int = 8) -> JointDescriptors:
    descriptors = torch.zeros(24, channels)
    descriptors[:, 0] = 1.0
    return JointDescriptors(descriptors, torch.full((24,), 3))


def seen_at(u: float, v: float) -> JointDepths:
    """All joints at one pixel, 10 cm behind the surface."""
    return JointDepths(
        pixels=torch.tensor([u, v]).expand(24, 2).clone(),
        joint_depths=torch.full((24,), 3.1),
        surface_depths=torch.full((24,), 3.0),
        opacities=torch.ones(24),
    )


def match(
    depths: JointDepths,
    config: MatchingConfig = GRID,
    spot: tuple[float, float] = (26.0, 30.0),
    descriptors: JointDescriptors | None = None,
) -> JointMatches:
    return match_joints(
        spot_features(spot),
        descriptors or spot_descriptors(),
        depths,
        SIZE,
        config,
        torch.Generator().manual_seed(0),
    )


def test_the_winner_lies_where_the_descriptor_is_found():
    # The joint is 4 px left and 3 px above the spot; the grid reaches 9 px.
    found = match(seen_at(22.0, 27.0))
    assert found.joints == MATCHING_JOINTS
    assert bool(found.accepted.all()) and set(found.verdicts) == {"accepted"}
    assert (found.targets - torch.tensor([26.0, 30.0])).norm(dim=1).max() <= 1.5
    assert torch.all(found.best_similarities > found.similarities[:, 0])


def test_random_candidates_find_it_too():
    found = match(seen_at(22.0, 27.0), MatchingConfig(sigma_px=4.0, num_samples=128))
    assert (found.targets - torch.tensor([26.0, 30.0])).norm(dim=1).max() < 2.5


def test_every_verdict_can_be_reached():
    depths = seen_at(22.0, 27.0)
    pixels, surface = depths.pixels.clone(), depths.surface_depths.clone()
    pixels[MATCHING_JOINTS[0]] = torch.tensor([-3.0, 10.0])
    surface[MATCHING_JOINTS[1]] = 2.5  # Something 60 cm in front hides it.
    pixels[MATCHING_JOINTS[2]] = torch.tensor([26.0, 30.0])  # Already there.
    pixels[MATCHING_JOINTS[3]] = torch.tensor([40.0, 62.0])  # Nothing alike within reach.
    descriptors = spot_descriptors()
    descriptors.counts[MATCHING_JOINTS[4]] = 0
    moved = JointDepths(pixels, depths.joint_depths, surface, depths.opacities)
    found = match(moved, descriptors=descriptors)
    assert found.verdicts[:6] == (
        "outside the image",
        "occluded",
        "no better than here",
        "not similar enough",
        "never seen in an anchor",
        "accepted",
    )
    assert found.accepted.tolist()[:6] == [False] * 5 + [True]


def test_hidden_joints_are_matched_on_request():
    depths = seen_at(22.0, 27.0)
    hidden = JointDepths(
        depths.pixels, depths.joint_depths, depths.surface_depths - 1.0, depths.opacities
    )
    assert not match(hidden).accepted.any()
    wanted = MatchingConfig(search="grid", sigma_px=3.0, match_occluded=True)
    assert match(hidden, wanted).accepted.all()


def test_a_gain_can_be_demanded():
    strict = MatchingConfig(search="grid", sigma_px=3.0, least_gain=0.5)
    assert not match(seen_at(22.0, 27.0), strict).accepted.any()


def test_candidates_outside_the_image_never_win():
    found = match(seen_at(1.0, 30.0), spot=(-4.0, 30.0))
    assert (found.targets >= 0.0).all()
    outside = (found.candidates < 0.0).any(dim=-1)
    assert outside.any() and (found.similarities[outside] == -1.0).all()


def test_the_present_location_is_always_a_candidate():
    for config in (GRID, MatchingConfig(num_samples=5)):
        found = match(seen_at(22.0, 27.0), config)
        assert torch.equal(found.candidates[:, 0], torch.tensor([[22.0, 27.0]]).expand(16, 2))


def test_random_offsets_have_the_spread_that_was_asked_for_and_are_new_each_time(
    generator: torch.Generator,
):
    config = MatchingConfig(sigma_px=4.0, num_samples=4000)
    first = sample_offsets(2, config, generator)
    assert first.shape == (2, 4001, 2)
    # The standard error of a standard deviation from 16000 numbers is 4 / sqrt(32000) = 0.022.
    assert float(first[:, 1:].std()) == pytest.approx(4.0, abs=0.1)
    assert not torch.equal(first, sample_offsets(2, config, generator))


def test_the_grid_is_a_disk_of_three_sigma_and_never_changes(generator: torch.Generator):
    offsets = sample_offsets(1, MatchingConfig(search="grid", sigma_px=1.0), generator)
    # 29 integer points lie within a distance of 3; the present location comes on top.
    assert offsets.shape == (1, 30, 2)
    assert float(offsets.norm(dim=-1).max()) == 3.0
    again = sample_offsets(1, MatchingConfig(search="grid", sigma_px=1.0), generator)
    assert torch.equal(offsets, again)


def test_similarities_are_cosines(generator: torch.Generator):
    features = torch.randn(8, 16, 12, generator=generator)
    descriptors = JointDescriptors(
        normalize_features(torch.randn(24, 8, generator=generator)), torch.ones(24).long()
    )
    found = match_joints(features, descriptors, seen_at(22.0, 26.0), SIZE, GRID, generator)
    # The pixel (22, 26) is the center of feature cell (row 6, column 5).
    cell = torch.nn.functional.cosine_similarity(
        features[:, 6, 5][None], descriptors.descriptors[list(MATCHING_JOINTS)]
    )
    assert torch.allclose(found.similarities[:, 0], cell, atol=1e-5)
    scaled = match_joints(7.0 * features, descriptors, seen_at(22.0, 26.0), SIZE, GRID, generator)
    assert torch.allclose(scaled.similarities, found.similarities, atol=1e-5)
