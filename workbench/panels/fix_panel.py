"""The Fix tab: the selected joint of the shown frame put right by hand, and the history."""

import viser

from workbench.core import markup
from workbench.core.button_row import ButtonRow, RowButton
from workbench.core.clicks import ClickTarget
from workbench.core.corrections import GIZMO_CHOICES
from workbench.core.editing import Editing
from workbench.core.fixing import Vector, joint_words
from workbench.core.notices import Notices
from workbench.core.session import ON_THE_MOVE, SessionState
from workbench.panels.fix_picture import code_of, fix_picture, position_of
from workbench.panels.history_list import HistoryWidgets
from workbench.server.user_event import UserEvent

_MOST_RADIUS = 30
_AXES = ("x", "y", "z")
_SWAPS = {"Arms": "arms", "Legs": "legs", "Both": "both"}
_FARTHEST = 50.0
_REFINE = "Refine around it"
_LIMB_JOINTS = frozenset({1, 2, 4, 5, 7, 8, 10, 11, *range(16, 24)})


class FixPanel:
    """Picture, buttons, exact angles, history."""

    def __init__(self, gui: viser.GuiApi, editing: Editing, notices: Notices) -> None:
        self._editing = editing
        self._tasks = editing.tasks
        self._shown: object = None
        self._about = gui.add_html("")
        self._clicks = ClickTarget(gui, 0, self._let_go, notices)
        self._picture = gui.add_html("")
        self._row = ButtonRow(gui, notices, _buttons(editing))
        self._add_groups(gui, notices)
        self._refine_row = ButtonRow(gui, notices, (_refine_button(editing),))
        self._add_numbers(gui, notices)
        with gui.add_folder("History", expand_by_default=True):
            self._history = HistoryWidgets(gui, editing, notices)

    def _add_groups(self, gui: viser.GuiApi, notices: Notices) -> None:
        fixing = self._editing.fixing
        self._radius = gui.add_slider(
            "Frames around", min=0, max=_MOST_RADIUS, step=1, initial_value=4,
            hint="The window: so many frames to each side follow an edit, less and less.",
        )  # fmt: skip
        self._radius.on_update(
            notices.guard(lambda event: fixing.set_options(radius=int(event.value)))
        )
        self._gizmo = gui.add_button_group(
            "In 3D",
            GIZMO_CHOICES,
            hint="Handles at the joint: turn its bone, or move it with all that holds it.",
        )
        self._gizmo.on_click(notices.guard(lambda event: fixing.set_options(gizmo=event.value)))
        self._swap = gui.add_button_group(
            "Swap sides",
            tuple(_SWAPS),
            hint="Exchange left and right limbs in all frames of the window.",
        )
        self._swap.on_click(notices.guard(self._swap_sides))
        self._copy = gui.add_button_group(
            "Copy the pose", ("Before", "After"), hint="Of the nearest frame that has one."
        )
        self._copy.on_click(
            notices.guard(lambda event: fixing.copy_neighbor(-1 if event.value == "Before" else 1))
        )
        self._valid = gui.add_button_group(
            "Frame is",
            ("Valid", "Invalid", "Fill"),
            hint="Poses of invalid frames do not count; Fill gives all of them new ones, between "
            "their neighbors'.",
        )
        self._valid.on_click(notices.guard(self._mark))
        self._lock = gui.add_button_group(
            "Lock or unlock",
            ("Frame", "Joint"),
            hint="A locked frame keeps its pose, a locked joint its rotation, whatever comes.",
        )
        self._lock.on_click(notices.guard(self._flip_lock))

    def _mark(self, event: UserEvent) -> None:
        if event.value == "Fill":
            self._editing.fixing.fill()
        else:
            self._editing.fixing.mark_invalid(event.value == "Invalid")

    def _flip_lock(self, event: UserEvent) -> None:
        state, fixing = self._tasks.session.state, self._editing.fixing
        if event.value == "Frame":
            fixing.lock_frame(state.view.frame not in state.scope.locked_frames)
        else:
            fixing.lock_joint(state.view.joint not in state.scope.locked_joints)

    def _add_numbers(self, gui: viser.GuiApi, notices: Notices) -> None:
        with gui.add_folder("Exact angles and place", expand_by_default=False):
            self._holds = gui.add_checkbox(
                "Hold what I fixed", True,
                hint="Refining anew leaves frames alone that you put right.",
            )  # fmt: skip
            self._angles = [
                gui.add_slider(
                    f"Angle {axis}", min=-90.0 if axis == "y" else -180.0,
                    max=90.0 if axis == "y" else 180.0, step=0.5, initial_value=0.0,
                    hint=f"Turn about {axis} in the axes of the bone above (degrees).",
                )
                for axis in _AXES
            ]  # fmt: skip
            self._places = [
                gui.add_number(
                    f"Place {axis}", 0.0, min=-_FARTHEST, max=_FARTHEST, step=0.005,
                    hint=f"{axis} of the joint, seen from the camera (m); what holds it follows.",
                )
                for axis in _AXES
            ]  # fmt: skip
        self._holds.on_update(
            notices.guard(lambda event: self._editing.fixing.set_options(holds=bool(event.value)))
        )
        for index in range(3):
            self._angles[index].on_update(
                notices.guard(lambda event, index=index: self._turn(index, float(event.value)))
            )
            self._places[index].on_update(
                notices.guard(lambda event, index=index: self._move(index, float(event.value)))
            )

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        frame, joint = state.view.frame, state.view.joint
        is_ready = state.best is not None and state.phase not in ON_THE_MOVE
        self._show_rows(state, is_ready)
        for widget in (*self._angles, *self._places):
            widget.disabled = not is_ready
        for group in (self._swap, self._gizmo, self._copy, self._lock, self._valid):
            group.visible = is_ready  # Groups cannot be disabled.
        self._gizmo.label = f"In 3D: {state.fix.gizmo.lower()}"
        self._holds.value = state.fix.holds
        self._radius.value = min(state.fix.radius, _MOST_RADIUS)
        self._about.content = markup.block(_about(state))
        self._history.refresh(state)
        view = state.fix_view
        is_current = view is not None and (view.frame, view.joint) == (frame, joint)
        if view is None or state.footage is None:
            self._picture.content = ""
        elif is_current and view is not self._shown:
            self._shown = view
            video = state.footage.video
            self._clicks.allow(code_of(4 * video.width, 4 * video.height, video.width))
            self._picture.content = fix_picture(view, video.width, self._clicks.script("code"))
            self._show_numbers(view.now)

    def _show_rows(self, state: SessionState, is_ready: bool) -> None:
        off: set[str] = set()
        if not is_ready or state.view.joint not in _LIMB_JOINTS:
            off.add("Flip depth")
        if not is_ready or state.history.undoes is None:
            off.add("Undo")
        if not is_ready or state.history.redoes is None:
            off.add("Redo")
        if not is_ready or state.corrections.motion is None:
            off.add(_REFINE)
        self._row.refresh(off)
        self._refine_row.refresh(off)

    def _show_numbers(self, now: object) -> None:
        degrees = getattr(now, "degrees", (0.0, 0.0, 0.0))
        place = getattr(now, "position", (0.0, 0.0, 0.0))
        for slider, angle in zip(self._angles, degrees, strict=True):
            if abs(slider.value - angle) > 0.26:
                slider.value = min(max(round(2.0 * angle) / 2.0, slider.min), slider.max)
        for number, meters in zip(self._places, place, strict=True):
            if abs(number.value - meters) > 0.0006:
                number.value = round(float(meters), 3)

    def _turn(self, index: int, degrees: float) -> None:
        view = self._tasks.session.state.fix_view
        if view is not None and view.now is not None:
            angles = list(view.now.degrees)
            angles[index] = degrees
            self._editing.fixing.turn_to(view.joint, _vector(angles))

    def _move(self, index: int, meters: float) -> None:
        view = self._tasks.session.state.fix_view
        if view is not None and view.now is not None:
            place = list(view.now.position)
            place[index] = meters
            self._editing.fixing.move_to(view.joint, _vector(place))

    def _swap_sides(self, event: UserEvent) -> None:
        self._editing.fixing.set_options(limbs=_SWAPS[event.value])
        self._editing.fixing.swap_sides()

    def _let_go(self, code: int) -> None:
        state = self._tasks.session.state
        if state.footage is not None and state.fix_view is not None:
            position = position_of(code, state.footage.video.width)
            self._editing.fixing.move_to_pixel(state.view.joint, position)


