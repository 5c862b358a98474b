"""A browser's side of viser's wire format, for tests that talk to the socket directly."""

import asyncio
import http.client
import io
import itertools
import threading
from typing import Any

import msgspec
import viser
import websockets
import zstandard
from viser import _messages

from tests.workbench.patience import PATIENCE_S
from workbench.server.server import SecuredServer

SUBPROTOCOL = f"viser-v{viser.__version__}"
_far_planes = itertools.count(101)


def http_get(
    server: SecuredServer, path: str = "/", headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Send one GET; `headers` replace http.client's own where they share a name."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=PATIENCE_S)
    given = headers or {}
    skip = {"skip_host": "Host" in given, "skip_accept_encoding": "Accept-Encoding" in given}
    connection.putrequest("GET", path, **skip)
    for name, value in given.items():
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, {k.lower(): v for k, v in response.getheaders()}, body


def cookie(server: SecuredServer) -> str:
    """Write the Cookie header of a browser that opened the link."""
    return f"{server.gate.cookie_name(server.port)}={server.gate.token}"


def origin(server: SecuredServer) -> str:
    """Name the workbench's own page."""
    return f"http://{server.host}:{server.port}"


def connect(server: SecuredServer, **overrides: Any) -> Any:
    """Open a websocket as the workbench's own page would, except for `overrides`."""
    options = {
        "subprotocols": [SUBPROTOCOL],
        "origin": origin(server),
        "additional_headers": {"Cookie": cookie(server)},
        "max_size": None,
    } | overrides
    return websockets.connect(f"ws://{server.host}:{server.port}/", **options)


def encode(message_type: str, **fields: Any) -> bytes:
    """Write one message as the browser does."""
    return msgspec.msgpack.encode({"type": message_type, **fields})


def camera_message(far: float = 100.0) -> bytes:
    """Write the message after which viser counts a tab as connected; `far` is its far plane."""
    return encode(
        "ViewerCameraMessage",
        wxyz=(1.0, 0.0, 0.0, 0.0),
        position=(0.0, 0.0, 3.0),
        fov=1.0,
        near=0.1,
        far=far,
        image_height=600,
        image_width=800,
        look_at=(0.0, 0.0, 0.0),
        up_direction=(0.0, 1.0, 0.0),
    )


def decode(raw: bytes) -> list[dict[str, Any]]:
    """Read the messages of one window that the server sent."""
    size = int.from_bytes(raw[8:16], "little")
    inner = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(raw[16 : 16 + size])).read()
    return list(msgspec.msgpack.decode(inner)["messages"])


def send_all(server: SecuredServer, *messages: bytes) -> None:
    """Connect as an admitted browser, send messages in order, and wait until they are dealt with.

    Thereafter callbacks of the workbench, which run on the event loop, have run.
    """
    mark = float(next(_far_planes))
    is_done = threading.Event()

    def on_camera(_client_id: int, message: _messages.ViewerCameraMessage) -> None:
        # The server deals with one message after the other: this one was the last.
        if message.far == mark:
            is_done.set()

    async def run() -> None:
        async with connect(server) as socket:
            for message in (camera_message(), *messages, camera_message(far=mark)):
                await socket.send(message)
            assert await asyncio.to_thread(is_done.wait, PATIENCE_S), "the server stopped listening"

    handlers = server.viser._websock_server
    handlers.register_handler(_messages.ViewerCameraMessage, on_camera)
    try:
        asyncio.run(run())
    finally:
        handlers.unregister_handler(_messages.ViewerCameraMessage, on_camera)
