"""Small computations for the stages' tabs: one frame, one map or one picture at a time.

They run on the compute thread between a job's items, and only while things stand still. What was
computed is kept for as long as it belongs to what is set: the same poses, anchors and settings.
"""

from collections.abc import Callable, Mapping
from dataclasses import astuple, replace

from neuhmr.body.motion import Motion
from workbench.core.identity import SameObjects
from workbench.core.session import ON_THE_MOVE, Session, SessionState
from workbench.core.stage_results import (
    MatchSummary,
    OrbitPicture,
    SimilarityMap,
    StageResults,
)
from workbench.core.stages import Stages
from workbench.core.worker import Look
from workbench.engine.exchange import motion_row
from workbench.engine.free_view import Viewpoint
from workbench.engine.interface import AvatarStage
from workbench.errors import WorkbenchError

REST_S = 0.25
"""How long the 3D view must stay the same before a fine picture is rendered (s)."""
COARSE_VIEW, FINE_VIEW = (100, 75), (400, 300)
"""(height, width) of free views while the 3D view moves, and once it rests (px)."""


class StageLooks:
    """Notices what the tabs lack and asks the compute thread for it. Used by one thread."""

    def __init__(
        self, session: Session, request_look: Callable[[str, Look], None], stages: Stages
    ) -> None:
        """Get ready.

        Args:
            session: where results go.
            request_look: the compute thread's mailbox.
            stages: own the optimizer; called on the compute thread.
        """
        self._session = session
        self._request_look = request_look
        self._stages = stages
        self._wanted = SameObjects()
        self._wanted_since = 0.0

    def tick(self, state: SessionState, now: float) -> None:
        """Ask for whatever the tabs lack; `now` is a steady clock's time (s)."""
        if state.avatar is not None and state.rendered_motion is not None:
            self._ask_orbit(state, state.avatar, state.rendered_motion, now)
        if state.view.is_playing or state.phase in ON_THE_MOVE or state.job is not None:
            return
        self._ask_depths(state)
        self._ask_window(state)
        self._ask_similarity(state)
        self._ask_quality(state)
        self._ask_matches(state)

    def _ask_depths(self, state: SessionState) -> None:
        anchors = state.anchors
        if anchors is None or state.stage_results.depths_of(anchors) is not None:
            return

        def compute() -> None:
            tests = anchors.depth_tests()
            self._keep(lambda results: replace(results, depths=(anchors, tests)))

        self._request_look("depth tests", Look(SameObjects(anchors), compute))

    def _ask_window(self, state: SessionState) -> None:
        if state.anchors is None:
            return
        key, frame, joint = window_key(state), state.view.frame, state.view.joint

        def compute() -> None:
            found = self._stages.depth_around(frame, joint)
            if found is not None:
                self._keep(lambda results: replace(results, window=(key, found)))

        self._request_look("depth window", Look(key, compute))

    def _ask_similarity(self, state: SessionState) -> None:
        anchors, frame, joint = state.anchors, state.view.frame, state.view.joint
        if anchors is None or not state.view.stages.show_similarity:
            return

        def compute() -> None:
            found = SimilarityMap(anchors, frame, joint, anchors.similarity_map(frame, joint))
            self._keep(lambda results: replace(results, similarity=found))

        self._request_look("similarity", Look(SameObjects(anchors, frame, joint), compute))

    def _ask_quality(self, state: SessionState) -> None:
        avatar, motion = state.avatar, state.rendered_motion
        if avatar is None or motion is None:
            return
        key = quality_key(state)
        known = state.stage_results.quality.of(key)
        frame = _next_frame(state, motion, known, state.view.stages.fill_quality)
        if frame is None:
            return

        def compute() -> None:
            quality = avatar.quality(motion, frame)
            if quality is not None:
                self._keep(lambda r: replace(r, quality=r.quality.plus(key, frame, quality)))

        self._request_look("quality", Look(SameObjects(key, frame), compute))

    def _ask_matches(self, state: SessionState) -> None:
        motion = state.best
        if state.anchors is None or state.config is None or motion is None:
            return
        key = matches_key(state)
        known = state.stage_results.matches.of(key)
        frame = _next_frame(state, motion, known, state.view.stages.fill_matches)
        if frame is None:
            return

        def compute() -> None:
            report = self._stages.inspect(frame)
            if report is not None and matches_key(self._session.state) == key:
                summary = MatchSummary.of(report)
                self._keep(lambda r: replace(r, matches=r.matches.plus(key, frame, summary)))

        self._request_look("matches", Look(SameObjects(key, frame), compute))

    def _ask_orbit(
        self, state: SessionState, avatar: AvatarStage, motion: Motion, now: float
    ) -> None:
        viewpoint, frame = state.view.stages.orbit, state.view.frame
        if state.view.stages.compare != "free view" or viewpoint is None:
            return
        wanted = SameObjects(avatar, motion, frame, viewpoint)
        if wanted != self._wanted:
            self._wanted, self._wanted_since = wanted, now
        is_moving = state.view.is_playing or state.phase in ON_THE_MOVE
        is_fine = now - self._wanted_since > REST_S and not is_moving
        shown = state.stage_results.orbit
        if not is_fine and shown is not None and wanted == _seen(shown):
            return

        def compute() -> None:
            picture = _orbit_picture(avatar, motion, frame, viewpoint, is_fine)
            self._keep(lambda results: replace(results, orbit=picture))

        self._request_look("orbit", Look(SameObjects(wanted, int(is_fine)), compute))

    def _keep(self, change: Callable[[StageResults], StageResults]) -> None:
        self._session.update(
            lambda state: replace(state, stage_results=change(state.stage_results))
        )


def quality_key(state: SessionState) -> SameObjects:
    """Say what the quality of renderings belongs to."""
    return SameObjects(state.avatar, state.rendered_motion)


def window_key(state: SessionState) -> SameObjects:
    """Say what depths around the selected joint belong to."""
    shown = (state.view.frame, state.view.joint)
    return SameObjects(state.report, state.restored, state.anchors, shown)


def matches_key(state: SessionState) -> SameObjects:
    """Say what matches belong to: the poses, the descriptors, and how the frame is searched."""
    matching = () if state.config is None else astuple(state.config.matching)
    return SameObjects(state.report, state.restored, state.anchors, matching)


def _next_frame(
    state: SessionState, motion: Motion, known: Mapping[int, object], is_filling: bool
) -> int | None:
    """Find the frame to compute next: the shown one, then those nearest to it."""
    shown = state.view.frame
    if shown not in known and motion_row(motion, shown) is not None:
        return shown
    if not is_filling:
        return None
    frames = motion.frame_index[motion.valid].tolist()
    missing = [frame for frame in frames if frame not in known]
    return min(missing, key=lambda frame: abs(frame - shown), default=None)


def _seen(picture: OrbitPicture) -> SameObjects:
    return SameObjects(picture.avatar, picture.motion, picture.frame, picture.viewpoint)


def _orbit_picture(
    avatar: AvatarStage, motion: Motion, frame: int, viewpoint: Viewpoint, is_fine: bool
) -> OrbitPicture:
    image, problem = None, ""
    try:
        image = avatar.view(motion, frame, viewpoint, FINE_VIEW if is_fine else COARSE_VIEW)
    except WorkbenchError as error:
        problem = str(error)
    return OrbitPicture(avatar, motion, frame, viewpoint, image, is_fine, problem)
