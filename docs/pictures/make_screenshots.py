"""Pictures of the workbench at work, for the README; `make screenshots` runs this.

Starts the workbench on a clip, drives it in headless Chromium through the same buttons a user
presses (Build avatar, Register, Run), and saves what the window shows at each stage.
"""

import io
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from neuhmr.clip.open_request import OpenRequest
from neuhmr.errors import MissingDependencyError, NeuhmrError
from workbench.app import Workbench
from workbench.core.config import SAMPLE_CLIP
from workbench.core.session import SessionState
from workbench.engine.engine import NeuhmrEngine

HERE = Path(__file__).resolve().parent
FLAGS = [
    "--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
]  # fmt: skip
MAX_BYTES = 300_000
SIZES = {"": (1280, 800), "_large": (1920, 1080)}
"""Width and height of the window (px), by what is added to a picture's name."""
_COLOR_STEPS = (256, 192, 128, 96, 72)
_FLAT_COLORS = 48


@dataclass(frozen=True, kw_only=True)
class Screenshots:
    """Make the README's pictures of the workbench."""

    clip: Path = SAMPLE_CLIP
    """What to open."""
    out: Path = HERE
    """Folder to write to."""
    steps: int = 20
    """Optimization steps to take."""
    frame: int | None = None
    """Frame to show; else the worst one."""
    device: str = "auto"
    """auto, cpu, cuda or cuda:1."""
    patience_s: float = 1800.0
    """Longest wait for one stage (s)."""


def main() -> int:
    """Drive the window and save the pictures."""
    options = tyro.cli(Screenshots)
    try:
        make_pictures(options)
    except NeuhmrError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def make_pictures(options: Screenshots) -> None:
    """Go through all stages and save one picture of each."""
    options.out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as session,
        Workbench(NeuhmrEngine(options.device), session_folder=Path(session), port=0) as window,
    ):
        driver = Driver(window, options)
        window.open(OpenRequest(clip=options.clip))
        driver.wait(lambda state: state.initial is not None)
        with open_page(window.server.link) as page:
            driver.page = page
            driver.drive()


