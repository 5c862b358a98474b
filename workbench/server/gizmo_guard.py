"""Poses that a browser gives gizmos, checked before viser or a callback sees them.

viser takes any numbers: NaN, quaternions of length zero, places beyond the moon. Here a pose has to
be one that the gizmo could have been dragged to; what is not is dropped, and the browser is told
where the gizmo stands. A flood does no harm: the workbench acts on the newest pose only.
"""

import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

import viser
from viser import _messages

from workbench.server.rejected import RejectedValueError
from workbench.server.user_event import SENT_VALUE

logger = logging.getLogger(__name__)

FARTHEST = 100.0
"""Largest coordinate of a gizmo (m)."""
_LENGTH_ERROR = 0.01
"""How far a quaternion may be from unit length."""
MESSAGES = frozenset(
    {
        _messages.TransformControlsUpdateMessage,
        _messages.TransformControlsDragStartMessage,
        _messages.TransformControlsDragEndMessage,
    }
)


@dataclass(frozen=True)
class GizmoPose:
    """What the user did with a gizmo."""

    phase: Literal["start", "update", "end"]
    wxyz: tuple[float, float, float, float]
    """Of unit length."""
    position: tuple[float, float, float]
    """(m)."""


def guard_gizmos(server: viser.ViserServer) -> None:
    """Put the check between the socket and viser's handlers."""
    incoming = server._websock_server._incoming_handlers
    for message_type in MESSAGES:
        applies = list(incoming[message_type])

        async def handle(client_id: Any, message: Any, applies: Any = applies) -> None:
            await _handle(server, applies, client_id, message)

        incoming[message_type] = [handle]


async def _handle(
    server: viser.ViserServer,
    applies: list[Callable[[Any, Any], Awaitable[None]]],
    client_id: Any,
    message: Any,
) -> None:
    gizmo = server.scene._handle_from_transform_controls_name.get(message.name)
    if gizmo is None:
        return
    try:
        pose = checked_pose(gizmo, message)
    except RejectedValueError as error:
        logger.warning("dropped a browser's message for a gizmo: it %s", error)
        _tell_pose(gizmo)
        return
    if isinstance(message, _messages.TransformControlsUpdateMessage):
        message.wxyz, message.position = pose.wxyz, pose.position
    SENT_VALUE.set(pose)  # Of this message alone: each is handled in a task of its own.
    for apply in applies:
        await apply(client_id, message)


def checked_pose(gizmo: Any, message: Any) -> GizmoPose:
    """Return the pose that a gizmo may take for what a browser sent.

    Raises:
        RejectedValueError: the gizmo is not shown, or no drag leads to that pose.
    """
    if not gizmo.visible:
        raise RejectedValueError("is for one that is not shown")
    if isinstance(message, _messages.TransformControlsDragStartMessage):
        return GizmoPose("start", _four(gizmo.wxyz), _three(gizmo.position))
    if isinstance(message, _messages.TransformControlsDragEndMessage):
        return GizmoPose("end", _four(gizmo.wxyz), _three(gizmo.position))
    position = _numbers(message.position, 3)
    if max(abs(number) for number in position) > FARTHEST:
        raise RejectedValueError(f"is more than {FARTHEST:.0f} m away")
    wxyz = _numbers(message.wxyz, 4)
    length = math.hypot(*wxyz)
    if abs(length - 1.0) > _LENGTH_ERROR:
        raise RejectedValueError("has a quaternion that is not of unit length")
    return GizmoPose("update", _four([number / length for number in wxyz]), _three(position))


def _numbers(values: Any, count: int) -> list[float]:
    if not isinstance(values, (list, tuple)) or len(values) != count:
        raise RejectedValueError("has another number of coordinates")
    for value in values:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise RejectedValueError("has coordinates that are no numbers")
    try:
        numbers = [float(value) for value in values]
    except OverflowError:
        raise RejectedValueError("has a coordinate too large to hold") from None
    if not all(math.isfinite(number) for number in numbers):
        raise RejectedValueError("has coordinates that are not finite")
    return numbers


def _tell_pose(gizmo: Any) -> None:
    """Show the pose that holds, also in the tab that sent another one."""
    gizmo.wxyz, gizmo.position = gizmo.wxyz, gizmo.position


def _three(values: Any) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in values)
    return x, y, z


def _four(values: Any) -> tuple[float, float, float, float]:
    w, x, y, z = (float(value) for value in values)
    return w, x, y, z
