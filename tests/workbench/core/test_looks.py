"""Renderings, matches and scores of what is looked at."""

import time
from dataclasses import replace

import numpy as np

from tests.workbench.patience import assert_soon
from workbench.core.looks import Looks, joint_distances_mm, score_frames


def test_a_rendering_comes_coarse_first_and_fine_once_the_view_rests(bench):
    looks = Looks(bench.session, bench.tasks)
    bench.tasks.build_avatar()
    bench.wait(lambda state: state.avatar is not None)
    looks.tick(bench.state, 0.0)
    assert assert_soon(lambda: bench.state.preview).stride == 4
    looks.tick(bench.state, 1.0)
    assert_soon(lambda: bench.state.preview.stride == 1)
    renderings = bench.engine.calls.count("preview")
    for tick in range(5):
        looks.tick(bench.state, 2.0 + tick)
    time.sleep(0.05)
    assert bench.engine.calls.count("preview") == renderings == 2


def test_joints_of_the_present_frame_are_inspected(bench):
    looks = Looks(bench.session, bench.tasks)
    bench.tasks.step()
    bench.wait(lambda state: state.report is not None)
    bench.tasks.seek(11)
    looks.tick(bench.state, 0.0)
    assert assert_soon(lambda: bench.state.joints).frame == 11


def test_scores_come_from_the_truth_else_from_the_change_else_from_the_masks(bench):
    bench.tasks.step()
    state = bench.wait(lambda state: state.report is not None)
    with_truth = score_frames(state.footage, state.refined, state.avatar)
    assert with_truth.meaning.startswith("Joint error")
    without = replace(state.footage, truth=None)
    moved = score_frames(without, state.refined, state.avatar)
    assert moved.meaning.startswith("How far") and (moved.values > 0).all()
    masks = score_frames(without, without.initial, state.avatar)
    worst = masks.worst_first()[0]
    assert state.avatar.silhouette_iou[worst] == min(state.avatar.silhouette_iou.values())
    assert score_frames(without, without.initial, None) is None


def test_joint_distances_ignore_where_the_person_stands(bench):
    footage = bench.state.footage
    moved = replace(footage.initial, transl=footage.initial.transl + 0.5)
    values = joint_distances_mm(footage, moved, footage.initial)["values"]
    np.testing.assert_allclose(values, 0.0, atol=1e-3)
