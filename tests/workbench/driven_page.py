"""What tests do to the window in a real browser."""

import shutil

from tests.workbench.patience import PATIENCE_S, assert_soon

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
]  # fmt: skip
PATIENCE_MS = 1.5 * 1000.0 * PATIENCE_S
"""Longer than elsewhere, as the browser draws in software."""


def await_state(window, condition):
    """Wait until the condition holds, whatever is under way; return the state of then."""

    def state_now():
        state = window.session.state
        return state if condition(state) else None

    return assert_soon(state_now, lambda: f"waited in vain; notices: {window.notices.recent}")


def assert_visible(locator):
    from playwright.sync_api import expect

    expect(locator).to_be_visible(timeout=PATIENCE_MS)


def assert_enabled(locator):
    from playwright.sync_api import expect

    expect(locator).to_be_enabled(timeout=PATIENCE_MS)


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def open_tab(page, name):
    """Click a tab until it is open: while the page is still being filled, a click may be lost."""
    tab = page.get_by_role("tab", name=name, exact=True)

    def is_open():
        tab.click()
        return tab.get_attribute("aria-selected") == "true"

    assert_soon(is_open)
