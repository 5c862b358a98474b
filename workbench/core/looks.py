"""Quick computations for what is looked at now: a rendering, the joints' matches, frame scores.

They run on the compute thread between a job's items; only the newest wish counts. A rendering
comes coarse first and fine once the view has rested.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from neuhmr.body.motion import Motion
from workbench.core.identity import SameObjects
from workbench.core.keypoint_looks import KeypointLooks
from workbench.core.session import ON_THE_MOVE, Session, SessionState
from workbench.core.shown_results import FrameScores, Preview
from workbench.core.stage_looks import StageLooks
from workbench.core.tasks import Tasks
from workbench.core.worker import Look
from workbench.engine.exchange import motion_row
from workbench.engine.interface import AvatarStage, Footage

COARSE_STRIDE = 4
FINE_STRIDE = 1
REST_S = 0.25
"""How long the view must stay the same before a fine rendering is asked for (s)."""


class Looks:
    """Notices what is looked at and asks the compute thread for it. Used by one thread."""

    def __init__(self, session: Session, tasks: Tasks) -> None:
        self._session = session
        self._tasks = tasks
        self._keypoints = KeypointLooks(session, tasks.worker.request_look)
        self._stages = StageLooks(session, tasks.worker.request_look, tasks.stages)
        self._wanted = SameObjects()
        self._wanted_since = 0.0

    def tick(self, state: SessionState, now: float) -> None:
        """Ask for whatever the view of `state` lacks; `now` is a steady clock's time (s)."""
        self._keypoints.tick(state, now)
        self._stages.tick(state, now)
        footage, motion = state.footage, state.best
        if footage is None or motion is None:
            return
        self._ask_scores(state, footage, motion)
        shown = state.rendered_motion
        if state.avatar is not None and shown is not None:
            self._ask_preview(state, state.avatar, shown, now)
        if state.anchors is not None and not state.view.is_playing:
            key = SameObjects(state.report, state.anchors, state.config, state.view.frame)
            frame = state.view.frame
            self._tasks.worker.request_look("joints", Look(key, lambda: self._inspect(frame)))

    def _ask_preview(
        self,
        state: SessionState,
        avatar: AvatarStage,
        motion: Motion,
        now: float,
    ) -> None:
        frame = state.view.frame
        wanted = SameObjects(avatar, motion, frame)
        if wanted != self._wanted:
            self._wanted, self._wanted_since = wanted, now
        is_resting = now - self._wanted_since > REST_S
        is_moving = state.view.is_playing or state.phase in ON_THE_MOVE
        stride = FINE_STRIDE if is_resting and not is_moving else COARSE_STRIDE
        if stride == COARSE_STRIDE and _shows(state.preview, motion, frame):
            return

        def compute() -> None:
            seen = avatar.preview(motion, frame, stride)
            if seen is None:
                return
            preview = Preview(
                frame=frame, motion=motion, stride=stride, image=seen.image, depth=seen.depth
            )
            self._session.update(
                lambda now_state: (
                    replace(now_state, preview=preview) if now_state.avatar is avatar else now_state
                )
            )

        key = SameObjects(avatar, motion, frame, stride)
        self._tasks.worker.request_look("preview", Look(key, compute))

    def _inspect(self, frame: int) -> None:
        joints = self._tasks.stages.inspect(frame)
        if joints is not None:
            self._session.set(joints=joints)

    def _ask_scores(self, state: SessionState, footage: Footage, motion: Motion) -> None:
        if state.phase in ON_THE_MOVE:
            return
        key = SameObjects(footage, motion, state.avatar)
        avatar = state.avatar

        def compute() -> None:
            scores = score_frames(footage, motion, avatar)
            self._session.update(
                lambda now_state: (
                    replace(now_state, scores=scores) if now_state.footage is footage else now_state
                )
            )

        self._tasks.worker.request_look("scores", Look(key, compute))


def _shows(preview: Preview | None, motion: Motion, frame: int) -> bool:
    return preview is not None and preview.motion is motion and preview.frame == frame


def score_frames(
    footage: Footage, motion: Motion, avatar: AvatarStage | None
) -> FrameScores | None:
    """Say where to look: distance to the truth, else how far joints moved, else the silhouettes."""
    if footage.truth is not None:
        values = joint_distances_mm(footage, motion, footage.truth)
        before = None
        if footage.initial is not None and motion is not footage.initial:
            before = joint_distances_mm(footage, footage.initial, footage.truth)
        return FrameScores(
            meaning="Joint error against the truth (mm)",
            before=None if before is None else _at_frames(before, values["frames"]),
            **values,
        )
    if footage.initial is not None and motion is not footage.initial:
        values = joint_distances_mm(footage, motion, footage.initial)
        return FrameScores(meaning="How far the joints moved (mm)", **values)
    if avatar is None or not avatar.silhouette_iou:
        return None
    frames = sorted(avatar.silhouette_iou)
    misfit = [100.0 * (1.0 - avatar.silhouette_iou[frame]) for frame in frames]
    return FrameScores(
        meaning="Body outside or short of the mask when the avatar was built (%)",
        frames=np.array(frames),
        values=np.array(misfit),
    )


def _at_frames(
    scored: dict[str, Float[np.ndarray, " scored"]], frames: Float[np.ndarray, " wanted"]
) -> Float[np.ndarray, " wanted"]:
    """Look up the values of some frames; NaN where there are none."""
    known = dict(zip(scored["frames"].tolist(), scored["values"].tolist(), strict=True))
    return np.array([known.get(int(frame), np.nan) for frame in frames])


def joint_distances_mm(
    footage: Footage, motion: Motion, other: Motion
) -> dict[str, Float[np.ndarray, " scored"]]:
    """Measure the mean joint distance in frames that both have, the pelvis laid together (mm)."""
    frames, rows, other_rows = [], [], []
    for row, frame in enumerate(motion.frame_index.tolist()):
        other_row = motion_row(other, frame)
        if other_row is not None and bool(motion.valid[row]):
            frames.append(frame)
            rows.append(row)
            other_rows.append(other_row)
    joints = footage.joints(motion)[rows]
    other_joints = footage.joints(other)[other_rows]
    relative = (joints - joints[:, :1]) - (other_joints - other_joints[:, :1])
    values = 1000.0 * np.linalg.norm(relative, axis=-1).mean(axis=-1)
    return {"frames": np.array(frames, np.int64), "values": values}
