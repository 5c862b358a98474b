"""Telling the user: errors and results become short notices, and the server lives on."""

import functools
import logging
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Literal

from neuhmr.errors import MisplacedPosesError, NeuhmrError
from workbench.core.session import SessionState
from workbench.server.user_event import SENT_VALUE, UserEvent

logger = logging.getLogger(__name__)

MAX_BODY_LENGTH = 600
MAX_DETAILS_LENGTH = 4000
_KEPT = 50


@dataclass(frozen=True)
class Offer:
    """What a notice offers to do."""

    label: str
    """On its button."""
    press: str
    """Which of the page's buttons it stands for."""
    is_due: Callable[[SessionState], bool]
    """As long as this holds the notice stays."""


@dataclass(frozen=True)
class Notice:
    """One message to the user."""

    title: str
    body: str
    kind: Literal["info", "success", "warning", "error"] = "info"
    details: str = ""
    """What to send to those who can mend it."""
    offer: Offer | None = None


@dataclass(frozen=True)
class Posted:
    """A notice that was shown."""

    number: int
    """Grows by one with every notice."""
    at: float
    """When, on a steady clock (s)."""
    notice: Notice


SECONDS: dict[str, float | None] = {"info": 6.0, "success": 8.0, "warning": 12.0, "error": None}
"""How long a notice stays; errors stay until they are closed."""


def notice_of_error(error: Exception) -> Notice:
    """Put an exception into the user's words."""
    if isinstance(error, NeuhmrError):
        body = error.explanation if isinstance(error, MisplacedPosesError) else str(error)
        return Notice(_titles(error), body[:MAX_BODY_LENGTH], "error", _details_of(error))
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        body = (
            "There was not enough memory for this step; close other programs, or cut the clip. "
            "Nothing was changed."
        )
        return Notice("Out of memory", body, "error", _details_of(error))
    detail = f"{type(error).__name__}: {error}"[:MAX_BODY_LENGTH]
    return Notice("This did not work", f"{detail}.", "error", _details_of(error))


def _details_of(error: Exception) -> str:
    return "".join(traceback.format_exception(error))[-MAX_DETAILS_LENGTH:]


def _titles(error: NeuhmrError) -> str:
    names = {
        "ClipError": "The clip cannot be used",
        "PoseFileError": "The poses cannot be used",
        "MisplacedPosesError": "The poses do not lie on the person",
        "BodyModelError": "The body model cannot be used",
        "CheckpointError": "The weights cannot be used",
        "OutputError": "The result cannot be written",
        "MissingDependencyError": "Something is not installed",
        "NonFiniteError": "The optimizer stopped",
    }
    return names.get(type(error).__name__, "This did not work")


class Notices:
    """Remembers the newest notices; the page shows them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._posted: deque[Posted] = deque(maxlen=_KEPT)
        self._count = 0

    @property
    def recent(self) -> tuple[Notice, ...]:
        """The newest notices, oldest first."""
        return tuple(posted.notice for posted in self.posted)

    @property
    def posted(self) -> tuple[Posted, ...]:
        """The newest notices, when and in which order they came, oldest first."""
        with self._lock:
            return tuple(self._posted)

    def show(self, notice: Notice) -> None:
        """Show a notice."""
        with self._lock:
            self._count += 1
            self._posted.append(Posted(self._count, time.monotonic(), notice))
        log = logger.warning if notice.kind in ("warning", "error") else logger.info
        log("%s: %s", notice.title, notice.body)

    def info(self, title: str, body: str) -> None:
        """Say what happened."""
        self.show(Notice(title, body))

    def success(self, title: str, body: str) -> None:
        """Say what was achieved."""
        self.show(Notice(title, body, "success"))

    def warn(self, title: str, body: str) -> None:
        """Say what the user should know before going on."""
        self.show(Notice(title, body, "warning"))

    def warn_once(self, title: str, body: str) -> None:
        """Warn of what would else be said again and again."""
        if not any(notice.title == title for notice in self.recent):
            self.warn(title, body)

    def error(self, error: Exception) -> None:
        """Say what went wrong."""
        self.show(notice_of_error(error))

    def guard(
        self, callback: Callable[[UserEvent], None]
    ) -> Callable[[Any], Coroutine[Any, Any, None]]:
        """Wrap a viser callback: what it raises becomes a notice instead of a silent print.

        It runs on viser's event loop, as only there callbacks keep the order of what the user did;
        it must return at once. A value that the program itself set is no wish of the user: such
        events are left out.
        """

        @functools.wraps(callback)
        async def guarded(event: Any) -> None:
            if getattr(event, "client_id", None) is None:
                return
            try:
                callback(UserEvent(client=event.client, value=SENT_VALUE.get()))
            except Exception as error:  # A failed callback must not go unseen.
                if not isinstance(error, NeuhmrError):
                    logger.exception("a callback failed")
                self.error(error)

        return guarded
