import json
import math
from dataclasses import replace

import pytest
import torch

from neuhmr.geometry.rotations import axisangle_to_rotmat
from neuhmr.refine.guard.guard import guard_motion
from neuhmr.refine.report import changes_deg, make_report, peak_rss_mb
from neuhmr.refine.settings.guard import GuardConfig
from refine.tiny_problem import TINY_CONFIG, tiny_clip, tiny_problem


def test_a_report_says_what_got_better_and_is_json():
    problem, truth = tiny_problem(), tiny_clip().truth
    guarded = guard_motion(problem, truth, GuardConfig(stride=2))
    report = make_report(problem, TINY_CONFIG, guarded, truth, steps=8, seconds=12.0)
    assert report.iou_after > report.iou_before and report.rgb_after < report.rgb_before
    assert report.seconds_per_frame == pytest.approx(2.0)
    assert [frame.frame for frame in report.per_frame] == list(range(6))
    assert set(report.conditioning_frames) <= set(range(6))
    assert report.peak_rss_mb > 50.0
    assert report.mean_change_deg == pytest.approx(
        sum(frame.change_deg for frame in report.per_frame) / 6
    )
    plain = json.loads(json.dumps(report.as_dict()))
    assert plain["settings"]["weights.geo"] == TINY_CONFIG.weights.geo
    assert plain["settings"]["matching.sigma_px"] == 1.0 and plain["preset"] == "fast"
    assert plain["per_frame"][2]["change_deg"] > 1.0
    assert plain["per_frame"][2]["refined_share"] == guarded.shares[2]
    assert plain["per_frame"][2]["similarity_after"] == guarded.evidence_after[2].similarity


def test_changes_are_mean_angles_over_the_joints():
    # One joint of 24 turned by 60 degrees, the root by 180: (60 + 180) / 24 = 10.
    initial = tiny_clip().truth
    body_pose, root = initial.body_pose.clone(), initial.global_orient.clone()
    body_pose[1, 5] = body_pose[1, 5] @ axisangle_to_rotmat(torch.tensor([math.pi / 3, 0.0, 0.0]))
    root[1] = root[1] @ axisangle_to_rotmat(torch.tensor([0.0, math.pi, 0.0]))
    found = changes_deg(initial, replace(initial, body_pose=body_pose, global_orient=root))
    assert found == pytest.approx([0.0, 10.0, 0.0, 0.0, 0.0, 0.0], abs=0.05)


def test_memory_only_grows():
    before = peak_rss_mb()
    block = torch.ones(8, 1024, 1024)
    assert peak_rss_mb() >= before and block.sum() > 0
