"""The verbs of versions: every run makes one; branch, rename, delete, take up again.

All writing and reading is done on the compute thread. Hand corrections are kept as they are made,
so that a crash costs none.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from neuhmr.body.motion import Motion
from neuhmr.errors import NeuhmrError
from neuhmr.refine.correction.merging import changed_rows
from neuhmr.refine.settings.table import values_of
from workbench.core.correction_file import (
    forget_corrections,
    read_corrections,
    write_corrections,
)
from workbench.core.corrections import Corrections
from workbench.core.looks import joint_distances_mm
from workbench.core.queueing import submit_once
from workbench.core.session import ON_THE_MOVE, SessionState
from workbench.core.session_folder import folder_for_person, remember_clip
from workbench.core.tasks import Tasks
from workbench.core.version import Version, VersionKind, checked_version_name
from workbench.core.version_folder import VersionFolder, new_id, time_now
from workbench.core.worker import Look
from workbench.engine.interface import Footage
from workbench.errors import WorkbenchError

logger = logging.getLogger(__name__)


class Versions:
    """Keeps the list in the state and the files in the session's folder in step."""

    def __init__(self, tasks: Tasks, folder_of: Callable[[Path], Path]) -> None:
        self._tasks = tasks
        self._session = tasks.session
        self._folder_of = folder_of
        self._run: object = None
        """The run whose version is the newest."""
        self._taken_up: tuple[str, Motion] | None = None
        self._saves = 0
        tasks.stages.on_opened = self._open
        tasks.stages.on_settled = self._settle

    def keep_now(self, name: str = "") -> None:
        """Keep the poses that are shown as a version."""
        checked = checked_version_name(name) if name.strip() else ""

        def keep() -> None:
            state = self._session.state
            footage, motion = _require_poses(state)
            version = self._described(state, footage, motion, "hand", checked or None)
            self._add(footage, version, motion)
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
            old, motion = self._load(footage, version)
            made = replace(
                old, id=new_id(), name=checked, kind="branch", created=time_now(), parent=old.id
            )
            self._add(footage, made, motion)
            self._take_up(made.id)

        submit_once(self._tasks, "Branching a version", branch)

    def rename(self, version: str, name: str) -> None:
        """Call a version something else."""
        checked = checked_version_name(name)

        def rename() -> None:
            footage, _ = _require_poses(self._session.state)
            old, motion = self._load(footage, version)
            self._add(footage, replace(old, name=checked), motion)

        submit_once(self._tasks, "Renaming a version", rename)

    def delete(self, version: str) -> None:
        """Remove a version for good; poses that are shown stay."""

        def delete() -> None:
            footage, _ = _require_poses(self._session.state)
            self._writable_folder(footage).delete(version)
            self._session.update(
                lambda state: replace(
                    state, versions=tuple(v for v in state.versions if v.id != version)
                )
            )

        submit_once(self._tasks, "Deleting a version", delete)

    def motion(self, footage: Footage, version: str) -> Motion:
        """Read a version's poses; on the compute thread.

        Raises:
            PoseFileError: it is missing or damaged.
        """
        return self._load(footage, version)[1]

    def add(self, state: SessionState, motion: Motion, name: str, kind: VersionKind) -> Version:
        """Keep poses that came of the settings of a state; on the compute thread.

        Raises:
            OutputError: they cannot be written.
        """
        assert state.footage is not None
        version = self._described(state, state.footage, motion, kind, name)
        self._add(state.footage, version, motion)
        return version

    def save_corrections(self) -> None:
        """Keep what was put right, as it is when the compute thread comes to it."""
        self._saves += 1
        self._tasks.worker.request_look("corrections", Look(self._saves, self._save_corrections))

    def _save_corrections(self) -> None:
        state = self._session.state
        if state.footage is None:
            return
        folder = self._session_of(state.footage)
        if folder.is_dir() and not self._tasks.stages.may_save(folder):
            return
        try:
            if state.corrections.motion is None and state.corrections.start is None:
                forget_corrections(folder)
            else:
                folder.mkdir(parents=True, exist_ok=True)
                write_corrections(folder, state.corrections)
                self._remember(folder)
        except (NeuhmrError, OSError) as error:
            logger.warning("the corrections were not saved: %s", error)
            self._tasks.notices.warn_once(
                "Corrections cannot be saved", f"{error} Export before you close the workbench."
            )

    def _open(self) -> None:
        """List what is kept of a clip, and show again what was put right."""
        self._run, self._taken_up = None, None
        state = self._session.state
        footage = state.footage
        if footage is None or footage.initial is None:
            return
        folder = self._session_of(footage)
        if folder.is_dir() and self._tasks.stages.may_save(folder):
            self._remember(folder)
        frames = footage.initial.frame_index
        versions, damaged = self._folder(footage).read_all(frames)
        if damaged:
            self._tasks.notices.warn(
                "Some versions cannot be used",
                f"Damaged, of another clip or of another program: {_listed(damaged)}. They were "
                "left alone.",
            )
        corrections = None
        try:
            corrections = read_corrections(folder, frames)
        except (NeuhmrError, ValueError) as error:
            logger.warning("the corrections were left alone: %s", error)
            self._tasks.notices.warn(
                "What was put right cannot be read", f"{error} The poses before it are shown."
            )
        self._session.update(
            lambda now: replace(now, versions=versions, corrections=corrections or now.corrections)
        )

    def _settle(self, state: SessionState) -> None:
        """Make or renew the version of a run that has come to rest."""
        self._save_corrections()
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
        version = self._described(state, footage, report.motion, "run", None)
        if is_same and known is not None:
            version = replace(version, id=known.id, name=known.name, parent=known.parent)
        self._run = run
        self._add(footage, version, report.motion)
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
        by_hand = self._described(replace(state, report=None), footage, start, "hand", None)
        self._add(footage, by_hand, start)
        return replace(self._session.state, version=by_hand.id)

    def _take_up(self, version: str) -> None:
        footage, _ = _require_poses(self._session.state)
        found, motion = self._load(footage, version)
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
        self._save_corrections()

    def _described(
        self,
        state: SessionState,
        footage: Footage,
        motion: Motion,
        kind: VersionKind,
        name: str | None,
    ) -> Version:
        config, report = state.config, state.report
        assert config is not None
        label = {"run": "Run", "hand": "By hand", "branch": "Branch", "sweep": "Sweep"}[kind]
        return Version(
            id=new_id(),
            name=name or _free_name(label, (v.name for v in state.versions)),
            kind=kind,
            created=time_now(),
            parent=state.version,
            step=report.step if report else 0,
            total_steps=report.total_steps if report else 0,
            preset=config.name,
            settings=values_of(config),
            weights=state.avatar.weights if state.avatar else "",
            metrics=measured(state, footage, motion),
            corrected=tuple(sorted(state.corrections.frames)),
            invalid=tuple(sorted(state.corrections.invalid)),
        )

    def _add(self, footage: Footage, version: Version, motion: Motion) -> None:
        """Write a version and put it into the list, in place of one with the same id."""
        folder = self._writable_folder(footage)
        folder.save(version, motion)
        self._remember(folder.folder.parent)

        def change(state: SessionState) -> SessionState:
            others = [v for v in state.versions if v.id != version.id]
            listed = sorted([*others, version], key=lambda v: v.id)
            return replace(state, versions=tuple(listed))

        self._session.update(change)

    def _load(self, footage: Footage, version: str) -> tuple[Version, Motion]:
        assert footage.initial is not None
        return self._folder(footage).load(version, footage.initial.frame_index)

    def _session_of(self, footage: Footage) -> Path:
        return folder_for_person(self._folder_of(footage.path), footage)

    def _folder(self, footage: Footage) -> VersionFolder:
        return VersionFolder(self._session_of(footage) / "versions")

    def _writable_folder(self, footage: Footage) -> VersionFolder:
        """Give the versions' folder for writing.

        Raises:
            WorkbenchError: another workbench has the session.
        """
        session = self._session_of(footage)
        if session.is_dir() and not self._tasks.stages.may_save(session):
            raise WorkbenchError(
                f"{session} is in use by another workbench, so versions cannot be changed here; "
                "close the other one, or start with --session and another folder."
            )
        return self._folder(footage)

    def _remember(self, folder: Path) -> None:
        request = self._session.state.request
        if request is not None:
            try:
                remember_clip(folder, request)
            except NeuhmrError as error:
                logger.warning("the session's clip was not noted: %s", error)


def measured(state: SessionState, footage: Footage, motion: Motion) -> dict[str, float]:
    """Say how good poses are, by whatever is known of them."""
    found: dict[str, float] = {}
    if footage.truth is not None:
        distances = joint_distances_mm(footage, motion, footage.truth)["values"]
        if len(distances):
            found["error_mm"] = float(np.mean(distances))
    if state.judged is not None:
        found["iou"] = state.judged.iou_after
        found["iou_before"] = state.judged.iou_before
    if state.report is not None:
        found["turned_deg"] = state.report.residual_angle_deg
        found["loss"] = float(sum(state.report.terms.values()))
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _require_poses(state: SessionState) -> tuple[Footage, Motion]:
    if state.footage is None or state.best is None:
        raise WorkbenchError("There are no poses yet; open a clip with a person.")
    return state.footage, state.best


def _free_name(label: str, taken: Iterable[str]) -> str:
    names = set(taken)
    number = 1
    while f"{label} {number}" in names:
        number += 1
    return f"{label} {number}"


def _listed(names: tuple[str, ...], most: int = 5) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
