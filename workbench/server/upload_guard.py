"""Files that a browser sends, bounded before viser keeps any of their parts.

viser holds an upload in memory whole, believes the size and the name that it is told, and lets one
client add to another's file. Here a file belongs to an upload button that may be pressed, has one
of a few sizes, comes in order of its sender alone, and its name is a plain one.
"""

import logging
from collections.abc import Callable
from typing import Any

import viser
from viser import _gui_handles as handles
from viser import _messages

logger = logging.getLogger(__name__)

MAX_UPLOAD_BYTES = 64 << 20
"""Largest file; poses of an hour at 30 frames a second fit."""
MOST_AT_ONCE = 2
"""Files that are under way at the same time, of all browsers together."""
_MOST_PARTS = 1024
_MAX_UUID_LENGTH = 64
_MAX_NAME_LENGTH = 120


class _RefusedUploadError(Exception):
    """An upload that the page could not have begun."""


def guard_uploads(server: viser.ViserServer) -> None:
    """Put the check between the socket and viser's two upload handlers."""
    gui, incoming = server.gui, server._websock_server._incoming_handlers
    begin, go_on = gui._handle_file_transfer_start, gui._handle_file_transfer_part

    def start(client_id: Any, message: Any) -> None:
        is_known = client_id in server._connected_clients
        _guarded(lambda: _check_start(gui, is_known, message), lambda: begin(client_id, message))

    def part(client_id: Any, message: Any) -> None:
        _guarded(lambda: _check_part(gui, client_id, message), lambda: go_on(client_id, message))

    incoming[_messages.FileTransferStartUpload] = [start]
    incoming[_messages.FileTransferPart] = [part]


def plain_name(name: str) -> str:
    """Keep of a file's name what may stand in a folder: no path, nothing hidden, no odd letters."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(letter if letter.isalnum() or letter in "-_. " else "_" for letter in last)
    return kept.strip(" .")[-_MAX_NAME_LENGTH:].lstrip(" .") or "file"


def _guarded(check: Callable[[], None], act: Callable[[], None]) -> None:
    try:
        check()
    except _RefusedUploadError as error:
        logger.warning("dropped a browser's upload: it %s", error)
        return
    act()


def _check_start(gui: viser.GuiApi, is_known: bool, message: Any) -> None:
    """Raises: _RefusedUploadError."""
    if not is_known:  # viser forgets the files of those alone that it knew.
        raise _RefusedUploadError("comes from a page that has not shown itself yet")
    handle = gui._gui_input_handle_from_uuid.get(_text(message.source_component_uuid))
    if not isinstance(handle, handles.GuiUploadButtonHandle) or handle.disabled:
        raise _RefusedUploadError("is for nothing that takes files")
    under_way = gui._current_file_upload_states
    if len(under_way) >= MOST_AT_ONCE or _text(message.transfer_uuid) in under_way:
        raise _RefusedUploadError("begins while others are under way")
    if not 0 < _whole(message.size_bytes) <= MAX_UPLOAD_BYTES:
        raise _RefusedUploadError(f"has {message.size_bytes} bytes, {MAX_UPLOAD_BYTES} at most")
    if not 0 < _whole(message.part_count) <= _MOST_PARTS:
        raise _RefusedUploadError(f"comes in {message.part_count} parts")
    if not isinstance(message.filename, str) or not isinstance(message.mime_type, str):
        raise _RefusedUploadError("has no name")
    message.filename = plain_name(message.filename)


def _check_part(gui: viser.GuiApi, client_id: Any, message: Any) -> None:
    """Raises: _RefusedUploadError."""
    under_way = gui._current_file_upload_states
    state = under_way.get(_text(message.transfer_uuid))
    if state is None or state["client_id"] != client_id:
        raise _RefusedUploadError("goes on with a file that this browser did not begin")
    _whole(message.part_index)
    if not isinstance(message.content, bytes):
        raise _RefusedUploadError("has a part that is no bytes")
    if state["transferred_bytes"] + len(message.content) > state["total_bytes"]:
        under_way.pop(message.transfer_uuid, None)
        raise _RefusedUploadError("is longer than it said")


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _MAX_UUID_LENGTH:
        raise _RefusedUploadError("names something by no name")
    return value


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _RefusedUploadError("counts in no whole numbers")
    return value
