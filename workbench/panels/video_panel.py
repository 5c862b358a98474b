"""The left dock: the video with its bodies, the timeline, the transport, and the rendering."""

from collections.abc import Callable

import numpy as np
import viser

from workbench.core import markup
from workbench.core.clicks import ClickTarget
from workbench.core.notices import Notices
from workbench.core.session import SHOWN_CHOICES, SessionState
from workbench.core.tasks import Tasks
from workbench.core.timeline import draw_timeline
from workbench.engine.interface import Image
from workbench.scene.frame_view import FRAME_WIDTH, rendering_strip, shows_heat
from workbench.scene.pictures import BACKGROUND
from workbench.server.user_event import UserEvent

WIDTH_PX = 600
_TILE = (352, 264)
_MAX_FRAMES = 1_000_000
FIRST, BACK, PLAY, FORWARD, LAST = "|<", "<", "Play / Pause", ">", ">|"


class VideoPanel:
    """What the camera saw, and what the poses say it saw."""

    def __init__(self, gui: viser.GuiApi, tasks: Tasks, notices: Notices) -> None:
        self._tasks = tasks
        self._shown_strip: object = None
        self.panel = gui.add_panel()
        with self.panel.add_tab("Video", viser.Icon.MOVIE):
            self._frame_image = gui.add_image(_blank(450), jpeg_quality=88)
            self._legend = gui.add_html("")
            self._clicks = ClickTarget(gui, _MAX_FRAMES, tasks.seek, notices)
            self._timeline = gui.add_html("")
            self._build_transport(gui, notices)
            self._strip_image = gui.add_image(rendering_strip(None, None, _TILE), jpeg_quality=88)
            self._strip_note = gui.add_html("")
        self.panel.dock_left()
        self.panel.set_width(WIDTH_PX)

    def _build_transport(self, gui: viser.GuiApi, notices: Notices) -> None:
        self._slider = gui.add_slider(
            "Frame", min=0, max=1, step=1, initial_value=0, disabled=True,
            hint="Drag to scrub; J and L go one frame, Page Up and Page Down ten.",
        )  # fmt: skip
        self._transport = gui.add_button_group(
            "Go", (FIRST, BACK, PLAY, FORWARD, LAST), hint="Space plays and pauses."
        )
        self._shown = gui.add_button_group(
            "Show",
            tuple(choice.capitalize() for choice in SHOWN_CHOICES),
            hint="Which poses to draw: the estimator's, the refined ones, or both. Keys 1, 2, 3.",
        )

        @self._slider.on_update
        @notices.guard
        def _(event: UserEvent) -> None:
            self._tasks.seek(int(event.value))

        @self._transport.on_click
        @notices.guard
        def _(event: UserEvent) -> None:
            self._move(event.value)

        @self._shown.on_click
        @notices.guard
        def _(event: UserEvent) -> None:
            self._tasks.session.set_view(shown=event.value.lower())

    def _move(self, button: str) -> None:
        frame = self._tasks.session.state.view.frame
        last = self._tasks.session.state.num_frames - 1
        moves: dict[str, Callable[[], None]] = {
            FIRST: lambda: self._tasks.seek(0),
            BACK: lambda: self._tasks.seek(frame - 1),
            PLAY: self._tasks.toggle_playing,
            FORWARD: lambda: self._tasks.seek(frame + 1),
            LAST: lambda: self._tasks.seek(last),
        }
        moves[button]()

    def show_frame(self, image: Image) -> None:
        """Put up a painted frame."""
        self._frame_image.image = image

    def show_rendering(self, state: SessionState) -> None:
        """Put the crop of the frame beside its rendering, if they changed."""
        preview = state.preview
        is_current = preview is not None and preview.frame == state.view.frame
        key = (state.avatar, state.view.frame, preview if is_current else None)
        if key == self._shown_strip:
            return
        self._shown_strip = key
        crop = None if state.avatar is None else state.avatar.crop(state.view.frame)
        rendering = preview.image if preview is not None and is_current else None
        self._strip_image.image = rendering_strip(crop, rendering, _TILE)

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        last = max(state.num_frames - 1, 1)
        self._slider.disabled = state.num_frames < 2
        if self._slider.max != last:
            self._slider.max = last
        self._slider.value = state.view.frame
        self._legend.content = _legend(state)
        anchors = state.anchors.anchors if state.anchors else ()
        self._clicks.allow(max(state.num_frames - 1, 0))
        script = self._clicks.script(f"Math.floor(x*{max(state.num_frames, 1)})")
        self._timeline.content = draw_timeline(
            state.num_frames, state.view.frame, state.scores, anchors, script, _given_up(state)
        )
        self._strip_note.content = markup.paragraph(_strip_note(state))


def _legend(state: SessionState) -> str:
    if state.footage is None:
        return markup.paragraph("No clip is open.")
    has_refined = state.refined is not None
    shown = state.view.shown
    if shows_heat(state):
        is_initial = state.rendered_motion is state.initial
        poses, color = ("initial", markup.INITIAL) if is_initial else ("refined", markup.REFINED)
        entries = [(f"{poses} poses (outline)", color)]
        if state.keypoints_now is not None:
            entries.append(("found in heatmaps", markup.FOUND))
        return markup.legend(entries)
    entries = []
    if shown != "refined" or not has_refined:
        is_ghost = has_refined and shown == "both"
        entries.append(("initial poses (outline)" if is_ghost else "initial poses", markup.INITIAL))
    if has_refined and shown != "initial":
        entries.append(("refined poses", markup.REFINED))
    if state.view.show_truth:
        entries.append(("truth", markup.TRUTH))
    return markup.legend(entries)


def _strip_note(state: SessionState) -> str:
    if state.avatar is None:
        return "After Build avatar, the person rendered in the present pose appears here."
    if state.preview is None or state.preview.frame != state.view.frame:
        return "Rendering ..."
    poses = "refined" if state.preview.motion is state.refined else "initial"
    rough = " (rough while things move)" if state.preview.stride > 1 else ""
    note = f"The avatar rendered in the {poses} pose of frame {state.view.frame}{rough}."
    if state.view.frame in _given_up(state):
        note += " The refined pose explains this frame worse; exports are mostly the initial one."
    return note


def _given_up(state: SessionState) -> tuple[int, ...]:
    return () if state.judged is None else state.judged.given_up


def _blank(height: int) -> Image:
    return np.full((height, FRAME_WIDTH, 3), BACKGROUND, np.uint8)
