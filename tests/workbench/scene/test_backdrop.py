"""The frame on a wall behind the person."""

from dataclasses import replace

import numpy as np
import pytest

from tests.workbench.driven_window import press
from tests.workbench.fake_engine import HEIGHT, WIDTH
from tests.workbench.patience import assert_soon
from workbench.scene.backdrop import wall_at
from workbench.scene.quick_overlay import project


def corners(wall) -> np.ndarray:
    half = np.array([wall.width, wall.height, 0.0]) / 2.0
    signs = np.array([[-1, -1, 0], [1, 1, 0]])
    return np.array(wall.center) + signs * half


@pytest.mark.parametrize("middle", [(320.0, 180.0), (300.0, 200.0)])
def test_from_the_video_camera_the_wall_is_the_whole_frame(middle):
    K = np.array([[560.0, 0.0, middle[0]], [0.0, 580.0, middle[1]], [0.0, 0.0, 1.0]])
    wall = wall_at(4.0, K, WIDTH, HEIGHT)
    assert wall.center[2] == 4.0
    np.testing.assert_allclose(project(corners(wall), K), [[0, 0], [WIDTH, HEIGHT]], atol=1e-9)


def picture_of(handle) -> np.ndarray | None:
    """Give a handle's picture; None while it has none: a handle is found before it gets one."""
    return getattr(handle, "image", None)


def test_the_wall_shows_the_frame_behind_every_body_and_the_frustum_does_not(window):
    scene, state = window.server.viser.scene, window.session.state
    frustum = assert_soon(lambda: scene.get_handle_by_name("/camera"))
    assert_soon(lambda: picture_of(frustum) is not None)
    press(window, "flip backdrop")
    wall = assert_soon(lambda: scene.get_handle_by_name("/backdrop"))
    assert_soon(lambda: wall.visible and picture_of(frustum) is None)
    for frame in (0, 17, 30):
        window.tasks.seek(frame)
        picture = state.footage.video.frame(frame)
        assert_soon(lambda picture=picture: np.array_equal(picture_of(wall), picture))
        back = float(state.footage.pose(state.initial, frame).vertices[:, 2].max())
        # Its place is set after its picture.
        assert_soon(lambda back=back: back < wall.position[2] < back + 3.0)


def test_a_body_that_walks_beyond_the_wall_takes_it_along(window):
    scene, footage = window.server.viser.scene, window.session.state.footage
    press(window, "flip backdrop")
    wall = assert_soon(lambda: scene.get_handle_by_name("/backdrop"))
    # A handle is found before its place is set.
    near = assert_soon(lambda: wall.position[2])
    transl = footage.initial.transl.clone()
    transl[0, 2] += 5.0
    moved = replace(footage.initial, transl=transl)
    window.session.set(footage=replace(footage, initial=moved))
    assert_soon(lambda: wall.position[2] > near + 4.0)
    window.tasks.seek(1)
    assert_soon(lambda: wall.position[2] == pytest.approx(near, abs=0.2))


def test_at_the_video_camera_the_background_takes_the_walls_place(window):
    scene = window.server.viser.scene
    press(window, "flip backdrop")
    wall = assert_soon(lambda: scene.get_handle_by_name("/backdrop"))
    assert_soon(lambda: wall.visible)
    window.session.set_view(from_camera=True)
    assert_soon(lambda: not wall.visible)
    window.session.set_view(from_camera=False)
    assert_soon(lambda: wall.visible)
    press(window, "flip backdrop")
    assert_soon(lambda: not wall.visible)
