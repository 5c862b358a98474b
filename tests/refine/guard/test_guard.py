from dataclasses import replace

import pytest
import torch

from neuhmr.geometry.rotations import axisangle_to_rotmat, rotation_about, rotation_angle
from neuhmr.refine.guard.evidence import FrameEvidence, frame_evidence
from neuhmr.refine.guard.guard import (
    blend_motions,
    frame_votes,
    guard_motion,
    kept_shares,
)
from neuhmr.refine.settings.guard import GuardConfig
from refine.tiny_problem import drafted_problem, tiny_clip, tiny_problem

SHARP = GuardConfig(stride=2, smoothing_frames=0.3)


def test_votes_by_hand():
    config = GuardConfig(
        bias=0.5, rgb=1.0, geo=2.0, similarity=10.0, implausibility=3.0, off_floor=0.1
    )
    before = [FrameEvidence(0.02, 0.2, 0.8, 0.5, 1.0), FrameEvidence(0.06, 0.4, 0.8, 0.5, 1.0)]
    after = [FrameEvidence(0.04, 0.1, 0.9, 0.4, 0.0), FrameEvidence(0.06, 0.7, 0.7, 0.6, 3.0)]
    # Usual: 0.04 and 0.3. First: 0.5 - 0.5 + 2 / 3 + 1, a falling posture term says nothing.
    # Second: 0.5 - 0 - 2 - 1 - 0.3 - 0.2.
    assert frame_votes(before, after, config) == pytest.approx([5.0 / 3.0, -3.0])
    assert frame_votes([], [], config) == []


def test_clear_votes_leave_nothing_of_the_other_pose():
    assert kept_shares([3.0, 0.5, 0.2, 0.0, -0.5, -9.0]) == pytest.approx([1, 1, 0.7, 0.5, 0, 0])


def test_blending_turns_halfway_and_keeps_whole_rows_bit_for_bit():
    initial = tiny_clip().truth
    turn = axisangle_to_rotmat(torch.tensor([0.0, 0.0, 0.8]))
    refined = replace(
        initial, body_pose=initial.body_pose @ turn, transl=initial.transl + torch.tensor([0, 0, 1])
    )
    found = blend_motions(refined, initial, (0, 1, 2), (0.0, 0.5, 1.0))
    assert torch.equal(found.body_pose[0], initial.body_pose[0])
    assert torch.equal(found.body_pose[2:], refined.body_pose[2:])
    assert torch.equal(found.transl[0], initial.transl[0])
    angles = rotation_angle(initial.body_pose[1].transpose(-1, -2) @ found.body_pose[1])
    assert torch.allclose(angles, torch.full((23,), 0.4), atol=1e-3)
    assert torch.allclose(found.transl[1] - initial.transl[1], torch.tensor([0.0, 0.0, 0.5]))


def test_evidence_is_better_at_the_truth():
    problem, truth = drafted_problem(), tiny_clip().truth
    for row in (0, 3):
        wrong = frame_evidence(problem, problem.initial, row, 2)
        right = frame_evidence(problem, truth, row, 2)
        assert right.rgb < wrong.rgb and right.geo < wrong.geo
        assert 0.0 < right.similarity <= 1.0
        assert right.implausibility > 0.0 and right.off_floor >= 0.0
    assert frame_evidence(tiny_problem(), truth, 0, 2).implausibility == 0.0


def test_frames_that_ran_away_get_their_initial_pose_back():
    problem, truth = tiny_problem(), tiny_clip().truth
    body_pose = truth.body_pose.clone()
    body_pose[4] = body_pose[4] @ rotation_about("z", torch.tensor(1.2))
    refined = replace(truth, body_pose=body_pose)
    found = guard_motion(problem, refined, SHARP)
    assert found.reverted == (4,)
    assert torch.equal(found.motion.body_pose[4], problem.initial.body_pose[4])
    assert torch.equal(found.motion.transl[4], problem.initial.transl[4])
    assert torch.equal(found.motion.body_pose[1], refined.body_pose[1])
    assert found.kept_scores()[4] == found.before[4]
    assert found.kept_scores()[0] == found.after[0]
    assert found.shares[4] == 0.0 and found.shares[1] == 1.0


def test_invalid_frames_are_not_compared():
    problem = tiny_problem()
    valid = torch.tensor([True, False, True, True, True, True])
    problem = replace(problem, initial=replace(problem.initial, valid=valid))
    found = guard_motion(problem, problem.initial)
    assert found.rows == (0, 2, 3, 4, 5) and found.reverted == ()
    assert len(found.evidence_before) == len(found.shares) == 5
