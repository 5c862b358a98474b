"""The stages' tabs in a real browser: a joint's matches, an anchor left out, epsilon moved."""

import re

import pytest

from tests.workbench.driven_page import assert_visible, await_state, open_tab, press

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def open_after_a_step(page, window, name):
    """Take a step, so that there is something to see, and open a tab."""
    window.tasks.step()
    await_state(window, lambda state: state.report is not None and state.job is None)
    await_state(window, lambda state: state.stage_results.depths is not None)
    open_tab(page, name)


def test_a_joints_matches_are_inspected(page, window):
    open_after_a_step(page, window, "Matches")
    table = page.locator(".nh-matches")
    table.locator("tr", has_text="l knee").click()
    await_state(window, lambda state: state.view.joint == 4)
    assert_visible(page.locator("[aria-pressed]", has_text="Similarity"))
    page.get_by_role("button", name="Similarity", exact=True).click()
    await_state(
        window, lambda s: s.stage_results.similarity_of(s.anchors, s.view.frame, 4) is not None
    )
    table.locator("th", has_text="px").click()
    page.wait_for_function(
        "() => { const v = [...document.querySelectorAll('.nh-matches tr td:nth-child(3)')]"
        ".map(c => Number(c.textContent)).filter(x => !isNaN(x)); return v.length === 16 &&"
        " v.every((x, i) => i === 0 || v[i - 1] <= x); }"
    )
    # A click on an anchor's crop goes to its frame.
    crop = page.locator("img[alt^='frame ']").last
    frame = int(crop.get_attribute("alt").split()[1])
    crop.click()
    await_state(window, lambda state: state.view.frame == frame)
    page.get_by_role("button", name="All frames", exact=True).last.click()
    page.get_by_text("Over time: 48 of 48 frames").wait_for()


def test_an_anchor_is_excluded_by_a_click_and_stays_out(page, window):
    open_after_a_step(page, window, "Anchors")
    card = page.locator(".nh-anchors [data-frame='8']")
    card.get_by_role("button").click()
    await_state(window, lambda state: state.excludes == {8})
    page.locator(".nh-anchors [data-frame='8']", has_text="✕").wait_for()
    press(page, "Register again")
    state = await_state(
        window, lambda state: state.anchors is not None and 8 not in state.anchors.anchors
    )
    assert len(state.anchors.anchors) == 5
    page.get_by_text(re.compile("N = 5 anchors of N̂ = 12 candidates")).wait_for()


def test_visibility_changes_while_epsilon_moves(page, window):
    open_after_a_step(page, window, "Visibility")
    matrix = page.locator(".nh-matrix")
    matrix.wait_for()
    visible = "document.querySelectorAll('.nh-matrix [data-v=visible]').length"
    page.wait_for_function(f"{visible} > 0")
    before = page.evaluate(visible)
    row = page.locator("label", has_text="Visibility ε").last.locator(
        "xpath=ancestor::div[contains(@class,'mantine-Flex-root')][1]"
    )
    row.get_by_role("slider").focus()
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    await_state(window, lambda state: state.config.matching.epsilon > 0.2)
    page.wait_for_function(f"{visible} > {before}")
    assert window.tasks.engine.calls.count("depth_tests") == 1
    cell = matrix.locator(f"[data-c='{4 * 1000 + 3}']")
    assert "l knee in frame 16" in cell.get_attribute("title")
    cell.click()
    await_state(window, lambda state: (state.view.joint, state.view.frame) == (4, 16))
