"""What is kept of a session between two launches: settings, refined poses, the optimizer.

A folder of JSON, npz and safetensors; nothing in it is ever run. Saved whenever the optimizer
comes to rest, and every few seconds while it runs. Poses and optimizer are written beside those of
the save before; `session.json`, written last, says which ones count.
"""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from neuhmr.clip.atomic import atomic_path
from neuhmr.errors import NeuhmrError
from neuhmr.files.json_text import read_json
from workbench.core.correction_file import FILE_NAME
from workbench.core.notices import Notices
from workbench.core.session import Restored, SessionState
from workbench.core.session_content import (
    SLOTS,
    read_session,
    read_slot,
    read_steps,
    session_content,
)
from workbench.core.session_folder import folder_for_person
from workbench.core.session_lock import SessionLock
from workbench.engine.exchange import ExportRequest
from workbench.engine.interface import Footage
from workbench.engine.optimizer import Optimizer
from workbench.errors import WorkbenchError

logger = logging.getLogger(__name__)

SAVE_INTERVAL_S = 5.0
"""How much of a run a crash can cost (s)."""
LONG_STEP_S = 1.0
"""A step of so long is saved by itself."""
LARGEST_SHARE = 0.1
"""Of a run's time that saving may take."""
_SETTINGS = "session.json"
_NOT_SAVED, _IN_USE = "The session cannot be saved", "This session is open elsewhere"


