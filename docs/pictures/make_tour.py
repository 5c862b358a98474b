"""A video of half a minute through the workbench on the sample clip, and four moments of it side by
side; `make tour` runs this.

Everything in it happens: the script presses a user's buttons, on the real engine, and takes
pictures meanwhile. Only waiting is shortened.
"""

import io
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from jaxtyping import UInt8
from make_screenshots import Driver, Screenshots, open_page, small_png
from PIL import Image
from playwright.sync_api import Page

from neuhmr.clip.open_request import OpenRequest
from neuhmr.clip.video import write_video
from neuhmr.errors import NeuhmrError
from workbench.app import Workbench
from workbench.core.config import SAMPLE_CLIP
from workbench.engine.engine import NeuhmrEngine

HERE = Path(__file__).resolve().parent
FPS = 6
"""Pictures a second: a browser that draws in software takes about two."""


@dataclass(frozen=True, kw_only=True)
class TourOptions:
    """Make the video."""

    out: Path = HERE / "tour.mp4"
    """The video to write; the four moments go beside it, as PNG."""
    clip: Path = SAMPLE_CLIP
    """What to open."""


class Tour:
    """Takes pictures of the page while a driver presses its buttons."""

    def __init__(self, window: Workbench, driver: Driver, page: Page) -> None:
        self.frames: list[UInt8[np.ndarray, "height width 3"]] = []
        self.moments: list[UInt8[np.ndarray, "height width 3"]] = []
        """What the strip shows."""
        self._window, self._driver, self._page = window, driver, page

    def drive(self) -> None:
        """Walk through all stages."""
        self._close_notices()
        seek, state = self._window.tasks.seek, self._window.session
        self._hold(3)
        for frame in range(0, 84, 7):
            seek(frame)
            self._take()
        self._press_and_watch("Build avatar", lambda: state.state.avatar is not None, 14)
        self._show_tab("Avatar")
        for frame in (20, 40, 60):
            seek(frame)
            self._hold(4, 0.5)
        self._keep_moment()
        self._press_and_watch("Register", lambda: state.state.joints is not None, 10)
        self._show_tab("Anchors")
        self._show_tab("Refine")
        self._press_and_watch("Run", lambda: state.state.phase == "finished", 26)
        self._driver.wait(lambda now: now.judged is not None)
        self._close_notices()
        scores = state.state.scores
        worst = 0 if scores is None else scores.worst_first()[0]
        for frame in (max(worst - 8, 0), worst):
            seek(frame)
            self._hold(4, 0.5)
        for tab in ("Matches", "Visibility"):
            self._show_tab(tab)
            self._keep_moment()
        self._show_tab("Fix")
        for button in ("Flip depth", "Undo"):
            self._driver.press(button)
            self._hold(5, 0.4)
        self._keep_moment()
        for tab in ("Compare", "Versions", "Export"):
            self._show_tab(tab)

    def _show_tab(self, name: str) -> None:
        self._driver.tab(name)
        self._hold(6, 0.4)

    def _press_and_watch(self, name: str, is_done: Callable[[], bool], most: int) -> None:
        """Press the next step's button and take pictures until it is done, evenly thinned."""
        self._page.locator("#nh-next").get_by_role("button", name=name).click()
        taken: list[UInt8[np.ndarray, "height width 3"]] = []
        deadline = time.monotonic() + 600.0
        while not is_done() and time.monotonic() < deadline:
            taken.append(self._picture())
            self._page.wait_for_timeout(150)
        self._driver.wait(lambda _state: True)
        chosen = np.linspace(0, len(taken) - 1, min(most, len(taken))).round().astype(int)
        self.frames += [taken[index] for index in chosen]
        self._close_notices()
        self._hold(3, 0.4)

    def _keep_moment(self) -> None:
        self.moments.append(self.frames[-1])

    def _close_notices(self) -> None:
        for selector in (".mantine-Notification-closeButton", "[aria-label='Close notice']"):
            while self._page.locator(selector).count():
                self._page.locator(selector).first.click()
                self._page.wait_for_timeout(300)

    def _hold(self, count: int, seconds: float = 0.0) -> None:
        """Show the page as it is now for a while, once it has drawn."""
        self._page.wait_for_timeout(1000 * seconds)
        self._take()
        self.frames += [self.frames[-1]] * (count - 1)

    def _take(self) -> None:
        self.frames.append(self._picture())

    def _picture(self) -> UInt8[np.ndarray, "height width 3"]:
        return np.asarray(Image.open(io.BytesIO(self._page.screenshot(type="png"))).convert("RGB"))


def _strip(moments: list[UInt8[np.ndarray, "height width 3"]]) -> bytes:
    """Lay pictures two by two, at three fifths of their size, into a PNG."""
    small = [Image.fromarray(each).resize((768, 480), Image.Resampling.LANCZOS) for each in moments]
    sheet = Image.new("RGB", (2 * 768 + 8, -(-len(small) // 2) * 488 - 8), (48, 54, 62))
    for place, picture in enumerate(small):
        sheet.paste(picture, (place % 2 * 776, place // 2 * 488))
    data = io.BytesIO()
    sheet.save(data, "png")
    return small_png(data.getvalue())


def main() -> int:
    """Make the video."""
    options = tyro.cli(TourOptions)
    shots = Screenshots(clip=options.clip)
    try:
        with (
            tempfile.TemporaryDirectory() as session,
            Workbench(NeuhmrEngine("auto"), session_folder=Path(session), port=0) as window,
        ):
            driver = Driver(window, shots)
            window.open(OpenRequest(clip=options.clip))
            driver.wait(lambda state: state.initial is not None)
            with open_page(window.server.link) as page:
                driver.page = page
                page.wait_for_timeout(4000)
                tour = Tour(window, driver, page)
                tour.drive()
        write_video(options.out, tour.frames, FPS)
        options.out.with_suffix(".png").write_bytes(_strip(tour.moments))
    except NeuhmrError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    size = options.out.stat().st_size / 1e6
    sys.stderr.write(f"{options.out}: {len(tour.frames) / FPS:.0f} s, {size:.1f} MB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
