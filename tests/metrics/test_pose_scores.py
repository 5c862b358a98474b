"""The record of all pose metrics: chunks, topologies, invariances."""

from dataclasses import replace

import pytest
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.metrics import pose_scores
from neuhmr.metrics.pose_scores import common_rows, score_motion
from tests.painted_clip import disturbed, turning_motion
from tests.synthetic_body import make_synthetic_body

FPS = 30.0


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    truth, model = turning_motion(5), load_body_model()
    whole = score_motion(disturbed(truth), truth, model, FPS)
    monkeypatch.setattr(pose_scores, "FRAMES_PER_CHUNK", 2)
    chunked = score_motion(disturbed(truth), truth, model, FPS)
    assert chunked.per_frame_mm == pytest.approx(whole.per_frame_mm)
    for name in ("mpjpe_mm", "pa_mpjpe_mm", "pve_mm", "pa_pve_mm", "accel_error_mm_per_frame2"):
        assert getattr(chunked, name) == pytest.approx(getattr(whole, name)), name


def test_other_frames_of_the_truth_do_not_matter() -> None:
    truth, model = turning_motion(6), load_body_model()
    motion = disturbed(truth)
    some = score_motion(motion[torch.tensor([1, 3])], truth, model, FPS)
    assert some.frame_index == [1, 3]
    every = score_motion(motion, truth, model, FPS)
    assert some.per_frame_mm == pytest.approx([every.per_frame_mm[i] for i in (1, 3)], rel=1e-4)


def test_bodies_of_different_topology_have_no_vertex_error() -> None:
    truth = turning_motion(3)
    scores = score_motion(truth, truth, load_body_model(), FPS, truth_model=make_synthetic_body())
    assert scores.pve_mm is None and scores.pa_pve_mm is None
    assert scores.mpjpe_mm > 1.0, "the two bodies' joints differ"


def test_along_and_across_make_up_the_error_of_a_shift_in_depth() -> None:
    truth, model = turning_motion(3), load_body_model()
    # Straight away from the camera: aligned, nothing is left; absolutely, 80 mm.
    motion = replace(truth, transl=truth.transl + torch.tensor([0.0, 0.0, 0.08]))
    scores = score_motion(motion, truth, model, FPS)
    assert scores.abs_mpjpe_mm == pytest.approx(80.0, abs=1e-2)
    assert scores.along_ray_mm == pytest.approx(0.0, abs=1e-2)
    assert scores.across_ray_mm == pytest.approx(0.0, abs=1e-2)


def test_common_rows_follow_the_frame_numbers() -> None:
    truth = turning_motion(6)
    motion = truth[torch.tensor([2, 4, 5])]
    truth.valid[4] = False
    rows, truth_rows = common_rows(motion, truth)
    assert rows.tolist() == [0, 2]
    assert truth_rows.tolist() == [2, 5]
