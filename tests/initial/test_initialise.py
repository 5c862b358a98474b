import os
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from initial.acted_landmarks import perform
from initial.filmed_body import film
from neuhmr.body.model_files import load_body_model
from neuhmr.clip.camera_file import write_camera
from neuhmr.clip.clip import Clip, open_clip
from neuhmr.clip.video import write_video
from neuhmr.errors import ClipError, OutputError
from neuhmr.geometry.cameras import camera_from_focal
from neuhmr.geometry.rotations import rotation_angle
from neuhmr.initial.descent import FitConfig
from neuhmr.initial.initialise import (
    InitialConfig,
    initialise,
    initialise_sidecars,
    observe,
)
from neuhmr.initial.mediapipe_detector import Detection
from neuhmr.initial.track import TrackConfig
from neuhmr.progress import Progress

needs_mediapipe = pytest.mark.skipif(
    find_spec("mediapipe") is None, reason="MediaPipe is not installed"
)
FRAMES, HEIGHT, WIDTH, FPS = 4, 360, 400, 10.0
QUICK = InitialConfig(fit=FitConfig(coarse_steps=40, fine_steps=60, smooth_steps=20))


@pytest.fixture(scope="module")
def model():
    return load_body_model()


@pytest.fixture(scope="module")
def truth(model):
    act = perform(model, frames=FRAMES)
    return replace(act.motion, transl=act.motion.transl + torch.tensor([0.2, -0.1, 0.0]))


@pytest.fixture
def video(truth, tmp_path) -> Path:
    camera = camera_from_focal(420.0, HEIGHT, WIDTH)
    pictures, _ = film(truth, camera)
    path = tmp_path / "clip.mp4"
    write_video(path, [picture.numpy() for picture in pictures], FPS)
    write_camera(tmp_path / "clip.camera.json", camera)
    return path


def empty_room(folder: Path) -> Clip:
    path = folder / "room.mp4"
    write_video(path, [np.full((96, 128, 3), 120, np.uint8)] * 3, FPS)
    return open_clip(path)


@needs_mediapipe
def test_a_filmed_person_gets_poses_near_the_truth(video, model, truth):
    result = initialise(open_clip(video), model, config=QUICK)
    assert result.report.detected_share == 1.0
    assert result.report.warnings == ()
    joints, true_joints = result.motion.pose(model).joints, truth.pose(model).joints
    errors = (joints - joints[:, :1] - true_joints + true_joints[:, :1]).norm(dim=-1)
    # Monocular estimators err by some 100 mm, turned by 10 to 20 degrees.
    assert errors.mean() < 0.12
    turn = rotation_angle(result.motion.global_orient.transpose(1, 2) @ truth.global_orient)
    assert turn.max() < 0.7


@needs_mediapipe
def test_sidecars_are_found_when_the_clip_is_opened_again(video, model):
    steps: list[Progress] = []
    result = initialise_sidecars(open_clip(video), model, on_progress=steps.append, config=QUICK)
    again = open_clip(video)
    assert again.motion is not None
    assert again.masks is not None
    # Bit for bit: a run that began with them goes on only with the same.
    for name in ("global_orient", "body_pose", "transl", "betas", "frame_index", "valid"):
        assert getattr(again.motion, name).equal(getattr(result.motion, name)), name
    assert np.array_equal(again.masks.mask(2), result.masks.mask(2))
    # Looking, fitting, and fitting from where the prior has the person.
    assert [step.fraction for step in steps if step.done == step.total] == [1.0, 1.0, 1.0]
    with pytest.raises(ClipError, match=r"clip\.poses\.npz already holds poses"):
        initialise_sidecars(again, model, config=QUICK)


@needs_mediapipe
def test_a_clip_without_a_person_is_an_error(tmp_path, model):
    with pytest.raises(ClipError, match=r"room\.mp4 shows nobody"):
        initialise(empty_room(tmp_path), model)


def test_a_place_that_cannot_be_written_is_found_before_the_work(video, model, tmp_path):
    def stop(progress: Progress) -> None:
        raise AssertionError("the work has begun")

    missing = tmp_path / "no_such_folder" / "poses.npz"
    with pytest.raises(OutputError, match="no_such_folder"):
        initialise_sidecars(open_clip(video), model, missing, on_progress=stop, config=QUICK)


def test_frames_without_a_person_stay_empty(tmp_path):
    clip = empty_room(tmp_path)
    points = np.stack([np.linspace(30, 60, 33), np.linspace(10, 80, 33)], axis=1)
    mask = np.zeros((96, 128), bool)
    mask[10:80, 30:60] = True
    seen = Detection(
        points.astype(np.float32), np.ones(33, np.float32), np.ones((33, 3), np.float32), mask
    )
    # The second frame is looked at in three windows, and again when the third shows the person.
    answers = iter([seen, None, None, None, seen])
    landmarks, masks = observe(clip, lambda picture, window: next(answers, None), TrackConfig())
    assert landmarks.detected.tolist() == [True, False, True]
    assert not landmarks.points2d[1].any()
    assert masks.num_frames == 3
    assert masks.mask(0).any()
    assert not masks.mask(1).any()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_an_error_before_the_work(video, model):
    video.parent.chmod(0o555)
    try:
        with pytest.raises(OutputError):
            initialise_sidecars(open_clip(video), model, config=QUICK)
    finally:
        video.parent.chmod(0o755)
