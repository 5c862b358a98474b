"""The verb of comparing: computed on the compute thread, and again when the poses change."""

from dataclasses import replace

from neuhmr.body.motion import Motion
from workbench.core.comparison import INITIAL, SHOWN, TRUTH, Comparison, compare
from workbench.core.identity import SameObjects
from workbench.core.session import ON_THE_MOVE, SessionState
from workbench.core.tasks import Tasks
from workbench.core.versions import Versions
from workbench.core.worker import Look
from workbench.errors import WorkbenchError


class Comparisons:
    """Compares what the user chose. Safe to call from any thread."""

    def __init__(self, tasks: Tasks, versions: Versions) -> None:
        self._tasks = tasks
        self._session = tasks.session
        self._versions = versions

    def choose(self, first: str, second: str) -> None:
        """Compare two: "initial", "shown", "truth", or versions by their ids.

        Raises:
            WorkbenchError: one of them is not there.
        """
        state = self._session.state
        for key in (first, second):
            if key not in comparable(state):
                raise WorkbenchError("That version is not there any more; choose another one.")
        self._session.set(compared=(first, second))
        self.tick(self._session.state)

    def tick(self, state: SessionState) -> None:
        """Ask for the chosen comparison where the state lacks it."""
        footage, chosen = state.footage, state.compared
        if footage is None or chosen is None or state.phase in ON_THE_MOVE:
            return
        if is_current(state):
            return
        key = SameObjects(footage, *chosen, state.best, str([v.id for v in state.versions]))
        look = Look(key, lambda: self._compare(chosen))
        self._tasks.worker.request_look("comparison", look)

    def _compare(self, chosen: tuple[str, str]) -> None:
        state = self._session.state
        if state.footage is None or state.compared != chosen:
            return
        motions = (self._motion(state, chosen[0]), self._motion(state, chosen[1]))
        found = compare(state.footage, *chosen, motions)

        def change(now: SessionState) -> SessionState:
            return replace(now, comparison=found) if now.footage is state.footage else now

        self._session.update(change)

    def _motion(self, state: SessionState, key: str) -> Motion:
        footage = state.footage
        assert footage is not None
        known = {INITIAL: footage.initial, SHOWN: state.best, TRUTH: footage.truth}
        motion = known[key] if key in known else self._known(state.comparison, key)
        if motion is None and key not in known:
            motion = self._versions.motion(footage, key)
        if motion is None:
            raise WorkbenchError("There are no such poses; choose others to compare.")
        return motion

    def _known(self, comparison: Comparison | None, key: str) -> Motion | None:
        """Take a version that was read already."""
        if comparison is not None:
            for name, motion in zip(
                (comparison.first, comparison.second), comparison.motions, strict=True
            ):
                if name == key:
                    return motion
        return None


def comparable(state: SessionState) -> dict[str, str]:
    """List what can be compared: names for people, by key."""
    found: dict[str, str] = {}
    if state.initial is not None:
        found[INITIAL] = "Initial poses"
        found[SHOWN] = "Poses as shown"
    if state.footage is not None and state.footage.truth is not None:
        found[TRUTH] = "Truth"
    taken = set(found.values())
    for version in state.versions:
        name, number = version.name, 2
        while name in taken:
            name, number = f"{version.name} ({number})", number + 1
        taken.add(name)
        found[version.id] = name
    return found


def is_current(state: SessionState) -> bool:
    """Tell whether the comparison in the state is the chosen one, of the poses shown now."""
    found, chosen = state.comparison, state.compared
    if found is None or chosen is None or chosen != (found.first, found.second):
        return False
    pairs = zip(chosen, found.motions, strict=True)
    return all(motion is state.best for key, motion in pairs if key == SHOWN)
