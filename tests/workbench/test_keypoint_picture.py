"""Heatmaps and dots: that they lie where they belong."""

from dataclasses import replace

import numpy as np
import pytest

from neuhmr.clip.open_request import OpenRequest
from tests.workbench.fake_engine import CROP_SIZE, HEIGHT, WIDTH, FakeEngine
from tests.workbench.fake_heatmaps import NOT_FOUND
from workbench.core.session import SessionState
from workbench.core.shown_results import KeypointLook
from workbench.core.view_state import ViewState
from workbench.engine.keypoint_report import ViewHeatmaps
from workbench.scene.frame_view import FrameHeat, frame_request
from workbench.scene.keypoint_picture import (
    FOUND_COLOR,
    draw_keypoints,
    frame_heat,
    heat_over,
    keypoint_picture,
    resampled_heat,
    view_picture,
)

BLUE = (64, 158, 250)
LEFT_WRIST = 7


@pytest.fixture
def engine():
    return FakeEngine()


@pytest.fixture
def footage(engine, tmp_path):
    return engine.open(OpenRequest(clip=tmp_path / "a.mp4"), lambda progress: None)


@pytest.fixture
def avatar(engine, footage):
    return footage.build_avatar(engine.default_config(), lambda progress: None)


@pytest.fixture
def report(footage, avatar):
    return avatar.keypoints(footage.initial, 5, "frame")


def color_at(image, point):
    return tuple(image[int(point[1]), int(point[0])])


def test_heat_of_the_same_grid_stays_as_it_is():
    heat = np.random.default_rng(0).uniform(size=(6, 4)).astype(np.float32)
    same = resampled_heat(heat, np.zeros(2), np.ones(2), (6, 4))
    np.testing.assert_allclose(same, heat, atol=1e-6)


def test_heat_keeps_its_place_when_it_is_moved_and_enlarged():
    heat = np.zeros((10, 10), np.float32)
    heat[4, 6] = 1.0
    # The grid starts at (5, 3) px and has two pixels to each: (6.5, 4.5) is its corner at (3, 3).
    grid = resampled_heat(heat, np.array([5.0, 3.0]), np.full(2, 0.5), (6, 6))
    rows, columns = np.nonzero(grid > 0.5)
    assert (rows.mean() + 0.5, columns.mean() + 0.5) == (3.0, 3.0)
    outside = resampled_heat(heat + 1.0, np.array([20.0, 0.0]), np.ones(2), (4, 4))
    assert (outside == 0.0).all()


def test_no_heat_changes_nothing_and_much_covers_the_picture():
    image = np.full((4, 4, 3), 100, np.uint8)
    np.testing.assert_array_equal(heat_over(image, np.zeros((4, 4))), image)
    hot = heat_over(image, np.ones((4, 4)))
    assert (hot[0, 0] > (200, 190, 140)).all()


def test_dots_and_lines_join_what_was_found_with_the_body():
    image = np.zeros((40, 60, 3), np.uint8)
    found = np.array([[10.0, 20.0], [np.nan, np.nan]])
    projected = np.array([[50.0, 20.0], [30.0, 35.0]])
    drawn = draw_keypoints(image, found, projected, radius=4.0, body_color=BLUE)
    assert color_at(drawn, (10, 20)) == FOUND_COLOR
    assert color_at(drawn, (50, 20)) == BLUE and color_at(drawn, (30, 35)) == BLUE
    assert color_at(drawn, (30, 20)) == (255, 255, 255)


def test_over_the_video_everything_lies_where_it_was_found(report):
    image = np.full((HEIGHT // 2, WIDTH // 2, 3), 60, np.uint8)
    drawn = frame_heat(image, report, LEFT_WRIST, WIDTH, BLUE)
    u, v = report.found[LEFT_WRIST] / 2.0
    assert color_at(drawn, (u, v)) == FOUND_COLOR
    assert color_at(drawn, report.projected[LEFT_WRIST] / 2.0) == BLUE
    # Heat surrounds the found keypoint on all sides, and is nowhere else.
    for step in ((0, 5), (0, -5), (5, 0)):
        assert drawn[int(v) + step[1], int(u) + step[0], 0] > 80, step
    assert color_at(drawn, (10, 10)) == (60, 60, 60)


def test_one_keypoint_is_enlarged_with_both_of_its_places(avatar, report):
    crop = avatar.crop(5)
    for keypoint in (None, LEFT_WRIST, NOT_FOUND):
        drawn = keypoint_picture(crop, report, keypoint, BLUE)
        is_blue = (drawn == BLUE).all(axis=-1)
        is_found = (drawn == FOUND_COLOR).all(axis=-1)
        assert is_blue.any() and is_found.any() == (keypoint != NOT_FOUND), keypoint


def test_a_free_view_shows_color_and_heat_side_by_side():
    heatmaps = np.zeros((25, 20, 15), np.float32)
    heatmaps[3, 10, 7] = 1.0
    view = ViewHeatmaps(image=np.full((20, 15, 3), 100, np.uint8), heatmaps=heatmaps)
    every, other = view_picture(view, None), view_picture(view, 4)
    half = every.shape[1] // 2
    np.testing.assert_array_equal(every[:, :half], other[:, :half])
    assert every[:, half:].max() > 200 and other[40:, half + 10 :].max() < 100


def test_heat_replaces_the_bodies_by_the_judged_ones_outline(footage, avatar, report):
    look = KeypointLook(
        avatar=avatar, frame=5, motion=footage.initial, source="frame", report=report
    )
    view = ViewState(frame=5, find_keypoints=True, show_truth=True)
    state = SessionState(footage=footage, avatar=avatar, keypoints=look, view=view)
    request = frame_request(state)
    assert [(motion is footage.initial, opacity) for motion, _, opacity in request.bodies] == [
        (True, 0.0)
    ]
    assert isinstance(request.heat, FrameHeat) and request.heat.report is report
    plain = frame_request(replace(state, view=replace(view, show_heat=False)))
    assert plain.heat is None and len(plain.bodies) == 2
    elsewhere = frame_request(replace(state, view=replace(view, frame=6)))
    assert elsewhere.heat is None and request.key != elsewhere.key
    assert (request.paint() != elsewhere.paint()).any()
    assert CROP_SIZE == avatar.crop(5).shape[:2]
