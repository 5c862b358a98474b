"""The Avatar tab: make the person renderable, and see how well it explains the frames."""

import numpy as np
import viser

from workbench.core import markup
from workbench.core.button_row import ButtonRow, RowButton
from workbench.core.clicks import ClickTarget
from workbench.core.identity import SameObjects
from workbench.core.notices import Notices
from workbench.core.page_link import MAX_FRAMES
from workbench.core.session import SessionState
from workbench.core.stage_looks import quality_key
from workbench.core.stage_tasks import condition_on, set_stages
from workbench.core.stage_view import CompareMode
from workbench.core.tasks import Tasks
from workbench.core.toggle import Choice, Toggle
from workbench.engine.interface import AvatarStage
from workbench.panels import avatar_html
from workbench.panels.frame_plot import FramePlot
from workbench.panels.setting_widgets import SettingWidgets, main_settings
from workbench.scene.compare_picture import blink_html, compare_picture, free_picture
from workbench.server.user_event import UserEvent

_MODES: dict[CompareMode, str] = {
    "side by side": "The frame, and the avatar rendered in its pose.",
    "split": "One picture: left of the slider the frame, right of it the rendering.",
    "blink": "Both in one place, in turns: what jumps is wrong.",
    "difference": "Pale where frame and rendering differ.",
    "free view": "The avatar from where the 3D view stands: coarse while you orbit, then fine.",
}
_FIRST, _SECOND, _CONDITION = "As 1st", "As 2nd", "Condition on these"
_INTRODUCTION = (
    "The avatar is made from two frames, front and back as nearly as the clip allows. It is what "
    "the poses are judged with: a wrong pose renders a wrong picture."
)