class Driver:
    """Presses buttons and waits for what they do."""

    def __init__(self, window: Workbench, options: Screenshots) -> None:
        self.page: Page | None = None
        self._window = window
        self._options = options

    def drive(self) -> None:
        """Walk through the window."""
        self.press("Next: Build avatar")
        self.wait(lambda state: state.avatar is not None)
        self.tab("Avatar")
        self.save("workbench_avatar")
        self.press("Next: Register")
        self.wait(lambda state: state.anchors is not None and state.joints is not None)
        self.tab("Anchors")
        self.save("workbench_anchors")
        self.tab("Refine")
        self.press("Run")
        self.wait(
            lambda state: (
                state.report is not None
                and (state.report.step >= self._options.steps or state.report.is_finished)
            ),
            is_idle=False,
        )
        self._window.tasks.pause()
        self.wait(lambda state: state.phase in ("paused", "finished"))
        self._window.tasks.seek(self._frame_to_show())
        self.wait(self._is_rendered)
        self.save("workbench")
        for tab in ("Matches", "Visibility", "Fix", "Versions", "Compare"):
            self.tab(tab)
            self.save(f"workbench_{tab.lower()}")
        self._save_from_camera()
        state = self._window.session.state
        if state.avatar is not None and not state.avatar.heatmaps_missing:
            self.tab("Keypoints")
            self._window.session.set_view(find_keypoints=True)
            self.wait(lambda state: state.keypoints_now is not None)
            assert self.page is not None
            self.page.get_by_text("From another side", exact=True).click()
            self.press("Render the 3D view")
            self.wait(lambda state: state.free_view_now is not None)
            self.save("workbench_keypoints")

    def _save_from_camera(self) -> None:
        """Look from the video camera, with the skeleton, and go back."""
        view = self._window.session.set_view
        self.tab("View")
        view(from_camera=True, show_skeleton=True)
        self.save("workbench_camera", is_framed=False)
        view(from_camera=False, show_skeleton=False)

    def press(self, name: str) -> None:
        """Click a button."""
        assert self.page is not None
        self.page.get_by_role("button", name=name, exact=True).click()

    def tab(self, name: str) -> None:
        """Open a tab."""
        assert self.page is not None
        self.page.get_by_role("tab", name=name, exact=True).click()

    def wait(self, condition: Callable[[SessionState], bool], is_idle: bool = True) -> None:
        """Wait until the state is as wished, and by default until nothing is under way."""
        deadline = time.monotonic() + self._options.patience_s
        while time.monotonic() < deadline:
            state = self._window.session.state
            if condition(state) and not (is_idle and state.job is not None):
                return
            errors = [n for n in self._window.notices.recent if n.kind == "error"]
            if errors:
                raise NeuhmrError(errors[-1].body)
            if self.page is None:
                time.sleep(0.1)
            else:
                self.page.wait_for_timeout(100)
        raise NeuhmrError(f"The workbench did not get ready within {self._options.patience_s} s.")

    def save(self, name: str, is_framed: bool = True) -> None:
        """Save what the window shows in both sizes, once notices are gone and all is drawn.

        Args:
            name: of the picture, without ending.
            is_framed: whether the 3D view shows the person from near by.
        """
        assert self.page is not None
        self.wait(self._is_rendered)
        for suffix, (width, height) in SIZES.items():
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.wait_for_timeout(1500)
            if is_framed:
                self.press("Frame the person")
            self._close_notices()
            self.page.mouse.move(60, 4)
            self.page.wait_for_timeout(2500)
            path = self._options.out / f"{name}{suffix}.png"
            path.write_bytes(small_png(self.page.screenshot()))
            sys.stderr.write(f"{path}: {path.stat().st_size // 1000} kB\n")

    def _close_notices(self) -> None:
        assert self.page is not None
        for selector in (".mantine-Notification-closeButton", "[aria-label='Close notice']"):
            notices = self.page.locator(selector)
            while notices.count():  # A closed one may be gone only when it has faded.
                notices.first.click()
                self.page.wait_for_timeout(500)

    def _is_rendered(self, state: SessionState) -> bool:
        """Tell whether the fine rendering of the present frame is there."""
        if state.avatar is None:
            return True
        preview = state.preview
        if preview is None or preview.frame != state.view.frame:
            return False
        return preview.motion is state.best and preview.stride == 1

    def _frame_to_show(self) -> int:
        state = self._window.session.state
        if self._options.frame is not None:
            return self._options.frame
        return state.scores.worst_first()[0] if state.scores is not None else state.num_frames // 2


@contextmanager
def open_page(link: str) -> Iterator[Page]:
    """Open the window in headless Chromium.

    Raises:
        MissingDependencyError: there is no Chromium.
    """
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise MissingDependencyError(
            "No Chromium was found, one is needed for screenshots; install the package chromium."
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=FLAGS)
        width, height = SIZES[""]
        page = browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(120_000)
        # Without fixedDpr the page lowers its resolution under software rendering.
        page.goto(f"{link}&fixedDpr=1")
        page.get_by_role("tab", name="Refine").wait_for()
        yield page
        browser.close()


def small_png(png: bytes) -> bytes:
    """Shrink a picture below the limit with as many colors as possible.

    The window's own flat colors are kept exactly, however few pixels they have; common ways of
    choosing a palette merge them with those of the photographs.
    """
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    colors_seen, counts = np.unique(np.asarray(picture).reshape(-1, 3), axis=0, return_counts=True)
    flat = colors_seen[np.argsort(-counts)[:_FLAT_COLORS]].tolist()
    result = png
    for colors in _COLOR_STEPS:
        chosen = picture.quantize(colors - len(flat), method=Image.Quantize.MEDIANCUT, kmeans=1)
        palette = Image.new("P", (1, 1))
        palette.putpalette([part for color in flat for part in color] + (chosen.getpalette() or []))
        reduced = picture.quantize(palette=palette, dither=Image.Dither.NONE)
        buffer = io.BytesIO()
        reduced.save(buffer, "PNG", optimize=True)
        result = buffer.getvalue()
        if len(result) <= MAX_BYTES:
            break
    return result


if __name__ == "__main__":
    sys.exit(main())
