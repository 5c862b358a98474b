"""Putting poses right in a real browser: flip, drag, undo, versions, compare, sweep."""

import math

import pytest

from tests.workbench.driven_page import assert_visible, await_state, open_tab, press
from tests.workbench.patience import assert_soon
from workbench.core.joint_now import joint_now
from workbench.scene.fix_gizmo import TURN

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FRAME, WRIST, ELBOW = 12, 20, 18


@pytest.fixture
def fixing(page, window):
    """Open the Fix tab on the left wrist of a frame."""
    await_state(window, lambda state: state.footage is not None)
    window.tasks.seek(FRAME)
    window.session.set_view(joint=WRIST)
    open_tab(page, "Fix")
    state = await_state(window, lambda state: is_shown(state.fix_view))
    view, picture = state.fix_view, state.fix_view.picture
    # The page first draws the joint that was selected before, then this one in its place.
    box = f"{view.left} {view.top} {picture.shape[1]} {picture.shape[0]}"
    drawn = page.locator(f'svg[aria-label="Drag the joint"][viewBox="{box}"]')
    assert_visible(drawn)
    return drawn


def is_shown(view):
    return view is not None and (view.frame, view.joint) == (FRAME, WRIST)


def wrist(window):
    state = window.session.state
    return joint_now(state.footage, state.best, FRAME, WRIST)


def said(window, words):
    return await_state(window, lambda state: state.corrections.said == words)


def test_a_hand_is_flipped_undone_and_redone_by_keys(page, window, fixing):
    before = wrist(window)
    press(page, "Flip depth")
    said(window, "Flip the left forearm, frame 12")
    after = wrist(window)
    assert abs(after.position[2] - before.position[2]) > 0.02
    assert after.pixels[WRIST] == pytest.approx(before.pixels[WRIST], abs=1.0)
    page.keyboard.press("Control+z")
    await_state(window, lambda state: state.refined is None)
    assert wrist(window).position == pytest.approx(before.position)
    page.keyboard.press("Control+Shift+Z")
    await_state(window, lambda state: state.refined is not None)
    assert wrist(window).position == pytest.approx(after.position)
    page.keyboard.press("c")
    await_state(window, lambda state: state.history.position == 2)
    assert wrist(window).position == pytest.approx(before.position, abs=1e-3)
    page.locator(".nh-entry", has_text="Open turn.mp4").click()
    assert await_state(window, lambda state: state.history.position == 0).refined is None


def test_the_joint_is_dragged_in_the_picture(page, window, fixing):
    before = wrist(window)
    box = fixing.bounding_box()
    view = window.session.state.fix_view
    scale = box["width"] / view.picture.shape[1]

    def on_page(pixel):
        return box["x"] + (pixel[0] - view.left) * scale, box["y"] + (pixel[1] - view.top) * scale

    start, shoulder = before.pixels[WRIST], before.pixels[16]
    target = tuple(0.75 * a + 0.25 * b for a, b in zip(start, shoulder, strict=True))
    page.mouse.move(*on_page(start))
    page.mouse.down()
    page.mouse.move(*on_page(target), steps=3)
    page.mouse.up()
    said(window, "Move the left wrist in the picture, frame 12")
    after = wrist(window)
    assert math.dist(after.pixels[WRIST], target) < 2.0
    assert after.position[2] == pytest.approx(before.position[2], abs=1e-3)


def test_the_handles_in_3d_turn_a_bone_as_one_entry(page, window, fixing):
    page.get_by_role("button", name="Turn", exact=True).click()
    await_state(window, lambda state: state.fix.gizmo == "Turn")
    page.wait_for_function(
        "name => { const t = window.__viserSceneTree; return t && name in t.getState(); }", arg=TURN
    )
    scene = window.server.viser.scene
    assert_soon(lambda: scene.get_handle_by_name(TURN).visible)
    send = (
        "([type, fields]) => window.__viserMutable.sendMessage("
        f"{{type, name: '{TURN}', owner: '', ...fields}})"
    )
    page.evaluate(send, ["TransformControlsDragStartMessage", {}])
    for wxyz in ([1, 0, 0, 0], [0.8, 0.6, 0, 0], [0.6, 0, 0.8, 0]):
        fields = {"wxyz": wxyz, "position": list(wrist(window).position)}
        page.evaluate(send, ["TransformControlsUpdateMessage", fields])
    page.evaluate(send, ["TransformControlsDragEndMessage", {}])
    turned = pytest.approx((0.6, 0.0, 0.8, 0.0), abs=1e-4)
    assert_soon(lambda: wrist(window).wxyz == turned)
    assert window.session.state.history.names[1:] == ("Turn the left wrist, frame 12",)
    bad = {"wxyz": [5, 0, 0, 0], "position": [0, 0, 1e30]}
    page.evaluate(send, ["TransformControlsUpdateMessage", bad])
    page.keyboard.press("Control+z")
    await_state(window, lambda state: state.refined is None)


