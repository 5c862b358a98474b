"""Poses against keypoints and masks alone."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from neuhmr.body.local_pose import LocalPose
from neuhmr.body.model_files import load_body_model
from neuhmr.clip.clip import Clip, open_clip
from neuhmr.errors import PoseFileError
from neuhmr.initial.landmark_body import make_landmark_body
from neuhmr.initial.landmarks import landmark_index
from neuhmr.lab.benchmarks.pose.real_clip import fit_to_picture, read_keypoints
from tests.painted_clip import make_painted_clip

MODEL = load_body_model()


@pytest.fixture
def clip(tmp_path: Path) -> Clip:
    return open_clip(make_painted_clip(tmp_path))


def true_keypoints(clip: Clip) -> torch.Tensor:
    """Where the landmarks of the truth lie in the picture."""
    assert clip.truth is not None
    body, pose = make_landmark_body(MODEL), LocalPose.from_motion(clip.truth)
    bones = body.bones(clip.truth.betas, pose.rotmat, pose.transl)
    return clip.camera.project(body.carry(clip.truth.betas, bones)[0])


def test_the_truth_fits_its_own_keypoints_and_masks(clip: Clip) -> None:
    assert clip.truth is not None
    fit = fit_to_picture(clip, clip.truth, true_keypoints(clip), MODEL)
    assert fit.frames == len(clip)
    assert fit.keypoints_px == pytest.approx(0.0, abs=0.01)
    assert fit.silhouette_iou is not None and fit.silhouette_iou > 0.97


def test_wrong_poses_fit_worse(clip: Clip) -> None:
    assert clip.motion is not None
    fit = fit_to_picture(clip, clip.motion, true_keypoints(clip), MODEL)
    assert fit.keypoints_px > 1.0
    assert fit.silhouette_iou is not None and fit.silhouette_iou < 0.97


def test_a_keypoint_that_is_off_counts_in_its_own_part(clip: Clip) -> None:
    assert clip.truth is not None
    keypoints = true_keypoints(clip)
    keypoints[:, landmark_index("left_wrist")] += torch.tensor([3.0, 4.0])
    keypoints[:, landmark_index("nose")] += 50.0
    fit = fit_to_picture(clip, clip.truth, keypoints, MODEL)
    assert fit.legs_px == pytest.approx(0.0, abs=0.01) == fit.trunk_px
    # One of four landmarks is 5 px off, and the person is about 75 px tall.
    assert 1.25 < fit.arms_px < 5.0
    assert fit.keypoints_px == pytest.approx(fit.arms_px / 3, abs=0.01)


def test_frames_without_a_pose_and_clips_without_masks_are_left_out(clip: Clip) -> None:
    assert clip.truth is not None
    valid = clip.truth.valid.clone()
    valid[0] = False
    motion, bare = replace(clip.truth, valid=valid), replace(clip, masks=None)
    fit = fit_to_picture(bare, motion, true_keypoints(clip), MODEL)
    assert (fit.frames, fit.silhouette_iou) == (len(clip) - 1, None)
    with pytest.raises(PoseFileError, match="no valid frame"):
        fit_to_picture(bare, replace(motion, valid=valid & False), true_keypoints(clip), MODEL)


def test_keypoints_are_read_and_checked(tmp_path: Path) -> None:
    path = tmp_path / "keypoints.json"
    path.write_text(json.dumps([[[41.0, 42.0, 9.0]] * 33] * 4))
    points = read_keypoints(path, 4, (128, 96))
    wrist = landmark_index("left_wrist")
    assert points.shape == (4, 33, 2) and points[0, wrist].tolist() == [41.0, 42.0]
    with pytest.raises(PoseFileError, match="lists 4 frames without numbers, but the clip has 3"):
        read_keypoints(path, 3, (128, 96))
    path.write_text("{")
    with pytest.raises(PoseFileError, match="not valid JSON"):
        read_keypoints(path, 4, (128, 96))
