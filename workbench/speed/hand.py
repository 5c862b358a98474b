"""Does over the window's socket what a browser does."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
import viser
import websockets

from workbench.app import Workbench
from workbench.core.session import SessionState
from workbench.errors import WorkbenchError

PATIENCE_S = 600.0
_HELLO = msgspec.msgpack.encode(
    {
        "type": "ViewerCameraMessage",
        "wxyz": (1.0, 0.0, 0.0, 0.0),
        "position": (0.0, 0.0, -3.0),
        "fov": 0.7,
        "near": 0.01,
        "far": 100.0,
        "image_height": 600,
        "image_width": 800,
        "look_at": (0.0, 0.0, 0.0),
        "up_direction": (0.0, -1.0, 0.0),
    }
)
"""After a browser has said where it looks from, viser counts it as connected."""


class Hand:
    """One browser's worth of presses on a window; counts the pictures that it puts up."""

    def __init__(self, window: Workbench) -> None:
        self.window = window
        self.num_pictures = 0
        picture = window.writer.picture
        show = picture.show_frame

        def count(image: object) -> None:
            self.num_pictures += 1
            show(image)  # type: ignore[arg-type]

        picture.show_frame = count  # type: ignore[method-assign]

    def wait(
        self, condition: Callable[[SessionState], bool], patience_s: float = PATIENCE_S
    ) -> SessionState:
        """Wait until the state is as wished.

        Raises:
            WorkbenchError: it takes too long.
        """
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            state = self.window.session.state
            if condition(state):
                return state
            time.sleep(0.0005)
        raise WorkbenchError(f"The window did not get ready within {patience_s:.0f} s; try again.")

    async def until(self, condition: Callable[[SessionState], bool]) -> None:
        """Wait while messages come and go."""
        await asyncio.to_thread(self.wait, condition)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[websockets.ClientConnection]:
        """Be a browser that reads whatever it is sent."""
        server = self.window.server
        cookie = f"{server.gate.cookie_name(server.port)}={server.gate.token}"
        async with websockets.connect(
            f"ws://{server.host}:{server.port}/",
            subprotocols=[websockets.Subprotocol(f"viser-v{viser.__version__}")],
            origin=websockets.Origin(f"http://{server.host}:{server.port}"),
            additional_headers={"Cookie": cookie},
            max_size=None,
        ) as socket:
            await socket.send(_HELLO)
            reader = asyncio.create_task(_read(socket))
            try:
                yield socket
            finally:
                reader.cancel()

    def update(self, widget: str, value: object) -> bytes:
        """Write the message of a widget that the page has moved."""
        message = {
            "type": "GuiUpdateMessage",
            "uuid": self.window.link.uuid_of(widget),
            "updates": {"value": value},
        }
        return msgspec.msgpack.encode(message)

    def press(self, name: str) -> bytes:
        """Write the message of one of the page's buttons."""
        return self.update(name, name)


async def _read(socket: websockets.ClientConnection) -> None:
    """Without a reader the window's messages would pile up."""
    async for _message in socket:
        pass
