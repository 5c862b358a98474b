"""The only thread that writes the scene and the panels.

Thirty times a second it looks at the newest state, moves the play head, and sends what changed in
one piece. Whatever fails is told once and does not end the thread.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

import numpy as np
import viser
from jaxtyping import Float

from workbench.core.frame_cache import FrameCache
from workbench.core.looks import Looks
from workbench.core.notices import Notices
from workbench.core.playback import Playback
from workbench.core.session import ON_THE_MOVE, Session, SessionState
from workbench.panels.video_panel import VideoPanel
from workbench.scene.bodies import BodiesView
from workbench.scene.camera_frustum import CameraView
from workbench.scene.frame_view import frame_request
from workbench.scene.orientation_sphere import OrientationSphereView

logger = logging.getLogger(__name__)

TICK_S = 1.0 / 30.0
REST_S = 0.15
"""Bodies are drawn exactly once the view has rested so long (s)."""
PANEL_INTERVAL_S = 0.12
"""Panels hold text and plots: eight times a second is enough."""


class Panel(Protocol):
    """A part of the window that shows the state."""

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        ...


class SceneWriter:
    """Draws the state until it is stopped."""

    def __init__(
        self,
        server: viser.ViserServer,
        session: Session,
        playback: Playback,
        looks: Looks,
        notices: Notices,
        video: VideoPanel,
        panels: list[Panel],
    ) -> None:
        self._server = server
        self._session = session
        self._playback = playback
        self._looks = looks
        self._notices = notices
        self._video = video
        self._panels: list[Panel] = [video, *panels]
        self._frames = FrameCache(notices.error)
        self._bodies = BodiesView(server.scene)
        self._camera = CameraView(server)
        self._sphere = OrientationSphereView(server.scene)
        self._moved_to: tuple[int, object] = (-1, None)
        self._moved_at = 0.0
        self._shown_motions: object = None
        self._shown_picture: object = None
        self._panel_version = -1
        self._panels_at = 0.0
        self._failed: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scene", daemon=True)

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
        while not self._stop.wait(TICK_S):
            self.tick(time.monotonic())

    def tick(self, now: float) -> None:
        """Draw once; `now` is a steady clock's time (s)."""
        if self._playback.is_playing:
            self._session.set_view(frame=self._playback.frame(now))
        version = self._session.version
        state = self._session.state
        self._try("looks", lambda: self._looks.tick(state, now))
        with self._server.atomic():
            self._try("bodies", lambda: self._bodies.draw(state))
            self._try("camera", lambda: self._camera.draw(state))
            self._try("sphere", lambda: self._sphere.draw(state, self._pelvis(state)))
            self._try("frame", lambda: self._draw_frame(state, now))
        is_due = now - self._panels_at >= PANEL_INTERVAL_S
        if is_due and version != self._panel_version:
            self._panel_version, self._panels_at = version, now
            for panel in self._panels:
                # Not the tick's state: by now the user may have moved the very widget.
                self._try(
                    type(panel).__name__, lambda panel=panel: panel.refresh(self._session.state)
                )
        if is_due:
            self._try("rendering", lambda: self._video.show_rendering(state))
        self._server.flush()

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
        self._frames.request(request.key, request.paint)
        newest = self._frames.newest
        if newest is not None and newest is not self._shown_picture:
            self._shown_picture = newest
            self._video.show_frame(newest.image)

    def _pelvis(self, state: SessionState) -> Float[np.ndarray, "3"] | None:
        """Place the sphere by where the person is on the whole, so that it stands still."""
        if state.anchors is None or state.initial is None:
            return None
        transl = state.initial.transl[state.initial.valid]
        return transl.median(dim=0).values.numpy() if len(transl) else None

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
