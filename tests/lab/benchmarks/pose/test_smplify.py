"""Fitting poses to keypoints frame by frame."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from neuhmr.anchors.frame_poses import frame_joints
from neuhmr.body.model_files import load_body_model
from neuhmr.body.motion import Motion
from neuhmr.clip.clip import Clip, open_clip
from neuhmr.lab.benchmarks.pose.smplify import SmplifyConfig, fit_keypoints, keypoint_evidence
from tests.lab.benchmarks.exact_keypoints import exact_landmarks
from tests.painted_clip import make_painted_clip

MODEL = load_body_model()
SHORT = SmplifyConfig(root_steps=30, pose_steps=30)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return open_clip(make_painted_clip(tmp_path_factory.mktemp("smplify"), frames=3))


@pytest.fixture(scope="module")
def fitted(clip: Clip) -> Motion:
    assert clip.motion is not None
    return fit_keypoints(clip, clip.motion, exact_landmarks(clip, MODEL), MODEL, SHORT)


def error_2d(clip: Clip, motion: Motion) -> Tensor:
    """Mean distance of the limbs' joints from the true ones in each frame (px)."""
    assert clip.truth is not None
    limbs = [4, 5, 7, 8, 18, 19, 20, 21]
    joints = [frame_joints(MODEL.with_shape(m.betas), m)[:, limbs] for m in (motion, clip.truth)]
    pixels = [clip.camera.project(points) for points in joints]
    return (pixels[0] - pixels[1]).norm(dim=-1).mean(dim=1)


def test_joints_come_to_lie_on_their_keypoints(clip: Clip, fitted: Motion) -> None:
    assert clip.motion is not None
    before, after = error_2d(clip, clip.motion), error_2d(clip, fitted)
    assert (after < 0.5 * before).all(), (before, after)


def test_each_frame_is_fitted_on_its_own(clip: Clip, fitted: Motion) -> None:
    assert clip.motion is not None
    alone = fit_keypoints(clip, clip.motion[1:2], exact_landmarks(clip, MODEL), MODEL, SHORT)
    torch.testing.assert_close(alone.body_pose[0], fitted.body_pose[1], atol=1e-3, rtol=0.0)
    torch.testing.assert_close(alone.transl[0], fitted.transl[1], atol=1e-3, rtol=0.0)


def test_the_shape_stays(clip: Clip, fitted: Motion) -> None:
    assert clip.motion is not None
    assert torch.equal(fitted.betas, clip.motion.betas)


def test_frames_without_keypoints_keep_their_pose(clip: Clip) -> None:
    assert clip.motion is not None
    detected = torch.tensor([True, False, True])
    landmarks = replace(exact_landmarks(clip, MODEL), detected=detected)
    found = fit_keypoints(clip, clip.motion, landmarks, MODEL, replace(SHORT, pose_steps=1))
    assert torch.equal(found.body_pose[1], clip.motion.body_pose[1])
    assert not torch.equal(found.transl[0], clip.motion.transl[0])
    nothing = replace(landmarks, detected=torch.zeros(3, dtype=torch.bool))
    assert fit_keypoints(clip, clip.motion, nothing, MODEL, SHORT) is clip.motion


def test_only_landmarks_of_limbs_and_nose_have_a_say(clip: Clip) -> None:
    evidence = keypoint_evidence(clip, exact_landmarks(clip, MODEL), torch.tensor([0, 2]))
    assert (evidence.weights > 0).sum(dim=1).tolist() == [17, 17]
    assert evidence.camera.K.shape == (2, 3, 3)
