"""Every value that a browser sends, checked before viser or a callback sees it.

viser applies whatever a client says: NaN in a slider, a dropdown value that is no option, even
internals of a widget. Here a message may only set `value`, and only to something the widget could
show; numbers out of range are clamped, anything else is dropped and the browser is told the value
that holds.
"""

import logging
import math
from collections.abc import Awaitable, Callable
from typing import Any

import viser
from viser import _gui_handles as handles
from viser import _messages

from workbench.server.gizmo_guard import MESSAGES, guard_gizmos
from workbench.server.rejected import RejectedValueError
from workbench.server.user_event import SENT_VALUE

logger = logging.getLogger(__name__)

MAX_TEXT_LENGTH = 1024
"""Longest text (characters) that an input line may hold."""

_ALLOWED_MESSAGES = frozenset(
    {
        _messages.GuiUpdateMessage,
        _messages.CommandTriggerMessage,
        _messages.SceneNodeClickMessage,
        _messages.ScenePointerMessage,
    }
    | MESSAGES
)
"""What the workbench listens to; `upload_guard` lets files in. Forms, tunnels and the rest are not
served at all."""


def guard_values(server: viser.ViserServer) -> None:
    """Put the check between the socket and viser's handlers; drop messages of no use here."""
    incoming = server._websock_server._incoming_handlers
    for message_type in list(incoming):
        if message_type not in _ALLOWED_MESSAGES:
            del incoming[message_type]
    apply_updates = server.gui._handle_gui_updates

    async def handle(client_id: Any, message: Any) -> None:
        await _handle_update(server, apply_updates, client_id, message)

    incoming[_messages.GuiUpdateMessage] = [handle]
    guard_gizmos(server)


async def _handle_update(
    server: viser.ViserServer,
    apply_updates: Callable[[Any, Any], Awaitable[None]],
    client_id: Any,
    message: Any,
) -> None:
    handle = server.gui._gui_input_handle_from_uuid.get(message.uuid)
    if handle is None:
        return
    try:
        if set(message.updates) != {"value"}:
            raise RejectedValueError(f"sets {sorted(map(str, message.updates))}, not its value")
        value = checked_value(handle, message.updates["value"])
    except RejectedValueError as error:
        logger.warning("dropped a browser's message for %s: it %s", type(handle).__name__, error)
        _tell_value(server, handle)
        return
    is_changed = value != message.updates["value"]
    message.updates = {"value": value}
    SENT_VALUE.set(value)  # Of this message alone: each is handled in a task of its own.
    await apply_updates(client_id, message)
    if is_changed:
        _tell_value(server, handle)


def _tell_value(server: viser.ViserServer, handle: Any) -> None:
    """Show the value that holds, also in the tab that sent another one."""
    if not handle._impl.is_button:
        update = _messages.GuiUpdateMessage(handle._impl.uuid, {"value": handle.value})
        server._websock_server.queue_message(update)


def checked_value(handle: Any, value: Any) -> Any:
    """Return the value a widget may take for what a browser sent.

    Raises:
        RejectedValueError: wrong kind, not finite, not among the options, or a disabled widget.
    """
    if getattr(handle, "disabled", False):
        raise RejectedValueError("is disabled")
    match handle:
        case handles.GuiButtonHandle():
            return True
        case handles.GuiSliderHandle() | handles.GuiNumberHandle():
            return _clamped(value, handle.min, handle.max, is_whole=isinstance(handle.value, int))
        case handles.GuiDropdownHandle() | handles.GuiButtonGroupHandle():
            if not isinstance(value, str) or value not in handle.options:
                raise RejectedValueError("was given something that is no option")
            return value
        case handles.GuiCheckboxHandle():
            if not isinstance(value, bool):
                raise RejectedValueError("was given no yes or no")
            return value
        case handles.GuiTextHandle():
            return _checked_text(value)
        case handles.GuiMultiSliderHandle():
            return _checked_points(handle, value)
        case handles.GuiVector2Handle():
            return _checked_pair(handle, value)
        case handles.GuiRgbHandle():
            return _checked_color(value)
        case _:
            raise RejectedValueError("takes no input in the workbench")


def _clamped(
    value: Any, minimum: float | None, maximum: float | None, is_whole: bool
) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise RejectedValueError("was given no number")
    try:
        number = float(value)
    except OverflowError:
        raise RejectedValueError("was given a number too large to hold") from None
    if not math.isfinite(number):
        raise RejectedValueError("was given a number that is not finite")
    number = number if minimum is None else max(number, float(minimum))
    number = number if maximum is None else min(number, float(maximum))
    return round(number) if is_whole else number


def _checked_text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT_LENGTH or not value.isprintable():
        raise RejectedValueError("was given no single printable line")
    return value


def _checked_points(handle: Any, value: Any) -> tuple[int | float, ...]:
    if not isinstance(value, (list, tuple)) or len(value) != len(handle.value):
        raise RejectedValueError("was given another number of points")
    is_whole = isinstance(handle.value[0], int)
    points = tuple(_clamped(point, handle.min, handle.max, is_whole) for point in value)
    if list(points) != sorted(points):
        raise RejectedValueError("was given points out of order")
    return points


def _checked_pair(handle: Any, value: Any) -> tuple[float, float]:
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise RejectedValueError("was given no pair of numbers")
    low, high = handle.min or (None, None), handle.max or (None, None)
    first, second = (
        float(_clamped(part, low[axis], high[axis], is_whole=False))
        for axis, part in enumerate(value)
    )
    return first, second


def _checked_color(value: Any) -> tuple[int, int, int]:
    if not isinstance(value, (list, tuple)) or len(value) != 3:
        raise RejectedValueError("was given no color")
    red, green, blue = (int(_clamped(part, 0, 255, is_whole=True)) for part in value)
    return red, green, blue
