"""The real optimizer over a tiny problem: runs that go on in another launch."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from neuhmr.anchors.frame_poses import frame_joints
from neuhmr.errors import ClipError, OutputError
from neuhmr.progress import ignore_progress
from neuhmr.refine.report import mean_iou
from neuhmr.refine.run import Run
from neuhmr.refine.scope import Scope
from neuhmr.refine.settings import with_values
from tests.refine.tiny_problem import TINY_CONFIG, tiny_problem
from workbench.core.session import SessionState
from workbench.core.session_content import read_session, session_content
from workbench.engine.refinement import NeuhmrOptimizer

# 8 and 0 share a place in a small set, so that its order depends on which came first.
SCOPE = Scope(locked_frames=frozenset([2]), locked_joints=frozenset([8]) | {0})
MOVED = {
    "weights.rgb": 2.0,
    "weights.joint": 0.3,
    "matching.sigma_px": 1.5,
    "matching.epsilon": 0.3,
    "schedule.learning_rate": 3e-3,
    "schedule.epochs": 9,
    "draft.steps": 7,
}
"""Sliders that were moved on the way, also such as the run no longer heeds."""


def make_optimizer(config, scope):
    return NeuhmrOptimizer(replace(tiny_problem(), scope=scope), config)


def test_a_restored_run_goes_on_bit_for_bit_though_sliders_were_moved(tmp_path):
    path = tmp_path / "optimizer.safetensors"
    moved = with_values(TINY_CONFIG, MOVED)
    through = make_optimizer(TINY_CONFIG, SCOPE)
    through.step(TINY_CONFIG)
    report = through.step(moved)
    through.save(path)
    saved = session_content(SessionState(config=moved, scope=SCOPE, report=report), through.config)
    state, begun_with = read_session(SessionState(), json.loads(json.dumps(saved)))
    assert state.config == moved and begun_with == TINY_CONFIG

    with pytest.raises(OutputError):
        make_optimizer(state.config, state.scope).load(path)
    resumed = make_optimizer(begun_with, state.scope)
    resumed.load(path)
    expected, found = through.step(moved), resumed.step(state.config)
    assert found.step == expected.step == 3 and found.total_steps == expected.total_steps
    assert found.terms == expected.terms and found.learning_rate == expected.learning_rate
    for name in ("global_orient", "body_pose", "transl"):
        assert torch.equal(getattr(found.motion, name), getattr(expected.motion, name)), name
    # The sliders had a say: without them the step would have been another one.
    unmoved = make_optimizer(begun_with, state.scope)
    unmoved.load(path)
    assert not torch.equal(unmoved.step(TINY_CONFIG).motion.body_pose, found.motion.body_pose)


def test_a_saved_run_of_another_scope_is_refused(tmp_path):
    optimizer = make_optimizer(TINY_CONFIG, SCOPE)
    optimizer.step(TINY_CONFIG)
    optimizer.save(tmp_path / "optimizer.safetensors")
    with pytest.raises(OutputError):
        make_optimizer(TINY_CONFIG, Scope()).load(tmp_path / "optimizer.safetensors")


def test_the_scope_holds_for_every_step():
    problem = tiny_problem()
    report = make_optimizer(TINY_CONFIG, SCOPE).step(TINY_CONFIG)
    body_pose, initial = report.motion.body_pose, problem.initial.body_pose
    assert torch.equal(body_pose[2], initial[2])
    assert torch.equal(body_pose[:, 7], initial[:, 7]), "joint 8 was locked"
    assert torch.equal(report.motion.global_orient, problem.initial.global_orient)


def test_a_scope_that_leaves_nothing_is_told():
    with pytest.raises(ClipError, match="Nothing is left to refine"):
        make_optimizer(TINY_CONFIG, Scope(first=10_000))


def test_a_step_reports_what_the_step_came_to():
    report = make_optimizer(TINY_CONFIG, SCOPE).step(TINY_CONFIG)
    run = Run(replace(tiny_problem(), scope=SCOPE), TINY_CONFIG)
    snapshot = run.step()
    assert (report.step, report.total_steps) == (1, run.refiner.total_steps)
    assert report.terms == snapshot.weighted and not report.is_finished
    assert report.learning_rate == snapshot.learning_rate > 0.0
    assert report.residual_angle_deg == snapshot.residual_angle_deg > 0.0
    assert torch.equal(report.motion.transl, run.refiner.motion().transl)


def test_what_matching_sees_of_a_frame_is_told_by_joint():
    optimizer = make_optimizer(TINY_CONFIG, Scope())
    problem = tiny_problem()
    moved = with_values(TINY_CONFIG, {"matching.num_samples": 7})
    report, found = optimizer.inspect(3, moved), Run(problem, TINY_CONFIG).refiner.matches(3, moved)
    assert report is not None and report.frame == 3
    joints = list(found.joints)
    assert set(report.candidates) == set(report.candidate_similarity) == set(joints)
    for place, joint in enumerate(joints):
        similarities = found.similarities[place].numpy()
        np.testing.assert_array_equal(report.candidates[joint], found.candidates[place].numpy())
        np.testing.assert_array_equal(report.candidate_similarity[joint], similarities)
        assert report.similarity[joint] == similarities.max()
        assert report.verdicts[joint] == found.verdicts[place] != ""
        assert report.matched[joint] == found.accepted[place]
        np.testing.assert_array_equal(report.winners[joint], found.targets[place].numpy())
    others = [joint for joint in range(24) if joint not in joints]
    assert np.isnan(report.winners[others]).all() and np.isnan(report.similarity[others]).all()
    assert not report.matched[others].any() and {report.verdicts[j] for j in others} == {""}
    joints_at = frame_joints(problem.body, problem.initial)[3]
    expected = problem.crops.cameras[3].project(joints_at)
    np.testing.assert_allclose(report.projected, expected.numpy(), atol=0.05)
    assert report.visible.dtype == bool and report.visible.any()


def test_visibility_is_told_with_the_sliders_epsilon():
    optimizer = make_optimizer(TINY_CONFIG, Scope())
    reports = [
        optimizer.inspect(3, with_values(TINY_CONFIG, {"matching.epsilon": epsilon}))
        for epsilon in (0.001, 2.0)
    ]
    counts = [report.visible.sum() for report in reports if report is not None]
    assert counts[0] < counts[1]


def test_frames_without_anybody_are_not_inspected():
    valid = torch.ones(6, dtype=torch.bool)
    valid[4] = False
    initial = replace(tiny_problem().initial, valid=valid)
    optimizer = NeuhmrOptimizer(replace(tiny_problem(), initial=initial), TINY_CONFIG)
    assert optimizer.inspect(4, TINY_CONFIG) is None
    assert optimizer.inspect(6, TINY_CONFIG) is None
    assert optimizer.inspect(5, TINY_CONFIG) is not None


def test_judging_tells_of_every_frame_and_follows_the_sliders_of_now():
    optimizer = make_optimizer(TINY_CONFIG, SCOPE)
    optimizer.step(TINY_CONFIG)
    run = Run(replace(tiny_problem(), scope=SCOPE), TINY_CONFIG)
    run.step()
    distrust = with_values(TINY_CONFIG, {"guard.bias": -10.0})
    for config in (TINY_CONFIG, distrust):
        verdicts, result = optimizer.judge(config, ignore_progress), run.result(config=config)
        guarded = result.guarded
        assert verdicts.step == 1 and verdicts.given_up == result.reverted_frames
        assert torch.equal(verdicts.motion.body_pose, result.motion.body_pose)
        assert list(verdicts.frames) == [0, 1, 3, 4, 5], "frame 2 is locked"
        assert verdicts.iou_before == mean_iou(guarded.before)
        assert verdicts.iou_after == mean_iou(guarded.kept_scores())
        told = verdicts.frames[3]
        before, after = guarded.evidence_before[2], guarded.evidence_after[2]
        assert told.refined_share == guarded.shares[2]
        assert (told.iou_before, told.iou_after) == (1.0 - before.geo, 1.0 - after.geo)
        assert told.similarity_before == before.similarity
        assert told.similarity_after == after.similarity
    assert verdicts.given_up == (0, 1, 3, 4, 5)


def test_keypoints_are_left_out_where_nothing_finds_them():
    raised = with_values(TINY_CONFIG, {"weights.keypoint": 1.0})
    optimizer = make_optimizer(raised, Scope())
    assert optimizer.config.weights.keypoint == 0.0
    assert "keypoint" not in optimizer.step(raised).terms
