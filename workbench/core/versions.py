"""The verbs of versions: every run makes one; branch, rename, delete, take up again."""

import logging
from dataclasses import replace

from neuhmr.body.motion import Motion
from neuhmr.errors import NeuhmrError
from neuhmr.refine.correction.merging import changed_rows
from workbench.core.correction_keeper import CorrectionKeeper
from workbench.core.corrections import Corrections
from workbench.core.queueing import submit_once
from workbench.core.session import ON_THE_MOVE, SessionState
from workbench.core.tasks import Tasks
from workbench.core.version import Version, VersionKind, checked_version_name
from workbench.core.version_folder import new_id, time_now
from workbench.core.version_shelf import VersionShelf
from workbench.engine.interface import Footage
from workbench.errors import WorkbenchError

logger = logging.getLogger(__name__)


class Versions:
    """Asks the compute thread for all reading and writing."""

    def __init__(self, tasks: Tasks, shelf: VersionShelf, keeper: CorrectionKeeper) -> None:
        self._tasks, self._session = tasks, tasks.session
        self._shelf, self._keeper = shelf, keeper
        self._run: object = None
        """The run whose version is the newest."""
        self._taken_up: tuple[str, Motion] | None = None
        tasks.stages.on_opened = self._open
        tasks.stages.on_settled = self._settle

    def keep_now(self, name: str = "") -> None:
        """Keep the poses that are shown as a version."""
        checked = checked_version_name(name) if name.strip() else None

        def keep() -> None:
            state = self._session.state
            footage, motion = _require_poses(state)
            version = self._shelf.describe(state, footage, motion, "hand", checked)
            self._shelf.put(footage, version, motion)
            self._tasks.notices.success("Version kept", version.name)

        submit_once(self._tasks, "Keeping a version", keep)

    def take_up(self, version: str) -> None:
        """Show a version's poses and settings again; the next run begins with them."""
        submit_once(self._tasks, "Going to a version", lambda: self._take_up(version))

    def branch(self, version: str, name: str) -> None:
        """Go on from a version under a new name; the version itself stays as it is."""
        checked = checked_version_name(name)

        def branch() -> None:
            footage, _ = _require_poses(self._session.state)
            old, motion = self._shelf.load(footage, version)
            made = replace(
                old, id=new_id(), name=checked, kind="branch", created=time_now(), parent=old.id
            )
            self._shelf.put(footage, made, motion)
            self._take_up(made.id)

        submit_once(self._tasks, "Branching a version", branch)

    def rename(self, version: str, name: str) -> None:
        """Call a version something else."""
        checked = checked_version_name(name)

        def rename() -> None:
            footage, _ = _require_poses(self._session.state)
            old, motion = self._shelf.load(footage, version)
            self._shelf.put(footage, replace(old, name=checked), motion)

        submit_once(self._tasks, "Renaming a version", rename)

    def delete(self, version: str) -> None:
        """Remove a version for good; poses that are shown stay."""

        def delete() -> None:
            footage, _ = _require_poses(self._session.state)
            self._shelf.delete(footage, version)

        submit_once(self._tasks, "Deleting a version", delete)

    def motion(self, footage: Footage, version: str) -> Motion:
        """Read a version's poses; on the compute thread.

        Raises:
            PoseFileError: it is missing or damaged.
        """
        return self._shelf.load(footage, version)[1]

    def add(self, state: SessionState, motion: Motion, name: str, kind: VersionKind) -> Version:
        """Keep poses that came of the settings of a state; on the compute thread.

        Raises:
            OutputError: they cannot be written.
        """
        assert state.footage is not None
        version = self._shelf.describe(state, state.footage, motion, kind, name)
        self._shelf.put(state.footage, version, motion)
        return version

    def _open(self) -> None:
        """List what is kept of a clip, and show again what was put right."""
        self._run, self._taken_up = None, None
        footage = self._session.state.footage
        if footage is None or footage.initial is None:
            return
        folder = self._shelf.session_folder(footage)
        if folder.is_dir() and self._shelf.may_write(footage):
            self._shelf.remember_clip(folder)
        frames = footage.initial.frame_index
        versions, damaged = self._shelf.load_all(footage, frames)
        if damaged:
            self._tasks.notices.warn(
                "Some versions cannot be used",
                f"Damaged, of another clip or of another program: {_listed(damaged)}. They were "
                "left alone.",
            )
        corrections = self._keeper.restore(footage, frames)
        self._session.update(
            lambda now: replace(now, versions=versions, corrections=corrections or now.corrections)
        )

    def _settle(self, state: SessionState) -> None:
        """Make or renew the version of a run that has come to rest."""
        self._keeper.save_now()
        footage, report = state.footage, state.report
        if footage is None or report is None:
            return
        try:
            self._keep_run(state, footage)
        except (NeuhmrError, OSError) as error:
            logger.warning("the version was not kept: %s", error)
            self._tasks.notices.warn_once("The version cannot be kept", str(error))

    def _keep_run(self, state: SessionState, footage: Footage) -> None:
        report = state.report
        assert report is not None
        run = self._tasks.stages.run
        known = next((v for v in state.versions if v.id == state.version), None)
        is_same = run is self._run and known is not None and known.kind == "run"
        if not is_same:
            state = self._keep_start(state, footage)
        version = self._shelf.describe(state, footage, report.motion, "run")
        if is_same and known is not None:
            version = replace(version, id=known.id, name=known.name, parent=known.parent)
        self._run = run
        self._shelf.put(footage, version, report.motion)
        self._session.set(version=version.id)

    def _keep_start(self, state: SessionState, footage: Footage) -> SessionState:
        """Keep the poses that a run began with, where they were put right by hand."""
        start = state.corrections.start
        if start is None:
            return replace(state, version=None)
        if self._taken_up is not None:
            version, motion = self._taken_up
            if not bool(changed_rows(motion, start).any()):
                return replace(state, version=version)
        by_hand = self._shelf.describe(replace(state, report=None), footage, start, "hand")
        self._shelf.put(footage, by_hand, start)
        return replace(self._session.state, version=by_hand.id)

    def _take_up(self, version: str) -> None:
        footage, _ = _require_poses(self._session.state)
        found, motion = self._shelf.load(footage, version)
        self._taken_up = (version, motion)

        def change(state: SessionState) -> SessionState:
            if state.phase in ON_THE_MOVE:
                raise WorkbenchError("A refinement is moving the poses; press Pause first.")
            corrections = Corrections(
                motion=motion,
                frames=frozenset(found.corrected),
                invalid=frozenset(found.invalid),
                said=f"Go to {found.name}",
            )
            return replace(
                state,
                corrections=corrections,
                config=found.config(),
                version=version,
                report=None,
                restored=None,
                verdicts=None,
                losses=(),
                joints=None,
                phase="idle",
            )

        self._session.update(change)
        self._keeper.save_now()


def _require_poses(state: SessionState) -> tuple[Footage, Motion]:
    if state.footage is None or state.best is None:
        raise WorkbenchError("There are no poses yet; open a clip with a person.")
    return state.footage, state.best


def _listed(names: tuple[str, ...], most: int = 5) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
