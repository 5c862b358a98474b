"""The window in a real browser: what a user does, from opening to the exported file."""

from pathlib import Path

import pytest
import torch

from neuhmr.clip.motion_file import read_motion_file
from neuhmr.clip.open_request import OpenRequest
from tests.workbench.driven_page import (
    PATIENCE_MS,
    assert_enabled,
    assert_visible,
    await_state,
    open_tab,
    press,
)
from tests.workbench.patience import assert_soon
from tests.workbench.short_clip import short_engine, write_short_clip
from workbench.app import Workbench

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_open_step_pause_export(page, window, tmp_path):
    assert "token" not in page.url
    open_tab(page, "Refine")
    press(page, "Step")
    await_state(window, lambda state: state.report is not None and state.phase == "paused")
    assert_enabled(page.get_by_role("button", name="Run", exact=True))
    window.tasks.engine.pause_s = 0.3
    button = page.get_by_role("button", name="Pause", exact=True)
    place = assert_soon(button.bounding_box)
    press(page, "Run")
    assert_enabled(button)
    # Nothing may jump away under the user's hand when a job begins.
    assert assert_soon(button.bounding_box) == place
    press(page, "Pause")
    state = await_state(window, lambda state: state.phase == "paused" and state.job is None)
    assert 1 <= state.report.step < state.report.total_steps
    open_tab(page, "Export")
    press(page, "Export")
    state = await_state(window, lambda state: state.exported != ())
    assert Path(state.exported[0]) == tmp_path / "turn.refined.npz"
    assert_visible(page.locator(".nh-notice", has_text="Exported"))
    assert_visible(page.get_by_text("The toy knows no world."))


def test_the_scene_holds_bodies_camera_and_ground(page, window):
    await_state(window, lambda state: state.footage is not None)
    names = {"/bodies/initial", "/bodies/refined", "/camera", "/ground"}
    found = page.wait_for_function(
        "names => { const t = window.__viserSceneTree; if (!t) return false;"
        " const s = t.getState(); return names.every(n => n in s) && Object.keys(s); }",
        arg=sorted(names),
    )
    assert names <= set(found.json_value())


def test_a_job_says_how_far_it_is_and_is_cancelled_at_once(page, window):
    await_state(window, lambda state: state.footage is not None)
    window.tasks.engine.pause_s = 1.5
    press(page, "Next: Build avatar")
    card = page.locator("#nh-next")
    assert_visible(card.get_by_text(" left"))
    card.get_by_role("button", name="Cancel").click()
    assert await_state(window, lambda state: state.job is None).avatar is None


def test_a_row_of_matches_chooses_the_joint(page, window):
    window.tasks.step()
    await_state(window, lambda state: state.joints is not None)
    open_tab(page, "Matches")
    page.locator("#root td", has_text="l knee").click()
    assert await_state(window, lambda state: state.view.joint != 21).view.joint == 4


def test_keypoints_are_found_chosen_and_seen_from_the_view(page, window):
    window.tasks.build_avatar()
    await_state(window, lambda state: state.avatar is not None and state.job is None)
    open_tab(page, "Keypoints")
    page.locator("label", has_text="Find keypoints").click()
    await_state(window, lambda state: state.keypoints_now is not None)
    page.locator("#root td", has_text="left wrist").click()
    await_state(window, lambda state: state.view.keypoint == 7)
    page.get_by_text("From another side").click()

    def is_rendered():
        # What stands above the button may still grow, and move it away under the press.
        press(page, "Render the 3D view")
        page.wait_for_timeout(500)
        return window.session.state.free_view_now is not None

    assert_soon(is_rendered)
    state = window.session.state
    # The window opens with the person in sight, beside the video camera.
    assert state.free_view_now.rendering is not None, state.free_view_now.problem
    assert state.view.viewpoint.position != (0.0, 0.0, 0.0)


def test_keys_play_step_through_and_refine(page, window):
    await_state(window, lambda state: state.footage is not None)
    page.keyboard.press("l")
    assert await_state(window, lambda state: state.view.frame != 0).view.frame == 1
    page.keyboard.press("PageDown")
    assert await_state(window, lambda state: state.view.frame != 1).view.frame == 11
    page.keyboard.press("1")
    assert await_state(window, lambda state: state.view.shown != "both").view.shown == "initial"
    page.keyboard.press("Enter")
    assert await_state(window, lambda state: state.report is not None).report.step == 1


def test_a_reload_and_a_second_tab_show_the_present_state(page, window):
    window.tasks.step(2)
    await_state(window, lambda state: state.report is not None and state.phase == "paused")
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
    await_state(window, lambda state: state.footage is not None)
    window.tasks.engine.failures["build_avatar"] = RuntimeError("weights <b>not</b> found")
    open_tab(page, "Avatar")
    press(page, "Build avatar")
    notice = page.locator(".nh-notice", has_text="weights <b>not</b> found")
    assert_visible(notice)
    del window.tasks.engine.failures["build_avatar"]
    press(page, "Build avatar")
    assert await_state(window, lambda state: state.avatar is not None).phase == "idle"


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
        assert_visible(page.locator(".nh-notice", has_text="Refinement finished"))
        open_tab(page, "Export")
        press(page, "Export")
        state = await_state(window, lambda state: state.exported != ())
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


def test_a_restored_session_offers_to_start_over(page, window):
    window.tasks.step(2)
    await_state(window, lambda state: state.report is not None and state.job is None)
    window.tasks.open(window.session.state.request)
    await_state(window, lambda state: state.restored is not None and state.job is None)
    notice = page.locator(".nh-notice", has_text="Restored")
    notice.get_by_text("Step 2 of 40, saved just now.").wait_for()
    page.wait_for_timeout(7000)  # Longer than notices without an offer stay.
    versions = window.session.state.versions
    notice.get_by_role("button", name="Start over", exact=True).click()
    await_state(window, lambda state: state.refined is None and state.job is None)
    assert window.session.state.versions == versions and len(versions) == 1
    page.locator(".nh-notice", has_text="Back at the first poses").wait_for()
    assert notice.count() == 0
    window.editing.undo()
    await_state(window, lambda state: state.restored is not None)
