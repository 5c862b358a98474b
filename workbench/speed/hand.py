"""How quick the window is on this machine, seen from its socket; `neuhmr benchmark window`.

No browser takes part: what is measured is the window's own share, from a message that comes in to
the picture or the state that it leads to.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import viser
import websockets

from neuhmr.clip.open_request import OpenRequest
from neuhmr.errors import NeuhmrError
from neuhmr.threads import limit_busy_waiting
from workbench.app import Workbench
from workbench.core.config import SAMPLE_CLIP
from workbench.core.session import SessionState
from workbench.engine.engine import NeuhmrEngine
from workbench.errors import WorkbenchError

SCRUB_S = 3.0
SCRUB_HZ = 60.0
ROUNDS = 30
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


def main() -> int:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(prog="python -m workbench.speed")
    parser.add_argument("--clip", type=Path, default=SAMPLE_CLIP)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--steps", type=int, default=3, help="taken before Pause is pressed")
    options = parser.parse_args()
    limit_busy_waiting()
    try:
        result = measure(options.clip, options.device, options.steps)
    except NeuhmrError as error:
        sys.stderr.write(" ".join(str(error).split()) + "\n")
        return 2
    sys.stdout.write(json.dumps(result) + "\n")
    return 0


def measure(clip: Path, device: str, steps: int) -> dict[str, object]:
    """Open a clip in a window of its own, and time what a user does.

    Raises:
        NeuhmrError: the clip cannot be used, or something takes longer than anybody waits.
    """
    started = time.perf_counter()
    with (
        tempfile.TemporaryDirectory() as session,
        Workbench(NeuhmrEngine(device), session_folder=Path(session), port=0) as window,
    ):
        window.open(OpenRequest(clip=clip))
        hand = Hand(window)
        hand.wait(lambda _state: hand.num_pictures > 0)
        first_picture = time.perf_counter() - started
        hand.wait(lambda state: state.initial is not None and state.job is None)
        result = {"first_picture_s": first_picture} | asyncio.run(hand.scrub_and_slide())
        return result | asyncio.run(hand.pause(steps)) | {"device": window.session.state.device}


class Hand:
    """Does over the socket what a browser does."""

    def __init__(self, window: Workbench) -> None:
        self._window = window
        self.num_pictures = 0
        picture = window.writer.picture
        show = picture.show_frame

        def count(image: object) -> None:
            self.num_pictures += 1
            show(image)  # type: ignore[arg-type]

        picture.show_frame = count  # type: ignore[method-assign]

    def wait(self, condition: Callable[[SessionState], bool]) -> SessionState:
        """Wait until the state is as wished.

        Raises:
            WorkbenchError: it takes too long.
        """
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            state = self._window.session.state
            if condition(state):
                return state
            time.sleep(0.0005)
        raise WorkbenchError(f"The window did not get ready within {PATIENCE_S:.0f} s; try again.")

    async def scrub_and_slide(self) -> dict[str, object]:
        """Scrub through the clip, then seek frame by frame."""
        frames = self._window.session.state.num_frames
        async with self._connect() as socket:
            await socket.send(_HELLO)
            before, begun = self.num_pictures, time.perf_counter()
            sent = 0
            while time.perf_counter() - begun < SCRUB_S:
                await socket.send(self._update("seek", sent % frames))
                sent += 1
                await asyncio.sleep(max(begun + sent / SCRUB_HZ - time.perf_counter(), 0.0))
            rate = (self.num_pictures - before) / (time.perf_counter() - begun)
            to_state, to_picture = [], []
            for number in range(ROUNDS):
                await asyncio.sleep(0.4)
                frame, seen = (7 * number + 3) % frames, self.num_pictures
                begun = time.perf_counter()
                await socket.send(self._update("seek", frame))
                await self._until(lambda state, frame=frame: state.view.frame == frame)
                to_state.append(time.perf_counter() - begun)
                await self._until(lambda _state, seen=seen: self.num_pictures > seen)
                to_picture.append(time.perf_counter() - begun)
        return {
            "scrub_hz": rate,
            "to_callback_ms": 1000.0 * statistics.median(to_state),
            "to_picture_ms": 1000.0 * statistics.median(to_picture),
        }

    async def pause(self, steps: int) -> dict[str, object]:
        """Refine a few steps, press Pause, and wait until it stands still."""
        async with self._connect() as socket:
            await socket.send(_HELLO)
            begun = time.perf_counter()
            await socket.send(self._update("run", "run"))
            await self._until(lambda state: state.report is not None)
            prepared = time.perf_counter() - begun
            await self._until(lambda state: state.report is not None and state.report.step >= steps)
            begun = time.perf_counter()
            await socket.send(self._update("pause", "pause"))
            await self._until(lambda state: state.phase == "pausing" or state.phase == "paused")
            heard = time.perf_counter() - begun
            await self._until(lambda state: state.phase == "paused")
            return {
                "first_step_s": prepared,
                "pause_heard_ms": 1000.0 * heard,
                "pause_s": time.perf_counter() - begun,
            }

    async def _until(self, condition: Callable[[SessionState], bool]) -> None:
        await asyncio.to_thread(self.wait, condition)

    def _connect(self) -> websockets.connect:
        server = self._window.server
        cookie = f"{server.gate.cookie_name(server.port)}={server.gate.token}"
        return websockets.connect(
            f"ws://{server.host}:{server.port}/",
            subprotocols=[websockets.Subprotocol(f"viser-v{viser.__version__}")],
            origin=websockets.Origin(f"http://{server.host}:{server.port}"),
            additional_headers={"Cookie": cookie},
            max_size=None,
        )

    def _update(self, widget: str, value: object) -> bytes:
        message = {
            "type": "GuiUpdateMessage",
            "uuid": self._window.link.uuid_of(widget),
            "updates": {"value": value},
        }
        return msgspec.msgpack.encode(message)


if __name__ == "__main__":
    sys.exit(main())
