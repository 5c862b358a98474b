"""What the page is told, and what it may send."""

import math

import numpy as np
import pytest

from tests.workbench.driven_window import find, press, send, shown, wait
from tests.workbench.patience import assert_soon
from workbench.core.notices import Notice
from workbench.scene.quick_overlay import project


def test_the_joint_list_shows_errors_before_and_after_and_the_matches(window):
    content = assert_soon(lambda: (c := shown(window, "joints")).get("at") and c)
    assert len(content["names"]) == 24 and content["selected"] == 21
    across, down = content["at"]
    footage = window.session.state.footage
    u, v = project(footage.pose(footage.initial, 0).joints, footage.camera.K.numpy())[21]
    assert across * footage.camera.width == pytest.approx(u, abs=0.1)
    assert down * footage.camera.height == pytest.approx(v, abs=0.1)
    assert len(content["before"]) == 24 and content["after"] == []
    window.tasks.run()
    wait(window, lambda state: state.phase == "finished")
    content = assert_soon(lambda: (c := shown(window, "joints"))["match"] and c)
    assert sum(content["after"]) < sum(content["before"])
    assert set(content["match"]) <= {"yes", "no", "unseen", "none"}


def test_the_page_seeks_selects_and_chooses_a_range(window):
    send(window, (find(window, "seek"), 17), (find(window, "joint"), 4))
    send(window, (find(window, "range"), [30.4, 12]))
    state = window.session.state
    assert state.view.frame == 17 and state.view.joint == 4
    assert (state.scope.first, state.scope.last) == (12, 30)
    assert_soon(lambda: shown(window, "strip")["range"] == [12, 30])
    press(window, "whole clip")
    assert window.session.state.scope.first is None


@pytest.mark.parametrize(
    ("widget", "hostile"),
    [("seek", math.nan), ("seek", "7"), ("seek", [7]), ("joint", None), ("joint", math.inf),
     ("range", [1]), ("range", [1, math.nan]), ("range", "12"), ("range", [-5, -5]),
     ("pick", [0.5, None]), ("press", "rm -rf"), ("press", 3)],
)  # fmt: skip
def test_hostile_values_change_nothing(window, widget, hostile):
    before = window.session.state
    send(window, (find(window, widget), hostile))
    after = window.session.state
    assert after.view == before.view and after.scope == before.scope


def test_too_large_values_are_clamped(window):
    send(window, (find(window, "joint"), 999), (find(window, "range"), [40, 10.0**9]))
    assert window.session.state.view.joint == 23
    assert window.session.state.scope.last == window.session.state.num_frames - 1


def test_a_point_of_the_picture_is_looked_up_by_the_scene_thread(window):
    footage = window.session.state.footage
    u, v = project(footage.pose(footage.initial, 0).joints, footage.camera.K.numpy())[5]
    send(
        window,
        (find(window, "pick"), [float(u) / footage.camera.width, float(v) / footage.camera.height]),
    )
    assert_soon(lambda: window.session.state.view.joint == 5)


def test_presses_show_switch_and_play(window):
    for name, fieldname in (("skeleton", "show_skeleton"), ("follow", "follows")):
        press(window, f"flip {name}")
        assert getattr(window.session.state.view, fieldname)
        assert_soon(lambda name=name: shown(window, "view").get(name))
    press(window, "flip ghosts")
    assert window.session.state.view.ghosts == 2
    press(window, "show refined")
    assert window.session.state.view.shown == "refined"
    press(window, "faster")
    assert window.playback.speed == 2.0
    press(window, "slower")
    press(window, "slower")
    assert window.playback.speed == 0.5


def test_errors_stay_with_their_details_until_the_page_closes_them(window):
    window.notices.show(Notice("No", "It failed.", "error", "Traceback"))
    window.notices.info("Hm", "By the way.")
    found = assert_soon(lambda: (c := shown(window, "notices")["list"]) and len(c) >= 2 and c)
    error, info = found[-2:]
    assert error["details"] == "Traceback" and error["kept"] == "What you had is kept."
    assert info["kept"] == "" and info["id"] == error["id"] + 1


