"""The guard votes the same wherever it looks."""

from dataclasses import replace

import pytest

from neuhmr.pipeline import make_subject, prepare
from neuhmr.refine.guard.guard import GuardedMotion, guard_motion
from neuhmr.refine.settings.config import USUAL_RATE
from neuhmr.refine.settings.guard import GuardConfig
from refine.splat_clip import wrong_by_rotations
from refine.tiny_problem import TINY_CONFIG, tiny_clip
from tests.ghn.scene import make_ghn


def guarded_on(device: str) -> GuardedMotion:
    """The truth in place of a refined motion."""
    clip = tiny_clip()
    initial = wrong_by_rotations(clip.truth, 10.0, 0.05)
    subject = make_subject(
        clip.crops, initial, clip.model, make_ghn().to(device), USUAL_RATE, device
    )
    config = replace(TINY_CONFIG, draft=replace(TINY_CONFIG.draft, enabled=True, steps=2))
    return guard_motion(prepare(subject, config), clip.truth.to(device), GuardConfig(stride=2))


def test_the_guard_keeps_the_same_shares(elsewhere: str) -> None:
    here, there = guarded_on("cpu"), guarded_on(elsewhere)
    assert there.rows == here.rows and len(here.rows) == 6
    for wanted, found in zip(here.after, there.after, strict=True):
        assert (found.rgb, found.geo) == pytest.approx((wanted.rgb, wanted.geo), rel=1e-2, abs=1e-3)
    assert there.shares == pytest.approx(here.shares, abs=5e-2)
