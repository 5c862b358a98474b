import math
import os
import sys
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
import torch

from initial.acted_landmarks import landmarks_of, perform
from initial.filmed_body import film
from neuhmr.body.model_files import load_body_model
from neuhmr.errors import MissingDependencyError
from neuhmr.geometry.cameras import camera_from_focal
from neuhmr.initial.mediapipe_detector import (
    MediapipeDetector,
    Window,
    _cut_out,
    _paste_back,
    whole_picture,
)

HEIGHT, WIDTH = 360, 400
needs_mediapipe = pytest.mark.skipif(
    find_spec("mediapipe") is None, reason="MediaPipe is not installed"
)


@pytest.fixture(scope="module")
def scene():
    """A filmed squat: pictures, exact masks, landmarks."""
    model = load_body_model()
    act = perform(model, frames=3)
    camera = camera_from_focal(420.0, HEIGHT, WIDTH)
    motion = replace(act.motion, transl=act.motion.transl + torch.tensor([0.2, -0.1, 0.0]))
    pictures, masks = film(motion, camera)
    return (
        [picture.numpy() for picture in pictures],
        [mask.numpy() for mask in masks],
        landmarks_of(motion, model, camera),
    )


@needs_mediapipe
def test_a_filmed_body_is_found_where_it_is(scene):
    pictures, masks, landmarks = scene
    with MediapipeDetector() as detector:
        found = detector.detect(pictures[0], whole_picture(HEIGHT, WIDTH))
    assert found is not None
    # The person is about 210 px tall; 3 % of that is what the detector is good for.
    errors = np.linalg.norm(found.points2d - landmarks.points2d[0].numpy(), axis=1)
    assert errors.mean() < 6.0
    overlap = (found.mask & masks[0]).sum() / (found.mask | masks[0]).sum()
    assert overlap > 0.9
    # The hips' middle is the origin of the rough shape; x points right and y down.
    assert np.abs(found.points3d[[23, 24]].mean(axis=0)).max() < 0.02
    assert found.points3d[0, 1] < -0.3
    assert found.points3d[11, 0] > found.points3d[12, 0]


@needs_mediapipe
def test_a_window_gives_pixels_of_the_whole_picture(scene):
    pictures, _, landmarks = scene
    with MediapipeDetector() as detector:
        found = detector.detect(pictures[0], Window(40, 30, 300))
    assert found is not None
    errors = np.linalg.norm(found.points2d - landmarks.points2d[0].numpy(), axis=1)
    assert errors.mean() < 6.0
    assert found.mask.shape == (HEIGHT, WIDTH)


@needs_mediapipe
def test_an_empty_room_shows_nobody():
    with MediapipeDetector() as detector:
        room = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
        assert detector.detect(room, whole_picture(HEIGHT, WIDTH)) is None


@needs_mediapipe
def test_starting_writes_nothing_to_stderr_and_restores_the_environment(scene, capfd):
    before = os.environ.get("__EGL_VENDOR_LIBRARY_FILENAMES")
    with MediapipeDetector() as detector:
        detector.detect(scene[0][0], whole_picture(HEIGHT, WIDTH))
    assert capfd.readouterr().err == ""
    assert os.environ.get("__EGL_VENDOR_LIBRARY_FILENAMES") == before
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"


def test_without_mediapipe_the_user_is_told_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "mediapipe.python.solutions", None)
    with pytest.raises(
        MissingDependencyError, match=r'pip install "neuhmr-workbench\[mediapipe\]"'
    ):
        MediapipeDetector()


def test_the_whole_picture_is_a_square_about_its_middle():
    assert whole_picture(360, 400) == Window(0, -20, 400)
    assert whole_picture(400, 360) == Window(-20, 0, 400)


def test_a_window_beyond_the_picture_is_black_there():
    picture = np.full((4, 6, 3), 7, np.uint8)
    cut = _cut_out(picture, Window(-1, -1, 4))
    assert cut.shape == (4, 4, 3)
    assert (cut[1:, 1:] == 7).all()
    assert not cut[0].any()
    assert not cut[:, 0].any()


@pytest.mark.parametrize("size", [40, 400])
def test_masks_come_back_to_where_they_were_cut_out(size):
    # A disk of radius 30 px; the network may have seen the window at another resolution.
    window, center, radius = Window(30, -20, 100), (80.0, 45.0), 30.0
    steps = (np.arange(size) + 0.5) * (window.side / size)
    x, y = window.left + steps[None], window.top + steps[:, None]
    shares = (np.hypot(x - center[0], y - center[1]) < radius).astype(np.float32)
    mask = _paste_back(shares, window, (120, 160))
    assert mask.sum() == pytest.approx(math.pi * radius**2, rel=0.02)
    rows, columns = np.nonzero(mask)
    assert columns.mean() + 0.5 == pytest.approx(center[0], abs=0.3)
    assert rows.mean() + 0.5 == pytest.approx(center[1], abs=0.3)
