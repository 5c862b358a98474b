"""Takes the README's pictures: the real workbench on the sample clip, in a real browser.

    python docs/screenshots.py [FOLDER]

Needs Chromium (`apt install chromium`) and some minutes on a CPU.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

STEPS_SHOWN = re.compile(r"step ([4-9]\d|\d{3}) of")
"""The status line before the picture: the curves have a shape and the poses have moved."""
MINUTES = 60_000
SIZE = (1600, 1000)
BROWSER_FLAGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader",
                 "--enable-unsafe-swiftshader"]  # fmt: skip
"""WebGL without a graphics card."""


@contextmanager
def running_workbench() -> Iterator[str]:
    """Start the workbench on the sample clip with a session of its own; lends the link."""
    with tempfile.TemporaryDirectory() as session:
        command = [sys.executable, "-m", "workbench", "--port", "0", "--session", session]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
            process.wait(timeout=60)


def press(page: Page, name: str, minutes: float = 1.0) -> None:
    """Press a button as soon as it is there."""
    page.get_by_role("button", name=name, exact=True).click(timeout=minutes * MINUTES)


def take_pictures(folder: Path) -> None:
    """Walk from the opened clip to the refined one, with a picture at the end."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("There is no Chromium on this machine; apt install chromium.")
    folder.mkdir(parents=True, exist_ok=True)
    with running_workbench() as link, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=BROWSER_FLAGS)
        page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
        page.goto(link)
        page.get_by_role("tab", name="Refine").wait_for(timeout=2 * MINUTES)
        press(page, "Next: Build avatar", minutes=2)
        press(page, "Next: Register", minutes=10)
        page.get_by_role("tab", name="Refine").click(timeout=10 * MINUTES)
        press(page, "Run", minutes=10)
        page.get_by_text(STEPS_SHOWN).first.wait_for(timeout=20 * MINUTES)
        press(page, "Pause")
        # The page remarks that WebGL runs without a graphics card; that is no part of the picture.
        for close in page.locator(".mantine-Notification-closeButton").all():
            close.click()
        page.mouse.move(SIZE[0] / 2, SIZE[1] / 2)
        page.wait_for_timeout(3000)  # The last drawing has to arrive.
        page.screenshot(path=folder / "workbench.png")
        browser.close()


if __name__ == "__main__":
    take_pictures(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "pictures")