def _buttons(editing: Editing) -> tuple[RowButton, ...]:
    return (
        RowButton(
            "Flip depth", "judge",
            "Mirror the limb in depth: the hand comes before the body instead of behind it. (C)",
            editing.fixing.flip_depth, "main",
        ),
        RowButton("Undo", "back", "Take the newest entry back. (Ctrl+Z)", editing.undo),
        RowButton("Redo", "on", "Do it again. (Ctrl+Shift+Z)", editing.redo),
    )  # fmt: skip


def _refine_button(editing: Editing) -> RowButton:
    hint = "Refine anew from the poses that you put right."
    return RowButton(_REFINE, "play", hint, editing.fixing.refine_around, "go")


def _about(state: SessionState) -> str:
    """Say what is selected, and what was done to it."""
    frame, joint = state.view.frame, state.view.joint
    words = f"<b>{markup.escape(joint_words(joint))}</b>, frame {frame} "
    chips = []
    if frame in state.corrections.frames:
        chips.append(markup.chip("fixed", markup.REFINED))
    if frame in state.corrections.invalid:
        chips.append(markup.chip("invalid", markup.BAD))
    if frame in state.scope.locked_frames:
        chips.append(markup.chip("frame locked", markup.ANCHOR))
    if joint in state.scope.locked_joints:
        chips.append(markup.chip("joint locked", markup.ANCHOR))
    hint = "Drag the dot, flip the limb, or use the handles in 3D."
    return f'{words}{" ".join(chips)}<div style="color:{markup.FAINT}">{hint}</div>'


def _vector(values: list[float]) -> Vector:
    x, y, z = values
    return x, y, z
