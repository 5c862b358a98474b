"""What refinement may change: a range of frames, single frames, parts of the body."""

import viser

from neuhmr.body.skeleton import BODY_PARTS
from neuhmr.refine.scope import Scope
from workbench.core import markup
from workbench.core.notices import Notices
from workbench.core.session import SessionState
from workbench.core.tasks import Tasks
from workbench.server.user_event import UserEvent

_RANGE = ("From here", "To here", "All")
_FRAME = ("Lock", "Unlock")


class ScopeWidgets:
    """The scope in words, and buttons that change it."""

    def __init__(self, gui: viser.GuiApi, tasks: Tasks, notices: Notices) -> None:
        self._tasks = tasks
        self._text = gui.add_html("")
        self._range = gui.add_button_group(
            "Range", _RANGE, hint="Refine from the present frame on, up to it, or the whole clip."
        )
        self._frame = gui.add_button_group(
            "This frame", _FRAME, hint="A locked frame keeps its initial pose exactly."
        )
        self._parts = {
            name: gui.add_checkbox(
                f"Lock {_words(name)}", False, hint="Its joints keep their initial rotations."
            )
            for name in BODY_PARTS
        }
        self._place = gui.add_checkbox(
            "Lock the place", False, hint="Nobody moves from where the initial poses have them."
        )
        self._range.on_click(notices.guard(self._change_range))
        self._frame.on_click(notices.guard(self._change_frame))
        for name, box in self._parts.items():
            box.on_update(
                notices.guard(lambda event, name=name: self._lock_part(name, bool(event.value)))
            )
        self._place.on_update(
            notices.guard(lambda event: tasks.change_scope(lock_translation=bool(event.value)))
        )

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        may_change = state.initial is not None and state.may_change_scope
        for buttons in (self._range, self._frame):
            buttons.visible = may_change  # Groups of buttons cannot be disabled.
        for box in (self._place, *self._parts.values()):
            box.disabled = not may_change
        for name, box in self._parts.items():
            box.value = set(BODY_PARTS[name]) <= state.scope.locked_joints
        self._place.value = state.scope.lock_translation
        words = scope_words(state.scope, state.view.frame)
        fixed = "" if may_change or state.initial is None else " Press Reset to change this."
        self._text.content = markup.paragraph(words + fixed)

    def _change_range(self, event: UserEvent) -> None:
        frame, scope = self._tasks.session.state.view.frame, self._tasks.session.state.scope
        if event.value == _RANGE[2]:
            self._tasks.change_scope(first=None, last=None)
        elif event.value == _RANGE[0]:
            last = scope.last if scope.last is None or scope.last >= frame else None
            self._tasks.change_scope(first=frame, last=last)
        else:
            first = scope.first if scope.first is None or scope.first <= frame else None
            self._tasks.change_scope(first=first, last=frame)

    def _change_frame(self, event: UserEvent) -> None:
        frame, locked = (
            self._tasks.session.state.view.frame, self._tasks.session.state.scope.locked_frames
        )  # fmt: skip
        changed = locked | {frame} if event.value == _FRAME[0] else locked - {frame}
        self._tasks.change_scope(locked_frames=changed)

    def _lock_part(self, name: str, is_locked: bool) -> None:
        locked, part = self._tasks.session.state.scope.locked_joints, set(BODY_PARTS[name])
        changed = locked | part if is_locked else locked - part
        self._tasks.change_scope(locked_joints=frozenset(changed))


def scope_words(scope: Scope, frame: int) -> str:
    """Say which frames are refined, and whether the present one is."""
    first = "the first" if scope.first is None else str(scope.first)
    last = "the last" if scope.last is None else str(scope.last)
    words = "All frames are refined"
    if scope.first is not None or scope.last is not None:
        words = f"Frames from {first} to {last} are refined"
    if scope.locked_frames:
        words += f", {len(scope.locked_frames)} of them locked"
    return f"{words}. Frame {frame} {'may change' if scope.holds(frame) else 'keeps its pose'}."


def _words(name: str) -> str:
    return name.replace("_", " ")
