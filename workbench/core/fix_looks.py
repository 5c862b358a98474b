"""The selected joint as the Fix tab shows it, looked at on the compute thread as the view rests."""

import time
from dataclasses import replace

import numpy as np

from neuhmr.body.motion import Motion
from workbench.core.fix_view import FixView
from workbench.core.identity import SameObjects
from workbench.core.joint_now import JointNow, joint_now
from workbench.core.session import ON_THE_MOVE, Session, SessionState
from workbench.core.tasks import Tasks
from workbench.core.worker import Look
from workbench.engine.interface import Footage

REST_S = 0.1
"""How long the view must stay the same (s): scrubbing asks for nothing."""
_SHARE = 0.5
"""Height of the picture, of the person's."""
_ASPECT = 2.4
_LEAST_HEIGHT = 48


class FixLooks:
    """Notices what is selected and asks for it. Used by one thread."""

    def __init__(self, tasks: Tasks) -> None:
        self._tasks = tasks
        self._wanted = SameObjects()
        self._wanted_since = 0.0

    def tick(self, state: SessionState) -> None:
        """Ask for the selected joint once the same has been shown for a moment."""
        footage, motion = state.footage, state.best
        if footage is None or motion is None or state.phase in ON_THE_MOVE:
            return
        frame, joint = state.view.frame, state.view.joint
        wanted, now = SameObjects(footage, motion, frame, joint), time.monotonic()
        if wanted != self._wanted:
            self._wanted, self._wanted_since = wanted, now
        if state.view.is_playing or now - self._wanted_since < REST_S:
            return
        session = self._tasks.session

        def compute() -> None:
            _look(session, footage, motion, frame, joint)

        self._tasks.worker.request_look("fix view", Look(wanted, compute))


def _look(session: Session, footage: Footage, motion: Motion, frame: int, joint: int) -> None:
    now = joint_now(footage, motion, frame, joint)
    image = footage.video.frame(frame)
    box = picture_box(now, joint, (image.shape[0], image.shape[1]))
    left, top, width, height = box
    view = FixView(
        frame=frame,
        joint=joint,
        motion=motion,
        now=now,
        picture=np.ascontiguousarray(image[top : top + height, left : left + width]),
        left=left,
        top=top,
    )
    session.update(
        lambda state: replace(state, fix_view=view) if state.footage is footage else state
    )


def picture_box(
    now: JointNow | None, joint: int, size: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Choose what to show around a joint: left, top, width and height (px), inside the video.

    Args:
        now: where the joints are; the whole frame is shown without.
        joint: the one in the middle.
        size: height and width of the video (px).
    """
    frame_height, frame_width = size
    if now is None:
        return 0, 0, frame_width, frame_height
    rows = [v for _, v in now.pixels]
    height = min(max(_SHARE * (max(rows) - min(rows)), _LEAST_HEIGHT), frame_height)
    width = min(_ASPECT * height, frame_width)
    u, v = now.pixels[joint]
    left = min(max(u - width / 2.0, 0.0), frame_width - width)
    top = min(max(v - height / 2.0, 0.0), frame_height - height)
    return int(left), int(top), max(int(width), 1), max(int(height), 1)
