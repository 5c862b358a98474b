"""Checking an address before anything listens on it."""

import ipaddress
import socket

from workbench.errors import WorkbenchError

_PORTS_TO_TRY = 20
_IN_USE = frozenset({98, 48, 10048})
"""Error numbers of an address in use: Linux, macOS, Windows."""


def check_host(host: str, allow_remote: bool) -> None:
    """Refuse addresses that other machines can reach, unless the user allowed it.

    Raises:
        WorkbenchError: the address is not loopback and nobody allowed it.
    """
    if not allow_remote and not is_loopback(host):
        raise WorkbenchError(
            f"--host {host} would let other machines reach the workbench, expected 127.0.0.1; "
            "add --allow-remote if that is what you want."
        )


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def find_free_port(host: str, port: int) -> int:
    """Bind once for a trial: viser waits for ever on an address that cannot be bound.

    Raises:
        WorkbenchError: no port of the few from `port` on can be bound.
    """
    if port == 0:
        _try_bind(host, 0)
        return 0
    if not 1 <= port <= 65535:
        raise WorkbenchError(
            f"--port {port} is no port, expected 0 to 65535; 0 chooses a free one."
        )
    last = min(port + _PORTS_TO_TRY, 65536)
    for candidate in range(port, last):
        try:
            _try_bind(host, candidate)
        except _PortBusyError:
            continue
        return candidate
    raise WorkbenchError(
        f"Ports {port} to {last - 1} of {host} are all in use, expected a free one; "
        "close another workbench or pass --port 0."
    )


class _PortBusyError(Exception):
    pass


def _try_bind(host: str, port: int) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError) as error:
        raise WorkbenchError(
            f"--host {host} is no address of this machine ({error}), expected 127.0.0.1."
        ) from error
    with socket.socket(family, kind, protocol) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(address)
        except PermissionError as error:
            raise WorkbenchError(
                f"--port {port} may not be opened by this user, expected one above 1023; "
                "pass --port 8080."
            ) from error
        except OSError as error:
            if error.errno in _IN_USE:
                raise _PortBusyError from error
            raise WorkbenchError(
                f"--host {host} cannot be listened on ({error.strerror}), expected 127.0.0.1."
            ) from error