class AvatarPanel:
    """Build it, compare it with the frames, choose the two frames it is made from."""

    def __init__(self, gui: viser.GuiApi, tasks: Tasks, notices: Notices) -> None:
        self._tasks = tasks
        self._shown = self._pair_shown = SameObjects()
        self._text = gui.add_html("")
        self._build = gui.add_button(
            "Build avatar", disabled=True, icon=viser.Icon.USER_PLUS, color="blue",
            hint="Cut the person out of every frame and show two frames to the network, which can "
            "then render the person in any pose.",
        )  # fmt: skip
        self._build.on_click(notices.guard(lambda _event: tasks.build_avatar()))
        self._add_comparison(gui, notices)
        self._frames = ClickTarget(gui, MAX_FRAMES, tasks.seek, notices)
        self._pair = gui.add_html("")
        self._buttons = ButtonRow(gui, notices, (
            RowButton(_FIRST, "camera", "Choose the frame shown as the first of the two.",
                      lambda: self._choose(0)),
            RowButton(_SECOND, "camera", "Choose the frame shown as the second of the two.",
                      lambda: self._choose(1)),
            RowButton(_CONDITION, "avatar",
                      "Make the avatar of these two frames; registered joints are registered anew, "
                      "and refined poses so far are dropped.", self._condition, "main"),
        ))  # fmt: skip
        with gui.add_folder("Draft: at the next avatar", expand_by_default=False):
            self._settings = SettingWidgets(gui, tasks, notices, main_settings(("draft",)))

    def _add_comparison(self, gui: viser.GuiApi, notices: Notices) -> None:
        tasks = self._tasks
        self._choice = Choice(
            gui, notices, "Compare", dict(_MODES.items()),
            lambda mode: set_stages(tasks, compare=mode),
        )  # fmt: skip
        self._modes = gui.add_html("")
        self._picture = gui.add_image(np.zeros((8, 16, 3), np.uint8), jpeg_quality=88)
        self._blink = gui.add_html("")
        self._split = gui.add_slider(
            "Split", min=0.0, max=1.0, step=0.01, initial_value=0.5, visible=False,
            hint="Left of it the frame is shown, right of it the rendering.",
        )  # fmt: skip
        self._note = gui.add_html("")
        self._fill = Toggle(
            gui, notices, "All frames",
            "Measure the renderings of all frames, in the background; otherwise the line grows "
            "with the frames you look at.",
            lambda is_on: set_stages(tasks, fill_quality=is_on),
        )  # fmt: skip
        self._plot = FramePlot(gui, "PSNR dB", "IoU", height=64)

        @self._split.on_update
        @notices.guard
        def _(event: UserEvent) -> None:
            set_stages(tasks, split=float(event.value))

    def _choose(self, place: int) -> None:
        """Wish for the frame shown as one of the two."""
        state = self._tasks.session.state
        if state.avatar is not None:
            pair = list(wanted_pair(state, state.avatar))
            pair[place] = state.view.frame
            set_stages(self._tasks, pair=(pair[0], pair[1]))

    def _condition(self) -> None:
        state = self._tasks.session.state
        if state.avatar is not None:
            condition_on(self._tasks, wanted_pair(state, state.avatar))

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        self._settings.refresh(state)
        avatar, stages = state.avatar, state.view.stages
        self._build.disabled = state.initial is None or state.job is not None
        self._build.label = "Build avatar" if avatar is None else "Build avatar again"
        is_blinking = stages.compare == "blink" and _is_rendered(state)
        self._picture.visible = avatar is not None and not is_blinking
        self._blink.visible = is_blinking
        self._split.visible = avatar is not None and stages.compare == "split"
        self._split.value = stages.split
        self._show_buttons(state)
        if avatar is None:
            self._text.content = markup.paragraph(_INTRODUCTION)
            self._modes.content = self._note.content = self._pair.content = ""
            self._plot.hide()
            self._shown = self._pair_shown = SameObjects()
            return
        self._text.content = ""
        self._modes.content = markup.block(self._choice.draw(stages.compare))
        self._show_picture(state, avatar)
        self._show_quality(state)
        self._show_pair(state, avatar)

    def _show_picture(self, state: SessionState, avatar: AvatarStage) -> None:
        stages, preview, orbit = state.view.stages, state.preview, state.stage_results.orbit
        is_free = stages.compare == "free view"
        rendering = preview.image if preview is not None and _is_rendered(state) else None
        source = orbit if is_free else rendering
        key = SameObjects(avatar, state.view.frame, source, stages.compare, stages.split)
        if key == self._shown:
            return
        self._shown = key
        if is_free:
            if orbit is not None and orbit.avatar is avatar:
                self._picture.image = free_picture(orbit.image)
            return
        crop = avatar.crop(state.view.frame)
        if stages.compare == "blink" and crop is not None and rendering is not None:
            self._blink.content = blink_html(crop, rendering)
            return
        self._picture.image = compare_picture(crop, rendering, stages.compare, stages.split)

    def _show_quality(self, state: SessionState) -> None:
        known = state.stage_results.quality.of(quality_key(state))
        frame = state.view.frame
        self._plot.show(
            {at: quality.psnr_db for at, quality in known.items()},
            {at: quality.iou for at, quality in known.items()},
            frame,
        )
        switch = self._fill.draw(state.view.stages.fill_quality)
        self._note.content = avatar_html.quality(state, known, switch)

    def _show_pair(self, state: SessionState, avatar: AvatarStage) -> None:
        pair = wanted_pair(state, avatar)
        key = SameObjects(avatar, pair)
        if key != self._pair_shown:
            self._pair_shown = key
            self._pair.content = avatar_html.pair(avatar, pair, self._frames.script)

    def _show_buttons(self, state: SessionState) -> None:
        off = {_FIRST, _SECOND, _CONDITION}
        if state.avatar is not None and state.job is None:
            pair = wanted_pair(state, state.avatar)
            is_new = pair != state.avatar.conditioning_frames and pair[0] != pair[1]
            off = set() if is_new else {_CONDITION}
        self._buttons.refresh(off)


def wanted_pair(state: SessionState, avatar: AvatarStage) -> tuple[int, int]:
    """Tell which two frames the user wants, or the present ones."""
    return state.view.stages.pair or avatar.conditioning_frames


def _is_rendered(state: SessionState) -> bool:
    return state.preview is not None and state.preview.frame == state.view.frame
