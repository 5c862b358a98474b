import time

import numpy as np
import pytest

from neuhmr.clip.open_request import OpenRequest
from neuhmr.refine.scope import Scope
from tests.workbench.fake_engine import CROP_SIZE, FakeEngine
from tests.workbench.fake_optimizer import FakeOptimizer
from tests.workbench.synthetic_figure import true_motion
from workbench.core.session import SessionState
from workbench.core.view_state import ViewState
from workbench.engine.optimizer import StepReport
from workbench.scene.frame_view import (
    FRAME_MAX_HEIGHT,
    FRAME_WIDTH,
    fitted_size,
    frame_request,
)
from workbench.scene.joint_picture import joint_picture
from workbench.scene.pictures import heat_colors, resized, trimmed
from workbench.scene.quick_overlay import outline_overlay, quick_overlay


@pytest.fixture
def engine():
    return FakeEngine()


@pytest.fixture
def footage(engine, tmp_path):
    return engine.open(OpenRequest(clip=tmp_path / "a.mp4"), lambda progress: None)


def report(motion):
    return StepReport(
        step=1, total_steps=9, terms={}, learning_rate=0.1, residual_angle_deg=0.0, motion=motion,
        is_finished=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("shown", "has_refined", "truth", "expected"),
    [("both", False, False, 1), ("both", True, False, 2), ("initial", True, False, 1),
     ("refined", True, False, 1), ("refined", False, False, 1), ("both", True, True, 3)],
)  # fmt: skip
def test_the_bodies_of_the_picture_follow_the_choice(footage, shown, has_refined, truth, expected):
    state = SessionState(
        footage=footage,
        report=report(true_motion()) if has_refined else None,
        view=ViewState(shown=shown, show_truth=truth),
    )
    assert len(frame_request(state).bodies) == expected


def test_equal_requests_have_equal_keys_and_others_do_not(footage):
    state = SessionState(footage=footage)
    later = SessionState(footage=footage, view=ViewState(frame=3))
    assert frame_request(state).key == frame_request(state).key
    assert frame_request(state).key != frame_request(later).key
    assert frame_request(state).key != frame_request(state, is_quick=True).key
    assert frame_request(state).motions == frame_request(later).motions
    assert frame_request(SessionState()) is None


@pytest.mark.parametrize("is_quick", [False, True])
def test_a_painted_frame_shows_the_body(footage, is_quick):
    request = frame_request(SessionState(footage=footage), is_quick)
    picture = request.paint()
    bare = resized(footage.video.frame(0), picture.shape[:2])
    assert picture.shape == ((270, 480, 3) if is_quick else (450, FRAME_WIDTH, 3))
    changed = (np.abs(picture.astype(int) - bare.astype(int)).sum(axis=-1) > 30).mean()
    assert 0.002 < changed < 0.4


def test_quick_overlays_are_quick(footage):
    body = footage.pose(footage.initial, 0)
    image = np.zeros((450, 800, 3), np.uint8)
    K = footage.camera.resized(450, 800).K.numpy()
    started = time.process_time()
    for _ in range(5):
        quick_overlay(image, body.vertices, footage.faces, K, (1.0, 1.0, 1.0), 1.0)
    assert (time.process_time() - started) / 5 < 0.05


def test_quick_overlays_leave_bodies_behind_the_camera_out(footage):
    body = footage.pose(footage.initial, 0)
    image = np.full((90, 160, 3), 7, np.uint8)
    K = footage.camera.resized(90, 160).K.numpy()
    behind = body.vertices - np.array([0.0, 0.0, 20.0], np.float32)
    drawn = quick_overlay(image, behind, footage.faces, K, (1.0, 1.0, 1.0), 1.0)
    np.testing.assert_array_equal(drawn, image)


def test_quick_overlays_cover_what_the_vertices_project_to():
    """A square 1 m wide, 2 m off, f = 100 px covers 50 px of a 100 px wide picture."""
    vertices = np.array(
        [[x / 20 - 0.5, y / 20 - 0.5, 2.0] for y in range(21) for x in range(21)], np.float32
    )
    faces = []
    for y in range(20):
        for x in range(20):
            a = y * 21 + x
            faces += [[a, a + 22, a + 1], [a, a + 21, a + 22]]
    K = np.array([[100.0, 0.0, 50.0], [0.0, 100.0, 50.0], [0.0, 0.0, 1.0]])
    image = np.zeros((100, 100, 3), np.uint8)
    drawn = quick_overlay(image, vertices, np.array(faces), K, (1.0, 1.0, 1.0), 1.0)
    covered = drawn[..., 0] > 0
    assert covered[30:70, 30:70].all()
    # A border of 2 px around 50 x 50 px is 54 x 54 = 2916.
    assert 2500 <= covered.sum() <= 2916 and not covered[:20].any()


@pytest.mark.parametrize("size", [(720, 1280), (1280, 720), (240, 320), (1080, 1920), (2, 4000)])
def test_frames_fill_the_picture(size):
    height, width = fitted_size(*size)
    assert 1 <= height <= FRAME_MAX_HEIGHT and 1 <= width <= FRAME_WIDTH
    assert height == FRAME_MAX_HEIGHT or width == FRAME_WIDTH


def test_trimming_cuts_black_borders_and_keeps_the_shape():
    image = np.zeros((240, 180, 3), np.uint8)
    image[100:160, 80:100] = 200
    cut = trimmed(image)
    assert cut.shape[0] < 75 and abs(cut.shape[1] / cut.shape[0] - 0.75) < 0.03
    assert (cut > 0).sum() == (image > 0).sum()
    assert trimmed(np.zeros_like(image)).shape == image.shape
    full = np.full_like(image, 9 * 20)
    np.testing.assert_array_equal(trimmed(full), full)


def test_outlines_leave_the_inside_as_it_is():
    grid = np.array(
        [[x / 40 - 0.5, y / 40 - 0.5, 2.0] for y in range(41) for x in range(41)], np.float32
    )
    a = np.array([y * 41 + x for y in range(40) for x in range(40)])
    faces = np.concatenate(
        [np.stack([a, a + 42, a + 1], axis=1), np.stack([a, a + 41, a + 42], axis=1)]
    )
    K = np.array([[100.0, 0.0, 50.0], [0.0, 100.0, 50.0], [0.0, 0.0, 1.0]])
    image = np.full((100, 100, 3), 90, np.uint8)
    drawn = outline_overlay(image, grid, faces, K, (1.0, 1.0, 1.0))
    assert (drawn[35:65, 35:65] == 90).all() and (drawn[:15] == 90).all()
    assert (drawn == 255).all(axis=-1).sum() > 150


def test_heat_goes_from_dark_to_bright():
    brightness = heat_colors(np.linspace(0.0, 1.0, 20)).astype(int).sum(axis=-1)
    assert (np.diff(brightness) > 0).all()


@pytest.mark.parametrize("joint", [0, 3, 21, 23])
def test_joint_pictures_draw_for_matched_and_unmatched_joints(engine, footage, joint):
    config = engine.default_config()
    inspected = FakeOptimizer(engine, footage, config, Scope()).inspect(0, config)
    crop = np.zeros((*CROP_SIZE, 3), np.uint8)
    picture = joint_picture(crop, inspected, joint)
    # The cross is white, in the middle.
    height, width = picture.shape[:2]
    assert picture[height // 2, width // 2].min() > 200
    has_candidates = joint in inspected.candidates
    assert bool((picture.max(axis=-1) > 60).sum() > 600) is has_candidates
