"""The only thread that writes the scene and the panels.

Thirty times a second it looks at the newest state, moves the play head, and sends what changed in
one piece. Whatever fails is told once and does not end the thread.
"""

import logging
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Protocol

import viser

from workbench.core.frame_cache import FrameCache
from workbench.core.looks import Looks
from workbench.core.notices import Notices
from workbench.core.playback import Playback
from workbench.core.session import ON_THE_MOVE, Session, SessionState
from workbench.core.timeline import loop_of
from workbench.engine.exchange import Image
from workbench.panels.picture_panel import PicturePanel
from workbench.scene.frame_view import frame_request

logger = logging.getLogger(__name__)

TICK_S = 1.0 / 30.0
LEAST_PAUSE_S = 0.008
"""Between two ticks on a machine that cannot keep up (s), so that others get their turn."""
REST_S = 0.15
"""Bodies are drawn exactly once the view has rested so long (s)."""
FRAMES_AHEAD = 12
"""While the clip plays, so many pictures are painted before they are asked for."""
PANEL_INTERVAL_S = 0.12
"""Panels hold text and plots: eight times a second is enough."""


class Panel(Protocol):
    """A part of the window that shows the state."""

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        ...


Draw = Callable[[SessionState], None]


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a window consists of."""

    picture: PicturePanel
    drawn: dict[str, Draw]
    """By name: called at every tick, sent in one piece with the others."""
    ticked: dict[str, Draw]
    """By name: called at every tick."""
    live: list[Panel]
    """Shown a few times a second: clocks, notices."""
    panels: list[Panel]
    """Shown a few times a second where the state has changed."""


class SceneWriter:
    """Draws the state until it is stopped."""

    def __init__(
        self,
        server: viser.ViserServer,
        session: Session,
        playback: Playback,
        looks: Looks,
        notices: Notices,
        parts: Parts,
    ) -> None:
        self._server = server
        self._session = session
        self._playback = playback
        self._looks = looks
        self._notices = notices
        self._parts = parts
        self._frames = FrameCache(notices.error)
        self._moved_to: tuple[int, object] = (-1, None)
        self._moved_at = 0.0
        self._shown_motions: object = None
        self._shown_picture: object = None
        self._panel_version = -1
        self._panels_at = 0.0
        self._failed: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scene", daemon=True)

    @property
    def picture(self) -> PicturePanel:
        """Where painted frames are put up."""
        return self._parts.picture

    def start(self) -> None:
        """Begin to draw."""
        self._frames.start()
        self._thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout)
        self._frames.stop()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stop.wait(max(due - time.monotonic(), LEAST_PAUSE_S)):
            now = time.monotonic()
            # What a tick takes is no part of the pause; ticks that were missed are not made up.
            due = max(due + TICK_S, now)
            self.tick(now)

    def tick(self, now: float) -> None:
        """Draw once; `now` is a steady clock's time (s)."""
        if self._playback.is_playing:
            self._playback.loop(loop_of(self._session.state), now)
            self._session.set_view(frame=self._playback.frame(now))
        version = self._session.version
        state = self._session.state
        self._try("looks", lambda: self._looks.tick(state, now))
        with self._server.atomic():
            for name, draw in self._parts.drawn.items():
                self._try(name, lambda draw=draw: draw(state))
            self._try("frame", lambda: self._draw_frame(state, now))
        for name, tick in self._parts.ticked.items():
            self._try(name, lambda tick=tick: tick(state))
        if now - self._panels_at >= PANEL_INTERVAL_S:
            self._panels_at = now
            self._refresh(self._parts.live)
            if version != self._panel_version:
                self._panel_version = version
                self._refresh(self._parts.panels)
        self._server.flush()

    def _refresh(self, panels: list[Panel]) -> None:
        for panel in panels:
            # Not the tick's state: by now the user may have moved the very widget.
            self._try(type(panel).__name__, lambda panel=panel: panel.refresh(self._session.state))

    def _draw_frame(self, state: SessionState, now: float) -> None:
        if (state.view.frame, state.report) != self._moved_to:
            self._moved_to, self._moved_at = (state.view.frame, state.report), now
        is_resting = now - self._moved_at > REST_S and state.phase not in ON_THE_MOVE
        request = frame_request(state, is_quick=state.view.is_playing or not is_resting)
        if request is None:
            return
        if request.motions != self._shown_motions:
            self._shown_motions = request.motions
            self._frames.forget()
        ahead = self._ahead(state) if state.view.is_playing else []
        self._frames.request(request.key, request.paint, ahead)
        newest = self._frames.newest
        if newest is not None and newest is not self._shown_picture:
            self._shown_picture = newest
            self._parts.picture.show_frame(newest.image)

    def _ahead(self, state: SessionState) -> list[tuple[Hashable, Callable[[], Image]]]:
        """List the pictures that playing will ask for next."""
        found: list[tuple[Hashable, Callable[[], Image]]] = []
        for step in range(1, FRAMES_AHEAD + 1):
            frame = self._playback.after(state.view.frame, step)
            later = replace(state, view=replace(state.view, frame=frame))
            request = frame_request(later, is_quick=True)
            if request is not None:
                found.append((request.key, request.paint))
        return found

    def _try(self, name: str, draw: Callable[[], None]) -> None:
        try:
            draw()
        except Exception as error:  # A part that fails must not take the window down.
            if name not in self._failed:
                self._failed.add(name)
                logger.exception("drawing %s failed", name)
                self._notices.error(error)
        else:
            self._failed.discard(name)
