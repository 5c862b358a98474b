"""Undo and redo without limit: every edit, setting, version and refinement by name.

The history watches the session. Whatever changes in the part of the state that can be gone back to
becomes an entry; the steps of one run are one entry, and so is a slider that is dragged.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from neuhmr.refine.settings import SETTINGS
from workbench.core.correction_file import RESTORED
from workbench.core.corrections import Corrections
from workbench.core.history_list import HistoryList
from workbench.core.session import ON_THE_MOVE, Session, SessionState
from workbench.core.shared_poses import SharedPoses
from workbench.core.value_words import short
from workbench.errors import WorkbenchError

MERGE_S = 1.0
"""Changes of one setting that follow each other as quickly (s) are one entry."""
_KEPT = (
    "config", "scope", "includes", "excludes", "report", "restored", "verdicts", "losses", "phase",
    "version",
)  # fmt: skip
"""Fields of the state that are gone back to, beside the corrections."""
_DECIDING = ("config", "scope", "includes", "excludes", "report", "restored")
"""Those whose change is an entry; the others follow from them."""


@dataclass
class _Entry:
    name: str
    fields: dict[str, Any]
    corrections: Corrections
    """Without its poses."""
    poses: SharedPoses | None
    live: Corrections | None
    """As it stands in the state, while this is the present entry."""
    setting: str = ""
    """The one setting that was changed, if that is all."""
    at: float = 0.0


class History:
    """Follows a session; every method may be called from any thread."""

    def __init__(self, session: Session, clock: Callable[[], float] = time.monotonic) -> None:
        self._session = session
        self._clock = clock
        self._entries: list[_Entry] = [self._entry(_opened(session.state), session.state, None)]
        self._position = 0
        session.set(history=self._list())
        session.follow = self._follow

    def undo(self) -> None:
        """Go back by one entry.

        Raises:
            WorkbenchError: there is none, or a refinement is under way.
        """
        if self._position == 0:
            raise WorkbenchError("There is nothing to undo.")
        self.jump(self._position - 1)

    def redo(self) -> None:
        """Go on by one entry.

        Raises:
            WorkbenchError: there is none, or a refinement is under way.
        """
        if self._position + 1 >= len(self._entries):
            raise WorkbenchError("There is nothing to redo.")
        self.jump(self._position + 1)

    def jump(self, position: int) -> None:
        """Go to any entry; those after it stay until something new is done.

        Raises:
            WorkbenchError: there is no such entry, or a refinement is under way.
        """

        def change(state: SessionState) -> SessionState:
            if not 0 <= position < len(self._entries):
                raise WorkbenchError("That entry is not there any more; choose another one.")
            if state.phase in ON_THE_MOVE:
                raise WorkbenchError("A refinement is under way; press Pause first.")
            entry = self._entries[position]
            self._entries[self._position].live = None
            self._position, entry.live = position, _with_poses(entry)
            moved = replace(state, corrections=entry.live, **entry.fields)
            return replace(moved, history=self._list())

        self._session.update(change)

    def _follow(self, old: SessionState, new: SessionState) -> SessionState:
        """Note what has changed; called with the session's lock held."""
        if new.footage is not old.footage:
            self._entries, self._position = [self._entry(_opened(new), new, None)], 0
            return replace(new, history=self._list())
        entry = self._entries[self._position]
        if not self._is_new(entry, new):
            if new.phase not in ON_THE_MOVE:
                entry.fields = _fields(new)
            return new
        name, setting = _name(entry, new)
        is_restored = new.restored is not None and old.restored is None
        if self._position == 0 and (is_restored or new.corrections.said == RESTORED):
            self._entries = [self._entry(name, new, None)]
        elif self._merges(entry, setting):
            entry.fields, entry.at = _fields(new), self._clock()
            entry.name = self._renamed(setting, new)
            del self._entries[self._position + 1 :]
        elif new.corrections.stroke and new.corrections.stroke == entry.corrections.stroke:
            self._entries[self._position] = self._entry(name, new, entry.poses)
            del self._entries[self._position + 1 :]
        else:
            self._append(name, setting, new)
        return replace(new, history=self._list())

    def _append(self, name: str, setting: str, new: SessionState) -> None:
        entry = self._entries[self._position]
        entry.live = None
        del self._entries[self._position + 1 :]
        self._entries.append(self._entry(name, new, entry.poses, setting))
        self._position += 1

    def _is_new(self, entry: _Entry, state: SessionState) -> bool:
        """Tell whether a state is one to come back to, beside the present entry."""
        fields = entry.fields
        is_running = state.phase in ON_THE_MOVE
        running = ("report", "restored")
        for name in _DECIDING:
            value = getattr(state, name)
            if is_running and name in running:
                continue
            if value is not fields[name] and (name in running or value != fields[name]):
                return True
        corrections, live = state.corrections, entry.live
        is_same = corrections is live or (live is not None and corrections.is_none and live.is_none)
        return not is_running and not is_same

    def _merges(self, entry: _Entry, setting: str) -> bool:
        is_same = bool(setting) and entry.setting == setting
        return is_same and self._clock() - entry.at < MERGE_S

    def _renamed(self, setting: str, new: SessionState) -> str:
        """Name a setting's change by where it stood before all changes that were merged."""
        before = self._entries[self._position - 1].fields["config"]
        return _setting_words(setting, before, new.config)

    def _entry(
        self, name: str, state: SessionState, like: SharedPoses | None, setting: str = ""
    ) -> _Entry:
        corrections, poses = state.corrections, None
        if corrections.motion is not None:
            poses = SharedPoses.of(corrections.motion, like)
        return _Entry(
            name=name,
            fields=_fields(state),
            corrections=replace(corrections, motion=None),
            poses=poses,
            live=corrections,
            setting=setting,
            at=self._clock(),
        )

    def _list(self) -> HistoryList:
        return HistoryList(tuple(entry.name for entry in self._entries), self._position)


