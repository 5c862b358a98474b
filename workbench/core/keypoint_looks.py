"""Heatmaps of what is looked at now, rendered once the view has rested.

They take seconds on a CPU. So nothing is asked for while the user scrubs, plays or refines, and of
several wishes only the newest counts.
"""

from collections.abc import Callable
from typing import TypeVar

from neuhmr.body.motion import Motion
from neuhmr.errors import NeuhmrError
from workbench.core.identity import SameObjects
from workbench.core.session import ON_THE_MOVE, Session, SessionState
from workbench.core.shown_results import KeypointLook, ViewLook
from workbench.core.worker import Look
from workbench.engine.free_view import Viewpoint
from workbench.engine.interface import AvatarStage

T = TypeVar("T")
REST_S = 0.25
"""How long the view must stay the same (s)."""


class KeypointLooks:
    """Notices what is looked at and asks the compute thread for it. Used by one thread."""

    def __init__(self, session: Session, request_look: Callable[[str, Look], None]) -> None:
        self._session = session
        self._request_look = request_look
        self._wanted = SameObjects()
        self._wanted_since = 0.0

    def tick(self, state: SessionState, now: float) -> None:
        """Ask for the heatmaps that the view of `state` lacks; `now` is a steady clock's (s)."""
        avatar, motion, view = state.avatar, state.rendered_motion, state.view
        wanted = SameObjects(avatar, motion, view.frame, view.keypoint_source, view.viewpoint)
        if wanted != self._wanted:
            self._wanted, self._wanted_since = wanted, now
        is_moving = view.is_playing or state.phase in ON_THE_MOVE
        is_resting = not is_moving and now - self._wanted_since > REST_S
        if avatar is None or motion is None or not view.find_keypoints:
            return
        if avatar.heatmaps_missing or not is_resting:
            return
        self._ask_keypoints(state, avatar, motion)
        if view.viewpoint is not None:
            self._ask_free_view(state, avatar, motion, view.viewpoint)

    def _ask_keypoints(self, state: SessionState, avatar: AvatarStage, motion: Motion) -> None:
        frame, source = state.view.frame, state.view.keypoint_source

        def compute() -> None:
            report, problem = _attempt(lambda: avatar.keypoints(motion, frame, source))
            look = KeypointLook(
                avatar=avatar,
                frame=frame,
                motion=motion,
                source=source,
                report=report,
                problem=problem,
            )
            self._session.set(keypoints=look)

        key = SameObjects(avatar, motion, frame, source)
        self._request_look("keypoints", Look(key, compute))

    def _ask_free_view(
        self,
        state: SessionState,
        avatar: AvatarStage,
        motion: Motion,
        viewpoint: Viewpoint,
    ) -> None:
        frame, source = state.view.frame, state.view.keypoint_source

        def compute() -> None:
            rendering, problem = _attempt(
                lambda: avatar.view_heatmaps(motion, frame, source, viewpoint)
            )
            look = ViewLook(
                avatar=avatar,
                frame=frame,
                motion=motion,
                source=source,
                viewpoint=viewpoint,
                rendering=rendering,
                problem=problem,
            )
            self._session.set(free_view=look)

        key = SameObjects(avatar, motion, frame, source, viewpoint)
        self._request_look("free view", Look(key, compute))


def _attempt(call: Callable[[], T | None]) -> tuple[T | None, str]:
    """Try something; where the user can do something about a failure, say what."""
    try:
        return call(), ""
    except NeuhmrError as error:
        return None, str(error)
