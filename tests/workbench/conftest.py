"""An open clip, with a window and without one."""

import pytest

from neuhmr.clip.open_request import OpenRequest
from tests.workbench.bench import CLIP, Bench
from tests.workbench.driven_page import CHROMIUM, FLAGS, PATIENCE_MS
from tests.workbench.driven_window import find, wait
from tests.workbench.fake_engine import FakeEngine
from tests.workbench.patience import assert_soon
from workbench.app import Workbench


@pytest.fixture
def bench(tmp_path):
    running = Bench(tmp_path)
    running.tasks.open(OpenRequest(clip=CLIP))
    running.wait(lambda state: state.footage is not None)
    yield running
    running.tasks.stop()


@pytest.fixture
def slow_bench(tmp_path):
    running = Bench(tmp_path, pause_s=0.02)
    running.tasks.open(OpenRequest(clip=CLIP))
    running.wait(lambda state: state.footage is not None)
    yield running
    running.tasks.stop()


@pytest.fixture
def window(tmp_path):
    clip = tmp_path / "turn.mp4"
    clip.touch()
    with Workbench(FakeEngine(), port=0) as running:
        running.open(OpenRequest(clip=clip))
        wait(running, lambda state: state.footage is not None)
        assert_soon(lambda: not find(running, "Build avatar").disabled)
        yield running


@pytest.fixture
def crowded_window(tmp_path):
    """A window over a clip whose poses' file holds persons "1" and "4"."""
    clip = tmp_path / "turn.mp4"
    clip.touch()
    with Workbench(FakeEngine(has_several=True), port=0) as running:
        running.open(OpenRequest(clip=clip))
        wait(running, lambda state: state.footage is not None)
        yield running


@pytest.fixture(scope="module")  # Its event loop would be in the way of other modules' own.
def browser():
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def page(browser, window):
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE_MS)
    tab = context.new_page()
    problems = []
    tab.on("pageerror", lambda error: problems.append(str(error)))
    # fixedDpr keeps software rendering quick.
    tab.goto(window.server.link + "&fixedDpr=0.3")
    # The last of them: tabs come one by one, and each draws the row anew, under a click if need be.
    tab.get_by_role("tab", name="Export").wait_for()
    yield tab
    context.close()
    assert problems == []
