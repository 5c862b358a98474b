from dataclasses import replace

import torch

from neuhmr.anchors.selection import FrameScore
from neuhmr.geometry.rotations import axisangle_to_rotmat
from neuhmr.refine.guard import GuardConfig, guard_motion, worse_rows
from refine.tiny_problem import tiny_clip, tiny_problem


def test_worse_is_measured_against_what_is_usual_in_the_clip():
    # Means before: rgb 0.02, geo 0.2. Row 7: +0.001 / 0.02 + 0.02 / 0.2 = 0.15 < 0.2: kept.
    # Row 8: +0.002 / 0.02 + 0.03 / 0.2 = 0.25 > 0.2: given up. Row 9: better in one, worse in one.
    before = [FrameScore(0.02, 0.2)] * 3
    after = [FrameScore(0.021, 0.22), FrameScore(0.022, 0.23), FrameScore(0.01, 0.32)]
    assert worse_rows((7, 8, 9), before, after, 0.1) == (8,)
    assert worse_rows((), [], [], 0.1) == ()


def test_frames_that_ran_away_get_their_initial_pose_back():
    problem, truth = tiny_problem(), tiny_clip().truth
    body_pose = truth.body_pose.clone()
    body_pose[4] = body_pose[4] @ axisangle_to_rotmat(torch.tensor([0.0, 0.0, 1.2]))
    refined = replace(truth, body_pose=body_pose)
    found = guard_motion(problem, refined, GuardConfig(stride=2))
    assert found.reverted == (4,)
    assert torch.equal(found.motion.body_pose[4], problem.initial.body_pose[4])
    assert torch.equal(found.motion.transl[4], problem.initial.transl[4])
    assert torch.equal(found.motion.body_pose[3], refined.body_pose[3])
    assert found.kept_scores()[4] == found.before[4]
    assert found.kept_scores()[0] == found.after[0]


def test_invalid_frames_are_not_compared():
    problem = tiny_problem()
    valid = torch.tensor([True, False, True, True, True, True])
    problem = replace(problem, initial=replace(problem.initial, valid=valid))
    found = guard_motion(problem, problem.initial)
    assert found.rows == (0, 2, 3, 4, 5) and found.reverted == ()
