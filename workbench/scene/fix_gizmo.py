"""Handles at the selected joint: rings that turn its bone, arrows that move it."""

import time
from collections.abc import Callable

import viser

from workbench.core.fixing import Fixing
from workbench.core.joint_now import JointNow, joint_now
from workbench.core.notices import Notices
from workbench.core.session import ON_THE_MOVE, SessionState
from workbench.server.gizmo_guard import GizmoPose
from workbench.server.user_event import UserEvent

TURN, MOVE = "/fix/turn", "/fix/move"
_SIZE = 0.3
"""Of the handles (m)."""
_HELD_S = 3.0
"""A drag that says nothing for so long (s) counts as ended: its tab may be gone."""
_UNTURNED = (1.0, 0.0, 0.0, 0.0)


class FixGizmo:
    """Two gizmos of which one is seen at most; drawn by the scene's thread."""

    def __init__(
        self,
        scene: viser.SceneApi,
        fixing: Fixing,
        notices: Notices,
        state_now: Callable[[], SessionState],
    ) -> None:
        self._fixing = fixing
        self._state = state_now
        self._dragged_at = -_HELD_S
        self._shown: object = None
        self._turn = scene.add_transform_controls(
            TURN, scale=_SIZE, disable_axes=True, disable_sliders=True, depth_test=False,
            visible=False,
        )  # fmt: skip
        self._move = scene.add_transform_controls(
            MOVE, scale=_SIZE, disable_rotations=True, depth_test=False, visible=False
        )
        self._turn.on_update(notices.guard(lambda event: self._take(event, is_turn=True)))
        self._move.on_update(notices.guard(lambda event: self._take(event, is_turn=False)))

    def draw(self, state: SessionState) -> None:
        """Put the handles where the joint is."""
        footage, motion, kind = state.footage, state.best, state.fix.gizmo
        is_busy = state.view.is_playing or state.phase in ON_THE_MOVE
        if footage is None or motion is None or is_busy or kind == "Off":
            self._hide()
            return
        if time.monotonic() - self._dragged_at < _HELD_S:
            return  # The user holds it; its pose is where the hand is.
        key = (motion, state.view.frame, state.view.joint, kind)
        if self._shown is not None and self._is_shown(key):
            return
        now = joint_now(footage, motion, state.view.frame, state.view.joint)
        if now is None:
            self._hide()
            return
        self._place(now, kind)
        self._shown = key

    def _is_shown(self, key: tuple[object, int, int, str]) -> bool:
        shown = self._shown
        assert isinstance(shown, tuple)
        return shown[0] is key[0] and shown[1:] == key[1:]

    def _place(self, now: JointNow, kind: str) -> None:
        self._turn.visible, self._move.visible = kind == "Turn", kind == "Move"
        self._turn.position = self._move.position = now.position
        self._turn.wxyz, self._move.wxyz = now.wxyz, _UNTURNED

    def _hide(self) -> None:
        self._shown = None
        self._turn.visible = self._move.visible = False

    def _take(self, event: UserEvent, is_turn: bool) -> None:
        """Post what the user did; a gizmo of a tab that is gone says nothing."""
        pose = event.value
        if not isinstance(pose, GizmoPose) or pose.phase == "end":
            self._dragged_at = -_HELD_S
            self._shown = None
            return
        self._dragged_at = time.monotonic()
        if pose.phase == "start":
            self._fixing.begin_stroke()
            return
        joint = self._state().view.joint
        if is_turn:
            self._fixing.drag_turn(joint, pose.wxyz)
        else:
            self._fixing.drag_move(joint, pose.position)
