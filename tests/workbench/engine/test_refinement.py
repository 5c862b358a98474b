"""The real optimizer over a tiny problem: runs that go on in another launch."""

import json
from dataclasses import replace

import pytest
import torch

from neuhmr.errors import ClipError, OutputError
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