def test_styles_of_bodies_reach_the_scene(window):
    boxes = [w for w in window.server.viser.gui._gui_input_handle_from_uuid.values()]
    colors = [w for w in boxes if getattr(w, "label", "") == "Color" and "Rgb" in type(w).__name__]
    assert len(colors) == 3
    send(window, (colors[0], [10, 20, 30]))
    assert window.session.state.view.initial_style.color == (10, 20, 30)
    scene = window.server.viser.scene
    handle = assert_soon(lambda: scene.get_handle_by_name("/bodies/initial"))
    assert_soon(lambda: tuple(handle.color) == (10, 20, 30))


def test_ghosts_are_drawn_around_the_frame_and_taken_away_again(window):
    scene = window.server.viser.scene
    window.tasks.seek(20)
    window.session.set_view(ghosts=2, ghost_step=3)
    handle = assert_soon(lambda: scene.get_handle_by_name("/bodies/after2"))
    assert_soon(lambda: handle.visible)
    footage = window.session.state.footage
    expected = footage.pose(footage.initial, 26).vertices
    assert_soon(lambda: abs(handle.vertices - expected).max() < 1e-5)
    window.session.set_view(ghosts=1)
    assert_soon(lambda: not handle.visible)
    assert scene.get_handle_by_name("/bodies/after1").visible


def test_skeleton_and_trajectory_are_drawn_when_they_are_wanted(window):
    scene, footage = window.server.viser.scene, window.session.state.footage
    window.tasks.seek(9)
    window.session.set_view(show_skeleton=True, show_trajectory=True, joint=4)
    bones = assert_soon(lambda: scene.get_handle_by_name("/skeleton/bones"))
    joints = footage.pose(footage.initial, 9).joints
    points = assert_soon(lambda: scene.get_handle_by_name("/skeleton/joints"))
    assert_soon(lambda: bones.visible and abs(points.points - joints).max() < 1e-5)
    assert_soon(lambda: points.colors.shape == (24, 3) and len({*map(tuple, points.colors)}) > 3)
    mark = assert_soon(lambda: scene.get_handle_by_name("/skeleton/selected"))
    assert_soon(lambda: abs(mark.points[0] - joints[4]).max() < 1e-5)
    name = assert_soon(lambda: scene.get_handle_by_name("/skeleton/name"))
    assert_soon(lambda: name.text == "left knee")
    way = assert_soon(lambda: scene.get_handle_by_name("/trajectory/initial"))
    assert way.points.shape == (footage.video.num_frames - 1, 2, 3)
    window.session.set_view(show_skeleton=False, show_trajectory=False)
    assert_soon(lambda: not bones.visible and not way.visible)
    assert mark.visible, "the selected joint stays marked"


def test_expected_errors_in_depth_lie_along_the_viewing_rays_of_the_shown_body(window):
    scene, footage = window.server.viser.scene, window.session.state.footage
    window.session.set_view(show_depth_errors=True)
    window.tasks.build_avatar()
    assert_soon(lambda: window.session.state.avatar is not None)
    lines = assert_soon(lambda: scene.get_handle_by_name("/skeleton/depth_errors"))
    joints = footage.pose(footage.initial, 0).joints
    assert_soon(lambda: lines.visible and abs(lines.points.mean(axis=1) - joints).max() < 1e-5)
    near, far = lines.points[:, 0], lines.points[:, 1]
    lengths = np.linalg.norm(far - near, axis=-1)
    np.testing.assert_allclose(lengths, 2 * (0.01 + 0.005 * np.arange(24)), atol=1e-5)
    # Seen from the video camera, a line is a point.
    np.testing.assert_allclose(near[:, :2] / near[:, 2:], far[:, :2] / far[:, 2:], atol=1e-5)
    assert (far[:, 2] > near[:, 2]).all()
    assert_soon(lambda: shown(window, "view")["has_avatar"])
    window.tasks.step()
    state = assert_soon(lambda: (s := window.session.state).report is not None and s)
    refined = footage.pose(state.refined, 0).joints
    assert_soon(lambda: abs(lines.points.mean(axis=1) - refined).max() < 1e-5)
    window.tasks.seek(4)
    assert_soon(lambda: not lines.visible)  # Nothing is known of that frame.
    window.tasks.seek(5)
    assert_soon(lambda: lines.visible)
    press(window, "flip depth errors")
    assert_soon(lambda: not lines.visible)