def _opened(state: SessionState) -> str:
    return "Start" if state.footage is None else f"Open {state.footage.path.name}"


def _fields(state: SessionState) -> dict[str, Any]:
    fields = {name: getattr(state, name) for name in _KEPT}
    if state.phase in ON_THE_MOVE:
        fields["phase"] = "idle" if state.refined is None else "paused"
    return fields


def _with_poses(entry: _Entry) -> Corrections:
    if entry.live is not None:
        return entry.live
    motion = None if entry.poses is None else entry.poses.motion()
    return replace(entry.corrections, motion=motion)


def _name(entry: _Entry, new: SessionState) -> tuple[str, str]:
    """Say what has changed, and the one setting that it is, if it is one."""
    before = entry.fields
    if new.corrections is not entry.live and new.corrections.said:
        return new.corrections.said, ""
    if new.report is not before["report"] and new.report is not None:
        return f"Refine to step {new.report.step} of {new.report.total_steps}", ""
    if new.restored is not before["restored"] and new.restored is not None:
        return f"Restore step {new.restored.step} of {new.restored.total_steps}", ""
    if new.refined is None and (before["report"] or before["restored"] or entry.poses):
        return "Back to the initial poses", ""
    if new.config != before["config"]:
        return _config_words(before["config"], new.config)
    if new.scope != before["scope"]:
        return "Change what may be refined", ""
    if (new.includes, new.excludes) != (before["includes"], before["excludes"]):
        changed = (new.includes ^ before["includes"]) | (new.excludes ^ before["excludes"])
        return f"Choose frame {min(changed)} as an anchor, or not", ""
    return new.corrections.said or "Change", ""


def _config_words(before: Any, after: Any) -> tuple[str, str]:
    if before is None or after is None:
        return "Settings", ""
    changed = [
        name for name, row in SETTINGS.items() if row.value_in(before) != row.value_in(after)
    ]
    if len(changed) != 1:
        return f"{len(changed)} settings", ""
    return _setting_words(changed[0], before, after), changed[0]


def _setting_words(name: str, before: Any, after: Any) -> str:
    row = SETTINGS[name]
    old, new = (short(row.value_in(config)) for config in (before, after))
    return f"{row.declared.label}: {old} to {new}"
