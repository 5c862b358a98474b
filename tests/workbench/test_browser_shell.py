"""The frame around the 3D view in a real browser: room, timeline, joints, folding."""

import itertools
import math

import numpy as np
import pytest
import roma
import torch

from tests.workbench.driven_page import assert_visible, await_state, open_tab
from tests.workbench.patience import assert_soon
from workbench.core.notices import Notice
from workbench.scene.quick_overlay import project
from workbench.scene.viewpoints import clip_points, stand_before

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("width", [1280, 1000])
def test_all_tabs_stand_in_one_row_and_overlap_nothing(page, width):
    page.set_viewport_size({"width": width, "height": 800 if width == 1280 else 700})
    boxes = [tab.bounding_box() for tab in page.get_by_role("tab").all()]
    assert len(boxes) >= 9
    assert len({box["y"] for box in boxes}) == 1
    edges = sorted((box["x"], box["x"] + box["width"]) for box in boxes)
    assert all(end <= start + 0.5 for (_, end), (start, _) in itertools.pairwise(edges))
    is_cut = "tabs => tabs.filter(t => t.scrollWidth > t.clientWidth + 1).map(t => t.textContent)"
    assert page.locator(".nh-tab").evaluate_all(is_cut) == []
    brand = page.locator("#nh-brand").bounding_box()
    card = page.locator("#nh-next").bounding_box()
    assert edges[0][0] >= brand["x"] + brand["width"] - 0.5 and edges[-1][1] <= card["x"] + 0.5


def canvas_of(page):
    return page.locator("#root canvas").last.bounding_box()


def eye_of(window):
    (client,) = window.server.viser.get_clients().values()
    camera = client.camera
    return camera.position, camera.wxyz, camera.fov, camera.aspect


def on_screen(page, window, points):
    """Project points of the scene to the page (px)."""
    position, wxyz, fov, _ = eye_of(window)
    w, x, y, z = wxyz
    rotmat = roma.unitquat_to_rotmat(torch.tensor([x, y, z, w])).numpy()
    seen = (points - position) @ rotmat
    view = canvas_of(page)
    focal = view["height"] / 2.0 / math.tan(fov / 2.0)
    middle = np.array([view["x"] + view["width"] / 2.0, view["y"] + view["height"] / 2.0])
    return focal * seen[:, :2] / seen[:, 2:] + middle


def wait_for_framing(page, window):
    """Wait until the browser says that its camera stands before the person."""
    await_state(window, lambda state: state.footage is not None)
    page.wait_for_function(
        "names => { const t = window.__viserSceneTree; return t && '/bodies/initial' in"
        " t.getState(); }"
    )
    assert_soon(lambda: len(window.server.viser.get_clients()) == 1)
    footage = window.session.state.footage
    points = clip_points(footage, footage.initial)
    assert_soon(lambda: np.allclose(eye_of(window)[0], stand_before(points, eye_of(window)[3])[0]))
    page.wait_for_timeout(300)


def test_the_3d_view_has_half_of_the_page_and_the_whole_person_is_in_it(page, window):
    wait_for_framing(page, window)
    view = canvas_of(page)
    assert view["width"] >= 640 and view["height"] >= 600
    footage = window.session.state.footage
    for frame in range(0, footage.video.num_frames, 5):
        pixels = on_screen(page, window, footage.pose(footage.initial, frame).vertices)
        low, high = pixels.min(axis=0), pixels.max(axis=0)
        assert low[0] >= view["x"] and high[0] <= view["x"] + view["width"], frame
        assert low[1] >= view["y"] and high[1] <= view["y"] + view["height"], frame
    assert high[1] - low[1] > 0.3 * view["height"], "the person is tiny"


def test_icons_over_the_view_tell_what_is_on_whatever_tab_is_open(page, window):
    for name, is_on in (("Ground", "true"), ("Skeleton, colored by error", "false")):
        button = page.get_by_role("button", name=name)
        button.and_(page.locator(f"[aria-pressed={is_on}]")).wait_for()
    page.get_by_role("button", name="Skeleton").click()
    await_state(window, lambda state: state.view.show_skeleton)
    page.get_by_role("button", name="Skeleton").and_(page.locator("[aria-pressed=true]")).wait_for()


