"""The Keypoints tab: what rendered heatmaps say of the shown frame's pose."""

import numpy as np
import viser

from neuhmr.body.skeleton import BODY_25_NAMES
from workbench.core import markup
from workbench.core.clicks import ClickTarget
from workbench.core.notices import Notices
from workbench.core.session import ON_THE_MOVE, SessionState
from workbench.core.shown_results import HeatmapLook
from workbench.core.tasks import Tasks
from workbench.engine.free_view import Viewpoint
from workbench.engine.keypoint_report import KeypointReport, KeypointSource, keypoint_words
from workbench.scene.frame_view import body_dot_color
from workbench.scene.keypoint_picture import keypoint_picture, view_picture
from workbench.server.user_event import UserEvent

ALL = "all keypoints"
_HEADER = ("Keypoint", "off px", "% torso", "sure")
_SOURCES: dict[KeypointSource, str] = {
    "frame": "this frame",
    "anchors": "the avatar's two frames",
}
_ADVICE: dict[KeypointSource, str] = {
    "frame": "Read from this frame itself: a second opinion on its pose. Where a line is "
    "long, the pose or the heatmap is wrong.",
    "anchors": "Read from the two frames the avatar is made from and carried along by the body: "
    "where dots part, those two frames' poses disagree with the picture.",
}


class KeypointsPanel:
    """Heatmaps and keypoints of the shown frame, a table of distances, a free view."""

    def __init__(self, gui: viser.GuiApi, tasks: Tasks, notices: Notices) -> None:
        self._tasks = tasks
        self._shown: object = None
        self._shown_view: object = None
        self._text = gui.add_html("")
        self._build_choices(gui, notices)
        self._picture = gui.add_image(np.zeros((8, 8, 3), np.uint8), visible=False)
        self._legend = gui.add_html("")
        self._facts = gui.add_html("")
        with gui.add_folder("From another side", expand_by_default=False):
            self._view_text = gui.add_html("")
            self._view = gui.add_button(
                "Render the 3D view",
                icon=viser.Icon.ROTATE_360,
                color="blue",
                disabled=True,
                hint="Orbit in the 3D view, then press: the person is rendered from there, in "
                "color and as heatmaps.",
            )
            self._view_picture = gui.add_image(np.zeros((8, 8, 3), np.uint8), visible=False)
        self._clicks = ClickTarget(gui, len(BODY_25_NAMES) - 1, self._choose, notices)
        self._table = gui.add_html("")

        @self._view.on_click
        @notices.guard
        def _(event: UserEvent) -> None:
            camera = event.client.camera
            viewpoint = Viewpoint.checked(camera.wxyz, camera.position)
            tasks.session.set_view(viewpoint=viewpoint)

    def _build_choices(self, gui: viser.GuiApi, notices: Notices) -> None:
        view = self._tasks.session.state.view
        self._find = gui.add_checkbox(
            "Find keypoints", view.find_keypoints, disabled=True,
            hint="Render heatmaps of every frame you rest on; takes seconds without a GPU. (H)",
        )  # fmt: skip
        self._over_video = gui.add_checkbox(
            "Over the video", view.show_heat, disabled=True,
            hint="Draw heatmaps and keypoints over the big picture; bodies become outlines.",
        )  # fmt: skip
        self._source = gui.add_dropdown(
            "Read from", tuple(_SOURCES.values()), initial_value=_SOURCES[view.keypoint_source],
            disabled=True,
            hint="This frame: what its picture shows, whatever the pose says. The avatar's two "
            "frames: what the avatar expects.",
        )  # fmt: skip
        self._keypoint = gui.add_dropdown(
            "Heatmap of", (ALL, *(keypoint_words(k) for k in range(len(BODY_25_NAMES)))),
            initial_value=ALL, disabled=True,
            hint="One keypoint, enlarged, or all at once. A click on a row chooses it, too.",
        )  # fmt: skip

        @self._find.on_update
        @notices.guard
        def _(event: UserEvent) -> None:
            self._tasks.session.set_view(find_keypoints=bool(event.value))

        @self._over_video.on_update
        @notices.guard
        def _(event: UserEvent) -> None:
            self._tasks.session.set_view(show_heat=bool(event.value))

        @self._source.on_update
        @notices.guard
        def _(event: UserEvent) -> None:
            sources = {words: source for source, words in _SOURCES.items()}
            self._tasks.session.set_view(keypoint_source=sources[event.value])

        @self._keypoint.on_update
        @notices.guard
        def _(event: UserEvent) -> None:
            chosen = self._keypoint.options.index(event.value) - 1
            self._tasks.session.set_view(keypoint=None if chosen < 0 else chosen)

    def _choose(self, keypoint: int) -> None:
        """Show one keypoint; a second click on its row goes back to all."""
        is_again = self._tasks.session.state.view.keypoint == keypoint
        self._tasks.session.set_view(keypoint=None if is_again else keypoint)

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        view, avatar = state.view, state.avatar
        is_possible = avatar is not None and not avatar.heatmaps_missing
        is_on = is_possible and view.find_keypoints
        self._find.disabled = not is_possible
        for widget in (self._over_video, self._source, self._keypoint, self._view):
            widget.disabled = not is_on
        self._find.value = view.find_keypoints
        self._over_video.value = view.show_heat
        self._source.value = _SOURCES[view.keypoint_source]
        self._keypoint.value = ALL if view.keypoint is None else keypoint_words(view.keypoint)
        self._text.content = advice(state)
        self._show_report(state)
        self._show_view(state)

    def _show_report(self, state: SessionState) -> None:
        look = state.keypoints_now
        if look is None and _awaits(state, state.keypoints):
            return
        report = None if look is None else look.report
        key = (report, state.view.keypoint)
        if report is not None and key == self._shown:
            return
        self._shown = key
        self._picture.visible = report is not None
        if report is None or state.avatar is None:
            self._legend.content = self._facts.content = self._table.content = ""
            return
        crop = state.avatar.crop(report.frame)
        color = body_dot_color(state)
        if crop is not None:
            self._picture.image = keypoint_picture(crop, report, state.view.keypoint, color)
        self._legend.content = markup.legend(keypoint_legend(state))
        self._facts.content = markup.facts(keypoint_facts(report))
        order = report.worst_first()
        chosen = state.view.keypoint
        self._table.content = markup.table(
            _HEADER,
            keypoint_rows(report),
            [self._clicks.script(joint) for joint in order],
            selected=None if chosen is None else order.index(chosen),
        )

    def _show_view(self, state: SessionState) -> None:
        self._view_text.content = markup.paragraph(view_advice(state))
        look = state.free_view_now
        if look is None and _awaits(state, state.free_view):
            return
        rendering = None if look is None else look.rendering
        self._view_picture.visible = rendering is not None
        key = (rendering, state.view.keypoint)
        if rendering is not None and key != self._shown_view:
            self._view_picture.image = view_picture(rendering, state.view.keypoint)
        self._shown_view = key