def test_an_exact_angle_is_typed(page, window, fixing):
    page.get_by_text("Exact angles and place").click()
    field = page.locator("label", has_text="Angle x").locator(
        "xpath=ancestor::div[contains(@class,'mantine-Flex-root')][1]"
    )
    number = field.locator("input.mantine-NumberInput-input")
    number.fill("25")
    number.press("Enter")
    said(window, "Turn the left wrist, frame 12")
    assert_soon(lambda: wrist(window).degrees[0] == pytest.approx(25.0, abs=0.01))


def test_frames_are_marked_filled_and_locked(page, window, fixing):
    press(page, "Invalid")
    said(window, "Mark frame 12 invalid")
    assert_visible(page.get_by_text("invalid", exact=True))
    press(page, "Fill")
    said(window, "Fill frame 12")
    page.get_by_role("button", name="Frame", exact=True).click()
    assert said(window, "Lock frame 12").scope.locked_frames == {FRAME}
    assert_visible(page.get_by_text("frame locked"))
    press(page, "Flip depth")
    assert_visible(page.locator(".nh-notice", has_text="Frame 12 is locked"))


def test_a_version_is_returned_to_compared_and_deleted_on_the_second_word(page, window, fixing):
    press(page, "Flip depth")
    said(window, "Flip the left forearm, frame 12")
    press(page, "Refine around it")
    await_state(window, lambda s: s.phase == "finished" and len(s.versions) == 2 and not s.job)
    open_tab(page, "Versions")
    page.locator("#root td", has_text="By hand 1").last.click()
    press(page, "Go to")
    state = said(window, "Go to By hand 1")
    assert state.report is None and state.corrections.frames == {FRAME}
    open_tab(page, "Compare")
    page.get_by_label("Distribution").wait_for()
    page.locator("#root th", has_text="deg").first.click()
    window.session.set_view(joint=0)
    page.locator("#root td", has_text="left hand").first.click()
    assert await_state(window, lambda state: state.view.joint != 0).view.joint == 22
    open_tab(page, "Versions")
    page.locator("#root td", has_text="Run 1").first.click()
    press(page, "Delete")
    press(page, "Really delete")
    state = await_state(window, lambda state: len(state.versions) == 1)
    assert state.versions[0].name == "By hand 1"


def test_a_sweep_draws_points_that_lead_to_their_versions(page, window):
    await_state(window, lambda state: state.footage is not None)
    open_tab(page, "Settings")
    page.get_by_text("Sweep", exact=True).first.click()
    press(page, "Sweep")
    await_state(window, lambda s: s.sweep is not None and not s.sweep.is_running and not s.job)
    assert_soon(lambda: page.locator("circle.run").count() == 4)
    page.locator("circle.run").nth(2).click()
    state = await_state(window, lambda state: state.refined is not None)
    assert state.version == state.sweep.points[2].version


def test_settings_are_saved_by_name(page, window, tmp_path):
    await_state(window, lambda state: state.config is not None)
    window.editing.presets._folder = tmp_path / "presets"
    open_tab(page, "Settings")
    row = page.locator("label", has_text="Save as").locator(
        "xpath=ancestor::div[contains(@class,'mantine-Flex-root')][1]"
    )
    row.locator("input").fill("mine")
    row.locator("input").press("Enter")
    press(page, "Save")
    await_state(window, lambda state: "mine" in state.presets)
    assert (tmp_path / "presets" / "mine.toml").is_file()
