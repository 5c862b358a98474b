"""The window in a real browser: what a user does, from opening to the exported file."""

import shutil
from pathlib import Path

import pytest
import torch

from neuhmr.clip.motion_file import read_motion_file
from neuhmr.clip.open_request import OpenRequest
from tests.workbench.fake_engine import FakeEngine
from tests.workbench.patience import PATIENCE_S, assert_soon
from tests.workbench.short_clip import IS_AVAILABLE, short_engine, write_short_clip
from workbench.app import Workbench

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
]
FLAGS = [
    "--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
]  # fmt: skip
PATIENCE_MS = 1.5 * 1000.0 * PATIENCE_S
"""Longer than elsewhere, as the browser draws in software."""


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def window(tmp_path):
    clip = tmp_path / "turn.mp4"
    clip.touch()
    with Workbench(FakeEngine(pause_s=0.01), port=0) as running:
        running.open(OpenRequest(clip=clip))
        yield running


@pytest.fixture
def page(browser, window):
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE_MS)
    tab = context.new_page()
    problems = []
    tab.on("pageerror", lambda error: problems.append(str(error)))
    # fixedDpr keeps software rendering quick.
    tab.goto(window.server.link + "&fixedDpr=0.3")
    tab.get_by_role("tab", name="Refine").wait_for()
    yield tab
    context.close()
    assert problems == []


def wait(window, condition):
    """Wait until the condition holds, whatever is under way; return the state of then."""

    def state_now():
        state = window.session.state
        return state if condition(state) else None

    return assert_soon(state_now, lambda: f"waited in vain; notices: {window.notices.recent}")


def assert_visible(locator):
    from playwright.sync_api import expect

    expect(locator).to_be_visible(timeout=PATIENCE_MS)


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def test_all_tabs_stand_in_one_row(page):
    tabs = page.get_by_role("tab").filter(has_not_text="Video").all()
    assert len(tabs) == 8
    assert len({tab.bounding_box()["y"] for tab in tabs}) == 1


def test_open_step_pause_export(page, window, tmp_path):
    assert "token" not in page.url
    page.get_by_role("tab", name="Refine").click()
    press(page, "Step")
    wait(window, lambda state: state.report is not None and state.phase == "paused")
    window.tasks.engine.pause_s = 0.3
    place = page.get_by_role("button", name="Pause", exact=True).bounding_box()
    press(page, "Run")
    press(page, "Pause")
    # Nothing may jump away under the user's hand when a job begins.
    assert page.get_by_role("button", name="Pause", exact=True).bounding_box() == place
    state = wait(window, lambda state: state.phase == "paused" and state.job is None)
    assert 1 <= state.report.step < state.report.total_steps
    page.get_by_role("tab", name="Export").click()
    press(page, "Export")
    state = wait(window, lambda state: state.exported != ())
    assert Path(state.exported[0]) == tmp_path / "turn.refined.npz"
    assert_visible(page.locator(".mantine-Notification-root", has_text="Exported"))
    assert_visible(page.get_by_text("The toy knows no world."))


def test_the_scene_holds_bodies_camera_and_ground(page, window):
    wait(window, lambda state: state.footage is not None)
    names = {"/bodies/initial", "/bodies/refined", "/camera", "/ground"}
    found = page.wait_for_function(
        "names => { const t = window.__viserSceneTree; if (!t) return false;"
        " const s = t.getState(); return names.every(n => n in s) && Object.keys(s); }",
        arg=sorted(names),
    )
    assert names <= set(found.json_value())


def test_a_click_on_the_timeline_seeks(page, window):
    wait(window, lambda state: state.scores is not None)
    strip = page.get_by_role("img", name="Timeline")
    strip.wait_for()
    box = strip.bounding_box()
    # Three quarters along 48 frames is frame 36; a bar is some 10 px wide.
    page.mouse.click(box["x"] + 0.76 * box["width"], box["y"] + box["height"] / 2)
    state = wait(window, lambda state: state.view.frame > 30)
    assert abs(state.view.frame - 36) <= 1


def test_a_click_on_a_row_chooses_the_joint(page, window):
    window.tasks.step()
    wait(window, lambda state: state.joints is not None)
    page.get_by_role("tab", name="Joints").click()
    page.locator("td", has_text="left knee").click()
    assert wait(window, lambda state: state.view.joint != 21).view.joint == 4