@dataclass(frozen=True)
class SessionKeeper:
    """Saves and restores; a folder that cannot be written is told once and then left alone."""

    notices: Notices
    folder_of: Callable[[Path], Path]
    """Session folder of a clip."""
    lock: SessionLock = field(default_factory=SessionLock)

    def save(self, state: SessionState, optimizer: Optimizer) -> None:
        """Write the session; what was saved before stays whole if this fails, or is killed."""
        footage, report = state.footage, state.report
        if footage is None or report is None:
            return
        folder = self._folder(footage)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not self.holds(folder):
                return
            slot = SLOTS[1] if _slot_of(folder) == SLOTS[0] else SLOTS[0]
            request = ExportRequest(kind="motion", path=poses_path(folder, slot))
            footage.export(report.motion, request, lambda progress: None)
            optimizer.save(optimizer_path(folder, slot))
            content = session_content(state, optimizer.config) | {"slot": slot}
            with atomic_path(folder / _SETTINGS) as partial:
                partial.write_text(json.dumps(content, indent=1), encoding="utf-8")
        except (NeuhmrError, OSError) as error:
            logger.warning("the session was not saved: %s", error)
            self._warn_once(_NOT_SAVED, f"{error} Export before you close the workbench.")

    def restore(self, state: SessionState) -> SessionState:
        """Add what was saved for the open clip; the state as it is where there is nothing."""
        footage = state.footage
        if footage is None or footage.initial is None:
            return state
        folder = self._folder(footage)
        if not (folder / _SETTINGS).is_file():
            return state
        self.holds(folder)
        try:
            data = _read(folder / _SETTINGS)
            restored, begun_with = read_session(state, data)
            step, total = read_steps(data)
            motion = footage.read_motion(poses_path(folder, read_slot(data)))
        except (NeuhmrError, OSError) as error:
            logger.warning("the saved session was left alone: %s", error)
            self._set_aside(folder, "The saved session cannot be used", str(error))
            return state
        return replace(
            restored,
            restored=Restored(motion=motion, step=step, total_steps=total, config=begun_with),
        )

    def saved_ago(self, footage: Footage) -> float:
        """Tell how long ago a clip's session or corrections were saved (s); 0 if never."""
        folder, now = self._folder(footage), time.time()
        files = [path for name in (_SETTINGS, FILE_NAME) if (path := folder / name).is_file()]
        return max(now - max((path.stat().st_mtime for path in files), default=now), 0.0)

    def load_optimizer(self, footage: Footage, optimizer: Optimizer) -> bool:
        """Let an optimizer go on where the saved one stood; False where it cannot."""
        folder = self._folder(footage)
        try:
            optimizer.load(optimizer_path(folder, _slot_of(folder) or SLOTS[0]))
        except (NeuhmrError, OSError) as error:
            logger.warning("the optimizer starts afresh: %s", error)
            self._set_aside(folder, "Starting from the beginning", str(error))
            return False
        return True

    def forget(self, footage: Footage) -> None:
        """Delete what was saved of a clip's session."""
        folder = self._folder(footage)
        if folder.is_dir() and self.holds(folder):
            for path in _files(folder):
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let another workbench have the session."""
        self.lock.release()

    def holds(self, folder: Path) -> bool:
        """Tell whether a session is this workbench's to write; say once where it is not.

        Its folder exists. Where no lock can be made, nobody else could have made one either.
        """
        try:
            holder = self.lock.hold(folder)
        except OSError as error:
            logger.warning("the session folder cannot be locked: %s", error)
            return True
        if holder is not None:
            self._warn_once(
                _IN_USE,
                f"{folder} is in use by another workbench, {holder}. What you do here is not "
                "saved: export it, or start with --session and another folder.",
            )
        return holder is None

    def _folder(self, footage: Footage) -> Path:
        return folder_for_person(self.folder_of(footage.path), footage)

    def _set_aside(self, folder: Path, title: str, reason: str) -> None:
        """Keep a session that cannot be used where the next save does not touch it."""
        where = "it stays where it is"
        if self.holds(folder):
            try:
                where = f"it is kept in {_move_aside(folder)}"
            except OSError as error:
                where = f"it could not be moved ({error.strerror}), and is replaced by the next run"
        self.notices.warn(title, f"{folder / _SETTINGS}: {reason.rstrip('.')}; {where}.")

    def _warn_once(self, title: str, body: str) -> None:
        if not any(notice.title == title for notice in self.notices.recent):
            self.notices.warn(title, body)


def poses_path(folder: Path, slot: str) -> Path:
    """Name the refined poses of a session."""
    return folder / f"refined{slot}.npz"


def optimizer_path(folder: Path, slot: str) -> Path:
    """Name the optimizer of a session."""
    return folder / f"optimizer{slot}.safetensors"


def _files(folder: Path) -> list[Path]:
    """List all that a session may consist of; the file that the others hang on comes first."""
    kinds = (poses_path, optimizer_path)
    return [folder / _SETTINGS, *(name(folder, slot) for slot in SLOTS for name in kinds)]


def _read(path: Path) -> object:
    return read_json(path, WorkbenchError, "a saved session", "it cannot be gone on with")


def _slot_of(folder: Path) -> str | None:
    """Say which poses and optimizer count; None where nothing readable is there."""
    try:
        return read_slot(_read(folder / _SETTINGS))
    except NeuhmrError:
        return None


def _move_aside(folder: Path) -> Path:
    number = 1
    while (aside := folder / f"damaged-{number}").exists():
        number += 1
    aside.mkdir()
    for path in _files(folder):
        if path.exists():
            path.rename(aside / path.name)
    return aside


class SaveClock:
    """Tells when it is time to save during a run."""

    def __init__(self) -> None:
        self._saved_at = time.monotonic()
        self._took = 0.0

    def is_due(self, step_s: float) -> bool:
        """True every `SAVE_INTERVAL_S` and after each long step, unless saving takes too long.

        Args:
            step_s: how long the step took that was just done (s).
        """
        since = time.monotonic() - self._saved_at
        is_time = since >= SAVE_INTERVAL_S or step_s >= LONG_STEP_S
        return is_time and self._took <= LARGEST_SHARE * since

    def saved(self, started: float) -> None:
        """Note that a save is done that began at a time of `time.monotonic`."""
        self._saved_at = time.monotonic()
        self._took = self._saved_at - started
