"""Quality of matching: features that know the joints, and features that know nothing."""

from dataclasses import replace

import pytest
import torch

from neuhmr.body.motion import Motion
from neuhmr.body.skeleton import MATCHING_JOINTS
from neuhmr.lab.benchmarks.pose.matching_quality import FOUND_PX, MatchingQuality, matching_quality
from neuhmr.refine.settings.terms import MatchingConfig
from refine.splat_clip import SplatClip
from refine.tiny_problem import tiny_clip

ANCHORS = (0, 2)
SEARCH = MatchingConfig(sigma_px=1.5, num_samples=600)
"""The person is some 45 px tall here: a pixel is three of those that quality is stated in."""


@pytest.fixture(scope="module")
def clip() -> SplatClip:
    return tiny_clip()


def shifted(clip: SplatClip) -> Motion:
    """The true poses, 6 cm to the right."""
    return replace(clip.truth, transl=clip.truth.transl + torch.tensor([0.06, 0.0, 0.0]))


def knowing_features(clip: SplatClip) -> torch.Tensor:
    """One channel per joint that peaks at its true place, and one that is large elsewhere."""
    body = clip.avatar.body
    posed = clip.truth.pose(body.model)
    joints = clip.crops.cameras.project(posed.joints)
    grid = clip.crops.cameras[0].pixel_grid()
    squares = (grid - joints[:, :, None, None]).square().sum(dim=-1)
    peaks = torch.exp(-squares / (2 * 1.5**2))
    return torch.cat([peaks, torch.full_like(peaks[:, :1], 0.5)], dim=1)


def test_features_that_know_the_joints_find_them(clip: SplatClip) -> None:
    quality = matching_quality(
        clip.crops,
        knowing_features(clip),
        clip.truth,
        shifted(clip),
        clip.avatar.body,
        ANCHORS,
        prototypes=torch.eye(24, 25),
        config=SEARCH,
    )
    assert quality.before_px > 1.0
    assert quality.after_px < 0.4 * quality.before_px
    assert quality.found_share > 0.8 > 0.4 > quality.chance_share
    assert set(quality.joint.tolist()) <= set(MATCHING_JOINTS)


def test_features_that_know_nothing_leave_joints_where_they_are(clip: SplatClip) -> None:
    blind = torch.ones(len(clip.truth), 4, 8, 8)
    wrong = shifted(clip)
    quality = matching_quality(clip.crops, blind, clip.truth, wrong, clip.avatar.body, ANCHORS)
    torch.testing.assert_close(quality.after, quality.before)


def test_numbers_follow_from_the_matches() -> None:
    quality = MatchingQuality(
        joint=torch.tensor([0, 0, 4]),
        before=torch.tensor([2.0, 10.0, 6.0]),
        after=torch.tensor([1.0, 0.0, FOUND_PX + 1]),
        chance=torch.tensor([0.1, 0.9, 0.3]),
        similarity=torch.ones(3),
    )
    assert quality.before_px == 6.0
    # The second match starts too far away to count as findable.
    assert quality.found_share == 0.5
    assert quality.chance_share == pytest.approx(0.2)
    assert quality.per_joint()["left_knee"] == (6.0, FOUND_PX + 1, 0.0)
    both = MatchingQuality.together([quality, quality])
    assert len(both.joint) == 6 and both.after_px == quality.after_px