def test_keypoints_are_found_chosen_and_seen_from_the_view(page, window):
    window.tasks.build_avatar()
    wait(window, lambda state: state.avatar is not None and state.job is None)
    page.get_by_role("tab", name="Keypoints").click()
    page.locator("label", has_text="Find keypoints").click()
    wait(window, lambda state: state.keypoints_now is not None)
    page.locator("td", has_text="left wrist").click()
    wait(window, lambda state: state.view.keypoint == 7)
    page.get_by_text("From another side").click()
    press(page, "Render the 3D view")
    state = wait(window, lambda state: state.free_view_now is not None)
    # The window opens with the person in sight, beside the video camera.
    assert state.free_view_now.rendering is not None, state.free_view_now.problem
    assert state.view.viewpoint.position != (0.0, 0.0, 0.0)


def test_keys_play_step_through_and_refine(page, window):
    wait(window, lambda state: state.footage is not None)
    page.keyboard.press("l")
    assert wait(window, lambda state: state.view.frame != 0).view.frame == 1
    page.keyboard.press("PageDown")
    assert wait(window, lambda state: state.view.frame != 1).view.frame == 11
    page.keyboard.press("1")
    assert wait(window, lambda state: state.view.shown != "both").view.shown == "initial"
    page.keyboard.press("Enter")
    assert wait(window, lambda state: state.report is not None).report.step == 1


def test_a_reload_and_a_second_tab_show_the_present_state(page, window):
    window.tasks.step(2)
    wait(window, lambda state: state.report is not None and state.phase == "paused")
    page.reload()
    assert_visible(page.get_by_text("step 2 of 40"))
    second = page.context.new_page()
    second.goto(f"http://127.0.0.1:{window.server.port}/?fixedDpr=0.3")
    assert_visible(second.get_by_text("step 2 of 40"))
    second.close()


def test_a_tab_that_lost_the_connection_comes_back(page, window):
    page.get_by_text("ready").first.wait_for()
    window.server.viser._websock_server.disconnect_all_clients()
    window.tasks.step()
    assert_visible(page.get_by_text("step 1 of 40"))


def test_an_error_is_a_notification_and_the_window_lives_on(page, window):
    wait(window, lambda state: state.footage is not None)
    window.tasks.engine.failures["build_avatar"] = RuntimeError("weights <b>not</b> found")
    page.get_by_role("tab", name="Avatar").click()
    press(page, "Build avatar")
    notice = page.locator(".mantine-Notification-root", has_text="weights <b>not</b> found")
    assert_visible(notice)
    del window.tasks.engine.failures["build_avatar"]
    press(page, "Build avatar")
    assert wait(window, lambda state: state.avatar is not None).phase == "idle"


@pytest.mark.skipif(not IS_AVAILABLE, reason="needs the sample clip and the shipped weights")
def test_the_real_engine_refines_and_exports(browser, tmp_path):
    clip = write_short_clip(tmp_path)
    with Workbench(short_engine(), port=0) as window:
        window.open(OpenRequest(clip=clip))
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        problems = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(window.server.link + "&fixedDpr=0.3")
        press(page, "Next: Build avatar")
        press(page, "Next: Register")
        press(page, "Next: Run")
        assert_visible(page.locator(".mantine-Notification-root", has_text="Refinement finished"))
        page.get_by_role("tab", name="Export").click()
        press(page, "Export")
        state = wait(window, lambda state: state.exported != ())
        context.close()
    assert problems == []
    assert [n for n in window.notices.recent if n.kind in ("error", "warning")] == []
    refined = read_motion_file(Path(state.exported[0])).motion
    assert not torch.equal(refined.body_pose, state.initial.body_pose)
    assert (tmp_path / "short.neuhmr" / "session.json").is_file()


def test_another_site_cannot_open_the_window(browser, window):
    context = browser.new_context()
    stranger = context.new_page()
    response = stranger.goto(f"http://127.0.0.1:{window.server.port}/")
    assert response.status == 403
    stranger.set_content("<p>evil</p>")
    outcome = stranger.evaluate(
        "port => new Promise(done => { const s = new WebSocket(`ws://127.0.0.1:${port}/`,"
        " 'viser-v1.1.1'); s.onopen = () => done('open'); s.onerror = () => done('refused'); })",
        window.server.port,
    )
    assert outcome == "refused"
    context.close()
