"""The slider of the keypoint term: what it reaches, and where it takes no input."""

from dataclasses import replace

import pytest
import torch

from neuhmr.clip.open_request import OpenRequest
from neuhmr.refine.settings import SETTINGS, with_values
from neuhmr.refine.settings.table import with_live_values
from neuhmr.refine.terms import keypoint_search
from tests.refine.walker_problem import BY_KEYPOINTS, FRAMES, UNMOVED, walk, walker_problem
from tests.workbench.driven_window import find, send, wait
from tests.workbench.fake_engine import FakeEngine
from tests.workbench.patience import assert_soon
from workbench.app import Workbench
from workbench.engine.refinement import NeuhmrOptimizer
from workbench.panels.setting_widgets import KEYPOINTS, hint_of, label_of, value_at

LABEL = label_of(SETTINGS[KEYPOINTS])


def test_the_slider_is_the_weight_of_the_term():
    row = SETTINGS[KEYPOINTS]
    assert row.value_in(BY_KEYPOINTS) == 1.0 and row.value_in(UNMOVED) == 0.0
    moved = with_values(BY_KEYPOINTS, {KEYPOINTS: value_at(row, 2.5)})
    live = with_live_values(UNMOVED, moved)
    assert live.weights == replace(UNMOVED.weights, keypoint=2.5)


def test_without_heatmaps_a_slider_left_raised_has_no_say(monkeypatch: pytest.MonkeyPatch):
    def never(*_: object) -> None:
        raise AssertionError("keypoints were looked for")

    monkeypatch.setattr(keypoint_search, "keypoints_in_frame", never)
    optimizer = NeuhmrOptimizer(walker_problem(walk()), UNMOVED)
    report = optimizer.step(BY_KEYPOINTS)
    assert "keypoint" not in report.terms
    torch.testing.assert_close(report.motion.transl, walk().transl, atol=1e-4, rtol=0.0)
    assert len(report.motion) == FRAMES


def test_the_slider_reaches_the_settings(window):
    slider = find(window, LABEL)
    assert not slider.disabled and slider.hint == hint_of(SETTINGS[KEYPOINTS])
    send(window, (slider, 0.75))
    assert_soon(lambda: window.session.state.config.weights.keypoint == 0.75)


def test_without_heatmaps_the_slider_says_why_and_takes_no_input(tmp_path):
    clip = tmp_path / "turn.mp4"
    clip.touch()
    reason = "No heatmap weights; train some."
    with Workbench(FakeEngine(heatmaps_missing=reason), port=0) as window:
        window.open(OpenRequest(clip=clip))
        wait(window, lambda state: state.footage is not None)
        window.tasks.change_setting(KEYPOINTS, 1.0)
        window.tasks.build_avatar()
        wait(window, lambda state: state.avatar is not None)
        slider = find(window, LABEL)
        assert_soon(lambda: slider.disabled and slider.hint == reason and slider.value == 0.0)
        send(window, (slider, 2.0), (find(window, "seek"), 3))
        assert_soon(lambda: window.session.state.view.frame == 3)
        assert slider.value == 0.0