def test_what_to_do_next_is_never_covered(page, window):
    window.notices.show(Notice("Broken", "It failed.", "error", "Traceback: all of it"))
    notice = page.locator(".nh-notice", has_text="Broken")
    notice.wait_for()
    card, box = page.locator("#nh-next").bounding_box(), notice.bounding_box()
    assert box["y"] > card["y"] + card["height"]
    title = page.locator("#nh-next .title").bounding_box()
    found = page.evaluate(
        "([x, y]) => document.elementFromPoint(x, y).className",
        [title["x"] + 5, title["y"] + title["height"] / 2],
    )
    assert found == "title"
    assert_visible(notice.get_by_text("What you had is kept."))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    notice.get_by_role("button", name="Copy details").click()
    page.wait_for_function("navigator.clipboard.readText().then(t => t.includes('all of it'))")
    notice.get_by_role("button", name="Close notice").click()
    assert notice.count() == 0


def test_nothing_that_a_stage_needs_has_to_be_scrolled_to(page, window):
    await_state(window, lambda state: state.footage is not None)
    open_tab(page, "Refine")
    top = page.locator("#nh-time").bounding_box()["y"]
    for name in ("Step", "Run", "Pause", "Reset", "Judge"):
        box = page.get_by_role("button", name=name, exact=True).bounding_box()
        assert box["y"] + box["height"] < top and box["x"] + box["width"] <= 1280
    rate = page.locator("label", has_text="Learning rate").bounding_box()
    assert rate["y"] + rate["height"] < top
    assert page.evaluate("document.scrollingElement.scrollHeight <= innerHeight")


def strip_of(page):
    strip = page.get_by_role("img", name="Timeline")
    strip.wait_for()
    return strip.bounding_box()


def test_a_click_on_the_timeline_seeks(page, window):
    await_state(window, lambda state: state.scores is not None)
    box = strip_of(page)
    # Three quarters along 48 frames is frame 36; a bar is some 26 px wide.
    page.mouse.click(box["x"] + 0.76 * box["width"], box["y"] + box["height"] / 2)
    assert await_state(window, lambda state: state.view.frame > 30).view.frame == 36


def test_dragging_on_the_timeline_scrubs(page, window):
    await_state(window, lambda state: state.scores is not None)
    box = strip_of(page)
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.1 * box["width"], middle)
    page.mouse.down()
    await_state(window, lambda state: state.view.frame == 4)
    page.mouse.move(box["x"] + 0.51 * box["width"], middle, steps=3)
    await_state(window, lambda state: state.view.frame == 24)
    # The readout follows the hand, not the answer.
    assert page.locator("#nh-transport .frame b").text_content() == "24"
    page.mouse.up()
    page.mouse.move(box["x"] + 0.9 * box["width"], middle)
    assert window.session.state.view.frame == 24


def test_shift_drag_chooses_the_range_that_is_refined(page, window):
    await_state(window, lambda state: state.scores is not None)
    box = strip_of(page)
    middle = box["y"] + box["height"] / 2
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + 0.76 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.26 * box["width"], middle, steps=3)
    page.mouse.up()
    page.keyboard.up("Shift")
    scope = await_state(window, lambda state: state.scope.first is not None).scope
    assert (scope.first, scope.last) == (12, 36) and window.session.state.view.frame == 0
    page.get_by_role("button", name="Refine the whole clip").click()
    await_state(window, lambda state: state.scope.first is None and state.scope.last is None)


def test_playing_loops_inside_the_range_until_the_switch_says_otherwise(page, window):
    await_state(window, lambda state: state.scores is not None)
    loop = page.get_by_role("button", name="Loop inside the range")
    assert not loop.is_visible()
    window.tasks.change_scope(first=12, last=15)
    loop.and_(page.locator("[aria-pressed=true]")).wait_for()
    page.get_by_role("button", name="Play or pause").click()
    await_state(window, lambda state: state.view.is_playing and state.view.frame == 15)
    seen = {window.session.state.view.frame for _ in range(60) if not page.wait_for_timeout(10)}
    assert seen == {12, 13, 14, 15}
    loop.click()
    await_state(window, lambda state: state.view.frame > 18)
    assert not window.session.state.view.loops_range
    loop.and_(page.locator("[aria-pressed=false]")).wait_for()


def test_the_transport_moves_plays_and_finds_the_worst(page, window):
    worst = await_state(window, lambda state: state.scores is not None).scores.worst_first()[0]
    page.get_by_role("button", name="Worst frame").click()
    await_state(window, lambda state: state.view.frame == worst)
    page.get_by_role("button", name="First frame").click()
    page.get_by_role("button", name="Play or pause").click()
    await_state(window, lambda state: state.view.is_playing and state.view.frame > 3)
    page.get_by_role("button", name="Play or pause").click()
    await_state(window, lambda state: not state.view.is_playing)


