"""Moves the browsers' cameras: framing the person, following, looking from the video camera."""

import time
from dataclasses import dataclass

import numpy as np
import viser
from jaxtyping import Float

from workbench.core.session import Session, SessionState
from workbench.engine.interface import Footage
from workbench.scene.picking import intrinsics
from workbench.scene.viewpoints import (
    FIELD_OF_VIEW,
    behind_bodies,
    clip_points,
    frame_points,
    lens_behind,
    stand_before,
)

_UP = np.array([0.0, -1.0, 0.0])
_SETTLE_S = 1.0
"""A browser tells its new place a little later than it was moved there; ..."""
_PATIENCE_S = 15.0
"""... a busy one, that draws without a GPU, a good deal later."""
_OTHER_SHAPE = 0.01
"""By this share the view's shape may change before the person is framed anew."""
_AWAY_M = 0.03
"""Farther than so from the video camera, the user has orbited away (m)."""


@dataclass(frozen=True)
class _Stand:
    """Where a camera was put, for what, and for which shape of the view."""

    points: Float[np.ndarray, "points 3"]
    aspect: float
    position: Float[np.ndarray, "3"]

    def is_left(self, camera: viser.CameraHandle) -> bool:
        """Whether the user has moved the camera since."""
        return bool(np.linalg.norm(camera.position - self.position) > _AWAY_M)

    def is_outgrown(self, camera: viser.CameraHandle) -> bool:
        """Whether the view has another shape by now: panels fold, pages are resized."""
        return abs(camera.aspect - self.aspect) > _OTHER_SHAPE * self.aspect


@dataclass
class _Seat:
    """One browser's camera: what it was framed for, and where it was before."""

    framed: Footage | None = None
    stands: "_Stand | None" = None
    home: tuple[np.ndarray, np.ndarray] | None = None
    """Position and target before it went to the video camera (m)."""
    since: float = 0.0
    is_there: bool = False
    """It has told that it stands at the video camera."""
    shown: tuple[Footage, int, float] | None = None
    """Clip, frame and shape of the background."""


class CameraRig:
    """Looks after every connected browser; used by one thread."""

    def __init__(self, server: viser.ViserServer, session: Session) -> None:
        self._server = server
        self._session = session
        self._seats: dict[int, _Seat] = {}
        self._wants_framing = False
        self._pelvis: Float[np.ndarray, 3] | None = None
        self._points: Float[np.ndarray, "points 3"] = np.zeros((0, 3))
        self._points_of: Footage | None = None

    def frame_person(self) -> None:
        """Show the person of the present frame, in all tabs, at the next tick."""
        self._wants_framing = True

    def tick(self, state: SessionState) -> None:
        """Move cameras that have to be moved."""
        clients = self._server.get_clients()
        self._seats = {key: self._seats.get(key, _Seat()) for key in clients}
        footage, motion = state.footage, state.rendered_motion
        if footage is None or motion is None:
            return
        if self._points_of is not footage and footage.initial is not None:
            self._points, self._points_of = clip_points(footage, footage.initial), footage
            self._start_new_tabs()
        points = self._points
        if self._wants_framing:
            here = frame_points(footage, motion, state.view.frame)
            points = here if len(here) else points
            self._session.set_view(from_camera=False)
        moved = self._moved(state)
        for key, client in clients.items():
            seat = self._seats[key]
            if len(points) and (seat.framed is not footage or self._wants_framing):
                self._frame(client, seat, points)
                seat.framed, seat.home = footage, None
            elif state.view.from_camera:
                self._show_from_camera(client, seat, state)
            elif seat.home is not None:
                self._leave(client, seat)
            elif moved is not None and state.view.follows:
                client.camera.position = client.camera.position + moved
                seat.stands = None
            elif seat.stands is not None and seat.stands.is_outgrown(client.camera):
                if not seat.stands.is_left(client.camera):
                    self._frame(client, seat, seat.stands.points)
        self._wants_framing = False

    def _frame(
        self, client: viser.ClientHandle, seat: _Seat, points: Float[np.ndarray, "points 3"]
    ) -> None:
        aspect = float(client.camera.aspect)
        position, target = stand_before(points, aspect)
        _look_at(client, position, target)
        seat.stands = _Stand(points, aspect, position)

    def _start_new_tabs(self) -> None:
        """Let tabs that open later begin near the right place."""
        if not len(self._points):
            return
        position, target = stand_before(self._points, 1.0)
        start = self._server.initial_camera
        start.fov = FIELD_OF_VIEW
        start.position = (float(position[0]), float(position[1]), float(position[2]))
        start.look_at = (float(target[0]), float(target[1]), float(target[2]))

    def _moved(self, state: SessionState) -> Float[np.ndarray, "3"] | None:
        """Tell how far the pelvis went since the last tick (m)."""
        footage, motion = state.footage, state.rendered_motion
        if not state.view.follows or footage is None or motion is None:
            self._pelvis = None
            return None
        posed = footage.pose(motion, state.view.frame)
        if posed is None:
            return None
        before, self._pelvis = self._pelvis, posed.joints[0].copy()
        return None if before is None else self._pelvis - before

    def _show_from_camera(
        self, client: viser.ClientHandle, seat: _Seat, state: SessionState
    ) -> None:
        footage, frame = state.footage, state.view.frame
        assert footage is not None
        now = time.monotonic()
        camera = client.camera
        if seat.home is None:
            seat.home, seat.since, seat.shown = (camera.position, camera.look_at), now, None
            seat.is_there = False
        elif np.linalg.norm(camera.position) <= _AWAY_M:
            seat.is_there = True
        elif now - seat.since > (_SETTLE_S if seat.is_there else _PATIENCE_S):
            self._session.set_view(from_camera=False)  # The user has orbited away.
            self._forget_background(client, seat)
            seat.home = None
            camera.fov = FIELD_OF_VIEW
            return
        aspect = round(float(camera.aspect), 4)
        if seat.shown == (footage, frame, aspect):
            return
        is_first = seat.shown is None or seat.shown[2] != aspect
        seat.shown = (footage, frame, aspect)
        video = footage.video
        lens = lens_behind(intrinsics(footage, frame), video.width, video.height, aspect)
        if is_first or footage.camera.K.dim() == 3:
            camera.fov = lens.fov
        if is_first:
            seat.since = now
            _look_at(client, np.zeros(3), np.array([0.0, 0.0, _depth(state)]), lens.fov)
        picture = behind_bodies(video.frame(frame), lens)
        client.scene.set_background_image(picture, format="jpeg", jpeg_quality=82)

    def _leave(self, client: viser.ClientHandle, seat: _Seat) -> None:
        assert seat.home is not None
        position, target = seat.home
        self._forget_background(client, seat)
        _look_at(client, position, target)
        seat.home = None

    def _forget_background(self, client: viser.ClientHandle, seat: _Seat) -> None:
        seat.shown = None
        client.scene.set_background_image(None)


def _depth(state: SessionState) -> float:
    """How far the person is from the video camera (m); orbiting turns around there."""
    footage, motion = state.footage, state.rendered_motion
    assert footage is not None and motion is not None
    posed = footage.pose(motion, state.view.frame)
    return 3.0 if posed is None else max(float(posed.joints[0, 2]), 0.5)


def _look_at(
    client: viser.ClientHandle,
    position: Float[np.ndarray, "3"],
    target: Float[np.ndarray, "3"],
    fov: float = FIELD_OF_VIEW,
) -> None:
    camera = client.camera
    camera.fov = fov
    camera.up_direction = _UP
    camera.position = position
    camera.look_at = target
