"""Results of single clips: what is kept and what counts as worse."""

from dataclasses import replace

import pytest
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.lab.benchmarks.pose.clip_result import (
    ClipResult,
    measure_clip,
    share_of_worse_frames,
    share_of_worse_joints,
)
from neuhmr.metrics.pose_scores import score_motion
from tests.cli.motions import make_motion
from tests.lab.benchmarks.made_results import result_of


def test_a_frame_is_worse_beyond_five_millimeters() -> None:
    before = result_of([50.0, 50.0, 50.0, 50.0])
    after = result_of([55.0, 55.1, 40.0, 90.0])
    assert share_of_worse_frames(before, after) == 0.5, "5.0 is not more than 5"


def test_a_joint_can_be_worse_in_a_frame_that_is_better() -> None:
    before = result_of([50.0])
    joints = [20.0] * 18 + [60.0] * 6
    after = replace(before, joint_errors_mm=[joints])
    assert share_of_worse_frames(before, after) == 0.0
    assert share_of_worse_joints(before, after) == pytest.approx(6 / 24)


def test_kept_errors_agree_with_the_scores() -> None:
    truth, motion, model = make_motion(), make_motion(noise=0.1), load_body_model()
    result = measure_clip(motion, truth, model, 25.0, seconds=3.0, reverted_frames=(2, 99))
    scores = score_motion(motion, truth, model, 25.0)
    assert result.frame_errors_mm == pytest.approx(scores.per_frame_mm, abs=0.06), "rounded to 0.1"
    assert result.score("pve_mm") == pytest.approx(scores.pve_mm)
    assert result.reverted_frames == [2], "only frames that are scored"
    assert result.frames == len(truth) and result.seconds == 3.0


def test_each_motion_is_posed_with_its_own_betas() -> None:
    model, truth = load_body_model(), make_motion()
    truth = replace(truth, betas=torch.full((10,), 1.5))
    mean = replace(truth, betas=torch.zeros(10))
    assert measure_clip(truth, truth, model, 25.0).score("pve_mm") == pytest.approx(0, abs=0.01)
    result = measure_clip(mean, truth, model, 25.0)
    joints = [motion.pose(model).joints for motion in (mean, truth)]
    errors = [j - j[:, 1:3].mean(dim=1, keepdim=True) for j in joints]
    expected = 1e3 * float((errors[0] - errors[1]).norm(dim=-1).mean())
    assert result.score("mpjpe_mm") == pytest.approx(expected, rel=1e-3) and expected > 5
    kept = sum(result.frame_errors_mm) / result.frames
    assert kept == pytest.approx(expected, abs=0.06)


def test_a_result_survives_a_file() -> None:
    result = result_of([1.0, 2.0], seconds=0.5, reverted=(1,))
    assert ClipResult(**result.as_dict()) == result
