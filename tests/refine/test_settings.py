from dataclasses import FrozenInstanceError, replace

import pytest

from neuhmr.refine.settings import RefineConfig, preset
from neuhmr.refine.settings.table import with_live_values


def test_paper_settings_are_those_printed():
    # NeuHMR section 4.3.
    config = preset("paper")
    weights = config.weights
    assert (weights.rgb, weights.geo, weights.joint) == (2.5, 0.001, 0.003)
    assert (config.matching.sigma_px, config.matching.num_samples) == (4.0, 128)
    assert config.matching.epsilon == 0.2
    schedule = config.schedule
    assert (schedule.epochs, schedule.frames_per_step) == (5, 1)
    assert (schedule.learning_rate, schedule.final_learning_rate) == (1e-6, 1e-7)
    assert (schedule.stride, schedule.fine_stride) == (1, 1)
    assert (config.motion_field.width, config.motion_field.num_centers) == (1000, 100)
    assert config.motion_field.frames_per_center == 0.0
    assert config.anchors.frames_per_anchor == 10
    assert not config.balance.enabled
    assert config.robust.rgb_scale == config.robust.joint_scale_px == 0.0
    assert weights.acceleration == weights.prior == weights.root_depth == 0.0
    assert weights.plausibility == weights.floor == 0.0
    assert not config.draft.enabled


def test_fast_is_the_default():
    assert preset("fast") == RefineConfig()


def test_configurations_cannot_be_changed_in_place():
    with pytest.raises(FrozenInstanceError):
        preset("fast").seed = 3  # pyright: ignore[reportAttributeAccessIssue]


def test_live_values_replace_what_may_change_and_keep_the_rest():
    config = preset("fast")
    wanted = replace(
        preset("paper"), schedule=replace(config.schedule, learning_rate=2e-3, epochs=99)
    )
    found = with_live_values(config, wanted)
    assert found.weights == wanted.weights and found.robust == wanted.robust
    assert found.schedule == replace(config.schedule, learning_rate=2e-3)
    assert found.schedule.final_learning_rate == pytest.approx(2e-4)
    assert (found.draft, found.anchors, found.guard) == (config.draft, config.anchors, config.guard)
    assert with_live_values(config, config) == config


def test_settings_mean_the_same_time_at_any_frame_rate():
    usual = preset("fast")
    assert usual.at_rate(30.0) == usual
    slow = usual.at_rate(5.0)
    # Six times as far between frames: 36 times the acceleration per frame^2.
    assert slow.draft.sigma_acceleration == pytest.approx(36 * usual.draft.sigma_acceleration)
    assert slow.draft.correlation_frames == pytest.approx(usual.draft.correlation_frames / 6)
    # Less than one frame to each side is none.
    assert slow.draft.smoothing_frames == 0
    assert usual.at_rate(60.0).draft.smoothing_frames == 2 * usual.draft.smoothing_frames
    assert slow.motion_field.frames_per_center == 1.0
    paper = preset("paper")
    assert paper.at_rate(5.0).weights == paper.weights
    assert paper.at_rate(5.0).motion_field == paper.motion_field
