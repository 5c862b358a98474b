"""Keeping hand corrections as they are made, so that a crash costs none."""

import logging

import torch

from neuhmr.errors import NeuhmrError
from workbench.core.correction_file import (
    forget_corrections,
    read_corrections,
    write_corrections,
)
from workbench.core.corrections import Corrections
from workbench.core.tasks import Tasks
from workbench.core.version_shelf import VersionShelf
from workbench.core.worker import Look
from workbench.engine.interface import Footage

logger = logging.getLogger(__name__)


class CorrectionKeeper:
    """Writes what was put right into the session's folder."""

    def __init__(self, tasks: Tasks, shelf: VersionShelf) -> None:
        self._tasks, self._shelf = tasks, shelf
        self._saves = 0

    def save(self) -> None:
        """Keep what was put right, as it is when the compute thread comes to it."""
        self._saves += 1
        self._tasks.worker.request_look("corrections", Look(self._saves, self.save_now))

    def save_now(self) -> None:
        """Keep what was put right; on the compute thread."""
        state = self._tasks.session.state
        if state.footage is None or not self._shelf.may_write(state.footage):
            return
        folder = self._shelf.session_folder(state.footage)
        try:
            if state.corrections.motion is None and state.corrections.start is None:
                forget_corrections(folder)
            else:
                folder.mkdir(parents=True, exist_ok=True)
                write_corrections(folder, state.corrections)
                self._shelf.remember_clip(folder)
        except (NeuhmrError, OSError) as error:
            logger.warning("the corrections were not saved: %s", error)
            self._tasks.notices.warn_once(
                "Corrections cannot be saved", f"{error} Export before you close the workbench."
            )

    def restore(self, footage: Footage, frames: torch.Tensor) -> Corrections | None:
        """Read what was put right of a clip's frames; None where nothing was, or it is damaged."""
        try:
            return read_corrections(self._shelf.session_folder(footage), frames)
        except (NeuhmrError, ValueError) as error:
            logger.warning("the corrections were left alone: %s", error)
            self._tasks.notices.warn(
                "What was put right cannot be read", f"{error} The poses before it are shown."
            )
            return None
