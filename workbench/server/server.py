"""A viser server that only this launch's page can reach.

viser 1.1 has no setting for any of this, so a private seam is used: the `serve` function of
websockets is wrapped while the server is built. Where the seam is gone the server refuses to
start; `tests/workbench/test_server.py` attacks it. Hence the pin on viser 1.1.
"""

import contextlib
import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import viser
import websockets.asyncio.server
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from workbench.errors import WorkbenchError
from workbench.server.access import AccessGate, protect
from workbench.server.addresses import check_host, find_free_port
from workbench.server.page import own_file, with_shell
from workbench.server.value_guard import guard_values

MAX_MESSAGE_BYTES = 1 << 20
"""Largest message a browser may send; the workbench takes no uploads."""
_construction = threading.Lock()


@dataclass(frozen=True)
class SecuredServer:
    """A running server and the only link that opens it."""

    viser: viser.ViserServer
    gate: AccessGate
    host: str
    port: int

    @property
    def link(self) -> str:
        """What the user opens."""
        return self.gate.link(self.host, self.port)

    def stop(self) -> None:
        """Close all connections and free the port."""
        with contextlib.redirect_stdout(io.StringIO()):
            self.viser.stop()


def start_server(host: str, port: int, label: str, allow_remote: bool = False) -> SecuredServer:
    """Start viser behind the gate.

    Args:
        host: address to listen on.
        port: 0 lets the system choose; a busy one moves on to the next free one.
        label: title of the control panel.
        allow_remote: the user's explicit word that other machines may connect.

    Raises:
        WorkbenchError: the address is not loopback and nobody allowed it, or it cannot be bound.
    """
    check_host(host, allow_remote)
    free_port = find_free_port(host, port)
    gate = AccessGate(allow_remote=allow_remote)
    # viser prints a link without the token; the caller prints the right one.
    with _construction, _gated_serve(gate) as seam, contextlib.redirect_stdout(io.StringIO()):
        server = viser.ViserServer(host=host, port=free_port, label=label, verbose=False)
    if not seam.is_installed:
        server.stop()
        raise WorkbenchError(
            f"viser {viser.__version__} starts its server in a way the workbench cannot protect, "
            "expected viser 1.1; install that version."
        )
    guard_values(server)
    return SecuredServer(server, gate, host, server.get_port())


@dataclass
class _Seam:
    is_installed: bool = False


@contextlib.contextmanager
def _gated_serve(gate: AccessGate) -> Iterator[_Seam]:
    """Put the gate before viser's HTTP handler for servers that start inside the context."""
    original = websockets.asyncio.server.serve
    seam = _Seam()

    def serve(*args: Any, **options: Any) -> Any:
        inner = options.get("process_request")
        if inner is None:
            return original(*args, **options)

        def process_request(connection: ServerConnection, request: Request) -> Response | None:
            port = connection.local_address[1]
            refusal = gate.check(request, port)
            if refusal is not None:
                return refusal
            own = own_file(request)
            if own is not None:
                return protect(own)
            response = inner(connection, request)
            return None if response is None else protect(with_shell(response))

        seam.is_installed = True
        options |= {"process_request": process_request, "max_size": MAX_MESSAGE_BYTES}
        return original(*args, **options)

    websockets.asyncio.server.serve = serve  # type: ignore[assignment]
    try:
        yield seam
    finally:
        websockets.asyncio.server.serve = original  # type: ignore[misc]
