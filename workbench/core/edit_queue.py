"""Edits on their way from a click to the state: each gets its turn on the compute thread.

An edit takes the poses as they are when its turn comes, makes new ones, and puts them into the
state under a name; the history does the rest. Drags keep only the newest wish.
"""

import itertools
import math
import time
from collections.abc import Callable
from dataclasses import replace

from neuhmr.body.motion import Motion
from neuhmr.refine.correction.edits import Place
from workbench.core.queueing import submit_once
from workbench.core.session import ON_THE_MOVE, SessionState
from workbench.core.tasks import Tasks
from workbench.core.worker import Look
from workbench.engine.interface import Footage
from workbench.errors import WorkbenchError

Edit = Callable[[Footage, Motion, Place], Motion]
STROKE_S = 1.0
"""A slider that rests for so long (s) begins a new entry of the history."""


class EditQueue:
    """Posts edits and puts into the state what comes of them. Safe to call from any thread."""

    def __init__(self, tasks: Tasks, on_edited: Callable[[], None]) -> None:
        """Attach to a session.

        Args:
            tasks: its verbs.
            on_edited: told after every edit.
        """
        self._tasks, self._session, self._on_edited = tasks, tasks.session, on_edited
        self._strokes = itertools.count(1)
        self._wishes = itertools.count()
        self._stroke = 0
        self._stroke_base: tuple[int, Motion | None] = (0, None)
        self._slid_at = -math.inf

    def begin_stroke(self) -> None:
        """Begin a drag: what follows is one entry of the history."""
        self._stroke = next(self._strokes)

    def post(self, said: str, edit: Edit) -> None:
        """Queue an edit of its own."""
        frame = self._frame()
        submit_once(self._tasks, said, lambda: self._apply(said, edit, frame, 0))

    def slide(self, said: str, edit: Edit) -> None:
        """Ask for an edit that the next one may replace, as sliders do."""
        now = time.monotonic()
        if now - self._slid_at > STROKE_S:
            self._stroke = next(self._strokes)
        self._slid_at = now
        self._wish(said, edit, self._stroke)

    def drag(self, said: str, edit: Edit) -> None:
        """Ask for an edit of the drag that was begun last; the next one may replace it."""
        self._wish(said, edit, self._stroke)

    def put(
        self,
        before: Motion,
        after: Motion,
        said: str,
        *frames: int,
        stroke: int = 0,
        is_invalid: bool | None = None,
    ) -> None:
        """Put edited poses into the state; on the compute thread.

        Args:
            before: what the edit began with; where the poses have changed since, it is refused.
            after: what came of it.
            said: its name in the history.
            frames: that were edited.
            stroke: of the drag that it belongs to; 0 for an edit of its own.
            is_invalid: whether these frames' poses count no more, or again; None for as before.

        Raises:
            WorkbenchError: the poses have changed meanwhile.
        """

        def change(state: SessionState) -> SessionState:
            if state.best is not before:
                raise WorkbenchError("The poses have changed meanwhile; try again.")
            old = state.corrections
            invalid = old.invalid
            if is_invalid is not None:
                invalid = invalid | set(frames) if is_invalid else invalid - set(frames)
            corrected = old.frames - set(frames) if is_invalid else old.frames | set(frames)
            edited = replace(
                old, motion=after, frames=corrected, invalid=invalid, said=said, stroke=stroke
            )
            return replace(state, corrections=edited, phase=_phase_after_edit(state))

        self._session.update(change)
        self._on_edited()

    def lock(self, said: str, change: Callable[[SessionState], SessionState]) -> None:
        """Change what the next refinement may change, at once.

        Raises:
            WorkbenchError: there are no poses yet, or a refinement moves them.
        """
        require_poses(self._session.state)

        def changed(state: SessionState) -> SessionState:
            # Refined poses become the start of the next run: it alone can know of new locks.
            poses = state.best if state.refined is not None else None
            edited = replace(state.corrections, motion=poses, said=said, stroke=0)
            return replace(change(state), corrections=edited, phase=_phase_after_edit(state))

        self._session.update(changed)
        self._on_edited()

    def _frame(self) -> int:
        state = self._session.state
        require_poses(state)
        return state.view.frame

    def _wish(self, said: str, edit: Edit, stroke: int) -> None:
        frame = self._frame()
        # Another joint or frame is another entry, however quickly it follows.
        look = Look(next(self._wishes), lambda: self._apply(said, edit, frame, stroke))
        self._tasks.worker.request_look("fix", look)

    def _apply(self, said: str, edit: Edit, frame: int, stroke: int) -> None:
        state = self._session.state
        footage, motion = require_poses(state)
        base = motion
        said = f"{said}, frame {frame}"
        if stroke and state.corrections.stroke == stroke and state.corrections.said == said:
            known, begun = self._stroke_base
            base = begun if known == stroke and begun is not None else motion
        else:
            self._stroke_base = (stroke, motion)
        changed = edit(footage, base, state.fix.place(frame, state.scope))
        self.put(motion, changed, said, frame, stroke=stroke)


def require_poses(state: SessionState) -> tuple[Footage, Motion]:
    """Give what edits need.

    Raises:
        WorkbenchError: there are no poses yet, or a refinement moves them.
    """
    if state.footage is None or state.best is None:
        raise WorkbenchError("There are no poses to put right yet; open a clip with a person.")
    if state.phase in ON_THE_MOVE:
        raise WorkbenchError("A refinement is moving the poses; press Pause first.")
    return state.footage, state.best


def _phase_after_edit(state: SessionState) -> str:
    return "idle" if state.report is None and state.restored is None else "paused"