def test_a_click_in_the_list_selects_the_joint(page, window):
    await_state(window, lambda state: state.footage is not None)
    page.locator("#nh-joints tr", has_text="left knee").click()
    await_state(window, lambda state: state.view.joint == 4)
    row = page.locator("#nh-joints tr[aria-selected=true]")
    row.get_by_text("left knee").wait_for()


def test_the_list_sorts_by_any_column(page, window):
    await_state(window, lambda state: state.footage is not None)
    page.locator("#nh-joints th", has_text="Error").click()
    page.wait_for_function(
        "() => { const v = [...document.querySelectorAll('#nh-joints tbody tr td:nth-child(2)')]"
        ".map(c => Number(c.textContent)); return v.length === 24 && v[0] > 0 &&"
        " v.every((x, i) => i === 0 || v[i - 1] >= x); }"
    )


def test_a_click_in_3d_and_in_the_picture_selects_the_joint(page, window):
    wait_for_framing(page, window)
    footage = window.session.state.footage
    joints = footage.pose(footage.initial, 0).joints
    knee = on_screen(page, window, joints)[5]
    page.mouse.move(*knee)
    page.wait_for_timeout(600)
    page.mouse.click(*knee)
    await_state(window, lambda state: state.view.joint == 5)
    page.wait_for_function(
        "Number(document.querySelector('#nh-picture canvas').dataset.pictures) > 0"
    )
    room = page.locator("#nh-picture canvas").bounding_box()
    pixel = project(joints, footage.camera.K.numpy())[15]
    scale = min(room["width"] / footage.camera.width, room["height"] / footage.camera.height)
    corner = [room[side] / 2 for side in ("width", "height")] - scale * np.array(
        [footage.camera.width, footage.camera.height]
    ) / 2
    page.mouse.click(*(np.array([room["x"], room["y"]]) + corner + scale * pixel))
    await_state(window, lambda state: state.view.joint == 15)


def test_the_view_from_the_video_camera_and_back(page, window):
    wait_for_framing(page, window)
    home = eye_of(window)[0]
    page.get_by_role("button", name="View from the video camera").click()
    await_state(window, lambda state: state.view.from_camera)
    assert_soon(lambda: np.allclose(eye_of(window)[0], 0.0, atol=1e-3))
    page.wait_for_function(
        "window.__viserMutable.backgroundMaterial.uniforms.hasDepth !== undefined"
    )
    camera = window.session.state.footage.camera
    # The person's joints lie in the view where they lie in the frame: the frame fills the width.
    view = canvas_of(page)
    joints = window.session.state.footage.pose(window.session.state.initial, 0).joints
    pixels = project(joints, camera.K.numpy())
    middle = np.array([view["x"] + view["width"] / 2, view["y"] + view["height"] / 2])
    scale = min(view["width"] / camera.width, view["height"] / camera.height)
    expected = middle + scale * (pixels - np.array([camera.width, camera.height]) / 2)
    assert_soon(lambda: np.allclose(on_screen(page, window, joints), expected, atol=2.0))
    page.get_by_role("button", name="View from the video camera").click()
    assert_soon(lambda: np.allclose(eye_of(window)[0], home, atol=1e-2))


def test_panels_fold_to_strips_and_the_3d_view_takes_their_room(page, window):
    await_state(window, lambda state: state.footage is not None)
    before = canvas_of(page)["width"]
    page.get_by_role("button", name="Fold picture and joints").click()
    assert_soon(lambda: page.wait_for_timeout(50) or canvas_of(page)["width"] > before + 200)
    page.get_by_role("button", name="Fold the stages").click()
    assert_soon(lambda: page.wait_for_timeout(50) or canvas_of(page)["width"] > 1200)
    page.get_by_role("button", name="Unfold the stages").click()
    page.get_by_role("button", name="Unfold picture and joints").click()
    assert_soon(lambda: page.wait_for_timeout(50) or canvas_of(page)["width"] == before)
    assert_visible(page.locator("#nh-joints"))


def test_the_help_window_lists_the_keys_and_closes_again(page, window):
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys and gestures")
    assert_visible(dialog.get_by_text("Worst frame"))
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
