"""Telling the user: errors and results become short notices, and the server lives on."""

import functools
import logging
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Literal

import viser

from neuhmr.errors import NeuhmrError
from workbench.server.user_event import SENT_VALUE, UserEvent

logger = logging.getLogger(__name__)

MAX_BODY_LENGTH = 600
_KEPT = 50


@dataclass(frozen=True)
class Notice:
    """One message to the user."""

    title: str
    body: str
    kind: Literal["info", "success", "warning", "error"] = "info"


_COLORS: dict[str, tuple[int, int, int]] = {
    "info": (77, 171, 247),
    "success": (64, 192, 87),
    "warning": (250, 176, 5),
    "error": (250, 82, 82),
}
_SECONDS: dict[str, float | None] = {"info": 6.0, "success": 8.0, "warning": 12.0, "error": None}
"""How long a notice stays; errors stay until they are closed."""


def notice_of_error(error: Exception) -> Notice:
    """Put an exception into the user's words."""
    if isinstance(error, NeuhmrError):
        return Notice(_titles(error), str(error)[:MAX_BODY_LENGTH], "error")
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        body = (
            "There was not enough memory for this step; close other programs, or cut the clip. "
            "Nothing was changed."
        )
        return Notice("Out of memory", body, "error")
    detail = f"{type(error).__name__}: {error}"[:MAX_BODY_LENGTH]
    body = f"{detail}. What you had is kept; the terminal shows the details."
    return Notice("This did not work", body, "error")


def _titles(error: NeuhmrError) -> str:
    names = {
        "ClipError": "The clip cannot be used",
        "PoseFileError": "The poses cannot be used",
        "BodyModelError": "The body model cannot be used",
        "CheckpointError": "The weights cannot be used",
        "OutputError": "The result cannot be written",
        "MissingDependencyError": "Something is not installed",
        "NonFiniteError": "The optimizer stopped",
    }
    return names.get(type(error).__name__, "This did not work")


class Notices:
    """Shows notices in every open tab and remembers the newest."""

    def __init__(self, server: viser.ViserServer | None = None) -> None:
        self._server = server
        self._lock = threading.Lock()
        self._recent: deque[Notice] = deque(maxlen=_KEPT)

    @property
    def recent(self) -> tuple[Notice, ...]:
        """The newest notices, oldest first."""
        with self._lock:
            return tuple(self._recent)

    def show(self, notice: Notice) -> None:
        """Show a notice; without a server it is only remembered."""
        with self._lock:
            self._recent.append(notice)
        log = logger.warning if notice.kind in ("warning", "error") else logger.info
        log("%s: %s", notice.title, notice.body)
        if self._server is None:
            return
        for client in list(self._server.get_clients().values()):
            client.add_notification(
                notice.title,
                notice.body,
                auto_close_seconds=_SECONDS[notice.kind],
                color=_COLORS[notice.kind],
            )

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
