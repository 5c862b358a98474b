"""What is kept of a session between two launches: settings, refined poses, the optimizer.

A folder of JSON, npz and safetensors; nothing in it is ever run. Saved whenever the optimizer
comes to rest, and now and then while it runs.
"""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from neuhmr.clip.atomic import atomic_path
from neuhmr.errors import NeuhmrError
from workbench.core.notices import Notices
from workbench.core.session import Restored, SessionState
from workbench.core.session_content import read_session, session_content
from workbench.engine.interface import ExportRequest, Footage
from workbench.engine.optimizer import Optimizer

logger = logging.getLogger(__name__)

SAVE_INTERVAL_S = 30.0
"""How much of a run a crash can cost (s)."""
_DAMAGE = (
    NeuhmrError, OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError,
)  # fmt: skip
"""What reading a file that says anything at all may raise."""
_SETTINGS, _POSES, _OPTIMIZER = "session.json", "refined.npz", "optimizer.safetensors"


@dataclass(frozen=True)
class SessionKeeper:
    """Saves and restores; a folder that cannot be written is told once and then left alone."""

    notices: Notices
    folder_of: Callable[[Path], Path]
    """Session folder of a clip."""

    def save(self, state: SessionState, optimizer: Optimizer) -> None:
        """Write the session; what was saved before stays if this fails."""
        footage, report = state.footage, state.report
        if footage is None or report is None:
            return
        folder = self.folder_of(footage.path)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            request = ExportRequest(kind="motion", path=folder / _POSES)
            footage.export(report.motion, request, lambda progress: None)
            optimizer.save(folder / _OPTIMIZER)
            with atomic_path(folder / _SETTINGS) as partial:
                content = session_content(state, optimizer.config)
                partial.write_text(json.dumps(content, indent=1), encoding="utf-8")
        except (NeuhmrError, OSError) as error:
            logger.warning("the session was not saved: %s", error)
            if not any(notice.title == _NOT_SAVED for notice in self.notices.recent):
                self.notices.warn(_NOT_SAVED, f"{error} Export before you close the workbench.")

    def restore(self, state: SessionState) -> SessionState:
        """Add what was saved for the open clip; the state as it is where there is nothing."""
        footage = state.footage
        if footage is None or footage.initial is None:
            return state
        folder = self.folder_of(footage.path)
        if not (folder / _SETTINGS).is_file() or not (folder / _POSES).is_file():
            return state
        try:
            data = json.loads((folder / _SETTINGS).read_text(encoding="utf-8"))
            motion = footage.read_motion(folder / _POSES)
            restored, begun_with = read_session(state, data)
            step, total = int(data["step"]), int(data["total_steps"])
        except _DAMAGE as error:
            logger.warning("the saved session was left alone: %s", error)
            self.notices.warn(
                "The saved session cannot be used",
                f"{folder} is damaged or of another version; it is replaced by the next run.",
            )
            return state
        self.notices.info(
            "Restored",
            f"The poses of step {step} of {total}. Run goes on from there; Reset drops them.",
        )
        return replace(
            restored,
            restored=Restored(motion=motion, step=step, total_steps=total, config=begun_with),
        )

    def load_optimizer(self, footage: Footage, optimizer: Optimizer) -> bool:
        """Let an optimizer go on where the saved one stood; False where it cannot."""
        try:
            optimizer.load(self.folder_of(footage.path) / _OPTIMIZER)
        except (NeuhmrError, OSError) as error:
            logger.warning("the optimizer starts afresh: %s", error)
            self.notices.warn(
                "Starting from the beginning",
                "The saved optimizer belongs to other settings or poses; Run starts at step 1.",
            )
            return False
        return True

    def forget(self, footage: Footage) -> None:
        """Delete what was saved of a clip's session."""
        folder = self.folder_of(footage.path)
        for name in (_SETTINGS, _POSES, _OPTIMIZER):
            (folder / name).unlink(missing_ok=True)


_NOT_SAVED = "The session cannot be saved"


class SaveClock:
    """Tells when it is time to save during a run."""

    def __init__(self) -> None:
        self._saved_at = time.monotonic()

    def is_due(self) -> bool:
        """True every `SAVE_INTERVAL_S`."""
        now = time.monotonic()
        if now - self._saved_at < SAVE_INTERVAL_S:
            return False
        self._saved_at = now
        return True