def _awaits(state: SessionState, earlier: HeatmapLook | None) -> bool:
    """Whether what is shown stays until its successor is there, so that nothing jumps."""
    is_of_present = earlier is not None and earlier.avatar is state.avatar
    return is_of_present and state.view.find_keypoints


def advice(state: SessionState) -> str:
    """Say what the tab shows, or what it waits for."""
    avatar, look = state.avatar, state.keypoints_now
    if avatar is None:
        return markup.paragraph(
            "After Build avatar, heatmaps of 25 keypoints can be rendered with the person: a "
            "second opinion on every pose."
        )
    if avatar.heatmaps_missing:
        return markup.warning("Heatmaps are not available", avatar.heatmaps_missing)
    if not state.view.find_keypoints:
        return markup.paragraph(
            "Tick Find keypoints: the network looks for 25 keypoints in the shown frame, and the "
            "body's own are measured against them."
        )
    poses = "initial" if state.rendered_motion is state.initial else "refined"
    if look is not None and look.problem:
        return markup.warning("This frame cannot be judged", look.problem)
    if look is not None and look.report is None:
        return markup.paragraph(f"Nobody was seen in frame {look.frame}.")
    if look is not None:
        judged = f"Frame {look.frame}, {poses} pose. {_ADVICE[look.source]}"
        return markup.paragraph(judged, markup.TEXT)
    if state.phase in ON_THE_MOVE or state.view.is_playing:
        return markup.paragraph("Keypoints are looked for once things stand still: press Pause.")
    text = f"Looking at frame {state.view.frame} in its {poses} pose ..."
    if _awaits(state, state.keypoints):
        text += " Until then, you see the one before."
    return markup.paragraph(text)


def view_advice(state: SessionState) -> str:
    """Say what the free view shows, or what it waits for."""
    if state.view.viewpoint is None or not state.view.find_keypoints:
        return "Orbit in the 3D view, then render the person from there."
    look = state.free_view_now
    if look is None:
        return "Rendering ..."
    if look.problem:
        return look.problem
    if look.rendering is None:
        return f"Nobody was seen in frame {look.frame}."
    return f"Frame {look.frame}, as seen from where the 3D view stood."


def keypoint_legend(state: SessionState) -> list[tuple[str, str]]:
    """Explain the dots."""
    is_initial = state.rendered_motion is state.initial
    return [
        ("found in the heatmaps", markup.FOUND),
        ("the body's own", markup.INITIAL if is_initial else markup.REFINED),
    ]


def keypoint_facts(report: KeypointReport) -> list[tuple[str, str]]:
    """Sum the keypoints up."""
    distances, torso = report.distances_px(), report.torso_px()
    is_found = np.isfinite(distances)
    rows = [("Found", f"{int(is_found.sum())} of {len(distances)} keypoints")]
    if is_found.any():
        mean = float(distances[is_found].mean())
        rows.append(("On average", f"{mean:.1f} px off, {100.0 * mean / torso:.0f} % of the torso"))
    return [*rows, ("Torso", f"{torso:.0f} px from left shoulder to right hip")]


def keypoint_rows(report: KeypointReport) -> list[tuple[str, ...]]:
    """One row a keypoint, the worst first."""
    distances, torso = report.distances_px(), report.torso_px()
    rows = []
    for joint in report.worst_first():
        off = float(distances[joint])
        is_found = bool(np.isfinite(off))
        rows.append(
            (
                keypoint_words(joint),
                f"{off:.1f}" if is_found else "not found",
                f"{100.0 * off / torso:.0f}" if is_found else "-",
                f"{report.confidence[joint]:.2f}" if is_found else "-",
            )
        )
    return rows
