from dataclasses import replace

import pytest
import torch

from neuhmr.body.local_pose import LocalPose
from neuhmr.refine.field import moved_poses
from neuhmr.refine.field.motion_field import MotionField
from neuhmr.refine.field.moved_poses import MovedPoses
from neuhmr.refine.scope import Scope
from refine.tiny_problem import TINY_CONFIG, tiny_problem


def moved(scope: Scope | None = None) -> MovedPoses:
    """Poses under a field whose output is far from nothing."""
    problem = replace(tiny_problem(), scope=scope or Scope())
    field = MotionField(2, TINY_CONFIG.motion_field, torch.Generator().manual_seed(0))
    with torch.no_grad():
        for parameter in field.parameters():
            parameter += 0.005
    return MovedPoses(problem, field)


def test_asking_for_few_rows_at_a_time_changes_nothing(monkeypatch: pytest.MonkeyPatch):
    whole = moved().motion()
    monkeypatch.setattr(moved_poses, "ROWS_AT_ONCE", 1)
    assert torch.allclose(moved().motion().body_pose, whole.body_pose, atol=1e-4)


def test_in_long_clips_a_step_brings_its_own_rows_up_to_date(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(moved_poses, "ROWS_AT_ONCE", 1)
    poses = moved()
    before = poses.latest()
    with torch.no_grad():
        for parameter in poses.field.parameters():
            parameter += 0.005
    after = poses.update(torch.tensor([1]), is_whole=False)
    assert torch.equal(after.body_pose[0], before.body_pose[0])
    assert not torch.equal(after.body_pose[1], before.body_pose[1])
    assert not torch.equal(
        poses.update(torch.tensor([1]), is_whole=True).body_pose, after.body_pose
    )


def test_another_start_moves_with_the_same_field():
    poses = moved()
    first = poses.motion()
    start = LocalPose.from_motion(first)
    poses.restart(LocalPose(start.rotmat, start.transl + 1.0))
    rows = torch.arange(len(first))
    shift = poses.residual(rows).transl.detach()
    assert torch.allclose(poses.latest().transl, start.transl + 1.0 + shift, atol=1e-6)


def test_joints_out_of_scope_do_not_turn():
    locked = moved(Scope(locked_joints=frozenset({16})))
    rows = torch.arange(2)
    residual = locked.residual(rows)
    assert not torch.equal(residual.rot6d[:, 17], residual.rot6d[:, 16])
    assert locked.mean_angle_deg(rows) < moved().mean_angle_deg(rows)
