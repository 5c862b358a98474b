"""Presses on what changes or is drawn anew meanwhile, in a real browser."""

import pytest

from tests.workbench.driven_page import assert_enabled, await_state, open_tab

pytestmark = [pytest.mark.browser, pytest.mark.slow]
KNEE = 4


def hold(page, row):
    """Press the mouse's button on a row, and keep it."""
    row.evaluate("row => { window.heldRow = row; }")
    row.hover()
    page.mouse.down()


def release(page, right=0):
    """Let go of a row that was drawn anew meanwhile, so far from where it was pressed (px)."""
    page.wait_for_function("!window.heldRow.isConnected")
    if right:
        box = page.locator("#nh-joints").bounding_box()
        page.mouse.move(box["x"] + box["width"] + right, box["y"])
    page.mouse.up()


@pytest.mark.parametrize(
    ("rows", "name"), [(".nh-matches tr", "l knee"), ("#nh-joints tbody tr", "left knee")]
)
def test_a_row_that_is_drawn_anew_under_the_press_is_chosen(page, window, rows, name):
    window.tasks.step()
    await_state(window, lambda state: state.joints is not None and state.job is None)
    open_tab(page, "Matches")
    hold(page, page.locator(rows, has_text=name))
    window.session.set_view(joint=7)
    release(page)
    assert await_state(window, lambda state: state.view.joint != 7).view.joint == KNEE


def test_who_lets_go_elsewhere_chooses_nothing(page, window):
    await_state(window, lambda state: state.footage is not None)
    hold(page, page.locator("#nh-joints tbody tr", has_text="left knee"))
    window.session.set_view(joint=7)
    release(page, right=60)
    # What is chosen next comes after what the release would have chosen.
    page.locator("#nh-joints tbody tr", has_text="left hand").click()
    seen = set()
    await_state(window, lambda state: seen.add(state.view.joint) or state.view.joint == 22)
    assert KNEE not in seen


def test_a_tab_opens_after_viser_has_put_another_element_in_its_place(page):
    page.evaluate(
        """() => {
            const tabs = [...document.querySelectorAll("#root [data-dock-tab]")];
            const before = tabs.find((tab) => tab.textContent === "View");
            const after = before.cloneNode(true);
            after.addEventListener("click", () => { window.isPressed = true; });
            before.replaceWith(after);
        }"""
    )
    page.get_by_role("tab", name="View", exact=True).click()
    page.wait_for_function("window.isPressed")


def test_after_a_press_the_keys_work_as_before(page, window):
    await_state(window, lambda state: state.footage is not None)
    open_tab(page, "View")
    page.get_by_role("button", name="Last frame").click()
    await_state(window, lambda state: state.view.frame == state.num_frames - 1)
    page.wait_for_function("document.activeElement === document.body")
    page.keyboard.press("j")
    await_state(window, lambda state: state.view.frame == state.num_frames - 2)
    page.keyboard.press("Space")
    await_state(window, lambda state: state.view.is_playing)
    assert window.session.state.report is None


def test_a_press_on_a_button_that_has_just_changed_does_nothing(page, window):
    await_state(window, lambda state: state.footage is not None)
    window.tasks.engine.pause_s = 0.2
    window.tasks.run()
    await_state(window, lambda state: state.report is not None)
    # As a second click on Pause would come, but at once on any machine.
    page.evaluate(
        """() => {
            const button = document.querySelector("#nh-next button");
            const watch = new MutationObserver(() => {
                if (button.textContent !== "Run") return;
                watch.disconnect();
                button.click();
                window.hasPressedAgain = true;
            });
            watch.observe(button, { childList: true });
        }"""
    )
    page.get_by_role("button", name="Pause the refinement").click()
    page.wait_for_function("window.hasPressedAgain")
    paused = await_state(window, lambda state: state.phase == "paused" and state.job is None)
    run = page.get_by_role("button", name="Next: Run")
    assert_enabled(run)
    assert window.session.state.phase == "paused"
    assert window.session.state.report.step == paused.report.step
    run.click()
    await_state(window, lambda state: state.report.step > paused.report.step)
    window.tasks.pause()
