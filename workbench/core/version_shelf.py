"""The versions of a clip: the list in the state and the files in the session's folder, in step."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from neuhmr.body.motion import Motion
from neuhmr.errors import NeuhmrError
from neuhmr.refine.settings.table import values_of
from workbench.core.looks import joint_distances_mm
from workbench.core.session import SessionState
from workbench.core.session_folder import folder_for_person, remember_clip
from workbench.core.tasks import Tasks
from workbench.core.version import Version, VersionKind
from workbench.core.version_folder import VersionFolder, new_id, time_now
from workbench.engine.interface import Footage
from workbench.errors import WorkbenchError

logger = logging.getLogger(__name__)
_LABELS: dict[VersionKind, str] = {
    "run": "Run", "hand": "By hand", "branch": "Branch", "sweep": "Sweep"
}  # fmt: skip


class VersionShelf:
    """Everything here is done on the compute thread."""

    def __init__(self, tasks: Tasks, folder_of: Callable[[Path], Path]) -> None:
        """Attach to a session.

        Args:
            tasks: its verbs.
            folder_of: the session folder of a clip.
        """
        self._tasks, self._session, self._folder_of = tasks, tasks.session, folder_of

    def put(self, footage: Footage, version: Version, motion: Motion) -> None:
        """Write a version and put it into the list, in place of one with the same id.

        Raises:
            OutputError: it cannot be written.
            WorkbenchError: another workbench has the session.
        """
        folder = self._writable(footage)
        folder.save(version, motion)
        self.remember_clip(folder.folder.parent)

        def change(state: SessionState) -> SessionState:
            others = [v for v in state.versions if v.id != version.id]
            listed = sorted([*others, version], key=lambda v: v.id)
            return replace(state, versions=tuple(listed))

        self._session.update(change)

    def load(self, footage: Footage, version: str) -> tuple[Version, Motion]:
        """Read a version and its poses.

        Raises:
            PoseFileError: it is missing or damaged.
        """
        assert footage.initial is not None
        return self._folder(footage).load(version, footage.initial.frame_index)

    def load_all(
        self, footage: Footage, frames: torch.Tensor
    ) -> tuple[tuple[Version, ...], tuple[str, ...]]:
        """Read what is kept of a clip's frames, and name what is damaged."""
        return self._folder(footage).read_all(frames)

    def delete(self, footage: Footage, version: str) -> None:
        """Remove a version for good.

        Raises:
            WorkbenchError: another workbench has the session.
        """
        self._writable(footage).delete(version)
        self._session.update(
            lambda state: replace(
                state, versions=tuple(v for v in state.versions if v.id != version)
            )
        )

    def describe(
        self,
        state: SessionState,
        footage: Footage,
        motion: Motion,
        kind: VersionKind,
        name: str | None = None,
    ) -> Version:
        """Say what made poses and how good they are; a free name where none is given."""
        config, report = state.config, state.report
        assert config is not None
        return Version(
            id=new_id(),
            name=name or _free_name(_LABELS[kind], (v.name for v in state.versions)),
            kind=kind,
            created=time_now(),
            parent=state.version,
            step=report.step if report else 0,
            total_steps=report.total_steps if report else 0,
            preset=config.name,
            settings=values_of(config),
            weights=state.avatar.weights if state.avatar else "",
            metrics=_measured(state, footage, motion),
            corrected=tuple(sorted(state.corrections.frames)),
            invalid=tuple(sorted(state.corrections.invalid)),
        )

    def session_folder(self, footage: Footage) -> Path:
        """Say where the session of a clip's person is kept."""
        return folder_for_person(self._folder_of(footage.path), footage)

    def may_write(self, footage: Footage) -> bool:
        """Tell whether the clip's session is this workbench's to write."""
        folder = self.session_folder(footage)
        return not folder.is_dir() or self._tasks.stages.may_save(folder)

    def remember_clip(self, folder: Path) -> None:
        """Note in a session's folder what its clip was opened with."""
        request = self._session.state.request
        if request is not None:
            try:
                remember_clip(folder, request)
            except NeuhmrError as error:
                logger.warning("the session's clip was not noted: %s", error)

    def _folder(self, footage: Footage) -> VersionFolder:
        return VersionFolder(self.session_folder(footage) / "versions")

    def _writable(self, footage: Footage) -> VersionFolder:
        if not self.may_write(footage):
            raise WorkbenchError(
                f"{self.session_folder(footage)} is in use by another workbench, so versions "
                "cannot be changed here; close the other one, or start with --session and "
                "another folder."
            )
        return self._folder(footage)


def _measured(state: SessionState, footage: Footage, motion: Motion) -> dict[str, float]:
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


def _free_name(label: str, taken: Iterable[str]) -> str:
    names = set(taken)
    number = 1
    while f"{label} {number}" in names:
        number += 1
    return f"{label} {number}"
