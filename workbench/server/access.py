"""Who may talk to the workbench: the gate in front of every HTTP and websocket request.

viser itself asks nobody for anything, so any web page the user visits could drive it. The gate
lets a request through only if it names this machine (no DNS rebinding), comes from the
workbench's own page (no foreign Origin), and carries the secret of this launch.
"""

import hmac
import ipaddress
import secrets
import socket
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode, urlsplit

from websockets.datastructures import Headers
from websockets.http11 import Request, Response

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})

_SAFETY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_REFUSAL = "The workbench did not accept this request: {reason}.\n"

# A redirect would not do: after a click in a mail or chat, browsers count the redirected request
# as coming from there and hold a SameSite=Strict cookie back. A page of our own that moves on is
# the same site.
_LANDING = """<!doctype html><meta charset="utf-8"><title>NeuHMR workbench</title>
<body style="background:#141517"><script>location.replace("/{query}")</script>
<noscript>The workbench needs JavaScript.</noscript>
"""


@dataclass(frozen=True, kw_only=True)
class AccessGate:
    """Decides on requests; knows the secret of this launch."""

    allow_remote: bool = False
    """Accept requests that address this machine by an IP or by its own name, not only loopback."""
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    def check(self, request: Request, port: int) -> Response | None:
        """Answer a request that must not reach viser; None lets it through."""
        host = _single(request.headers, "Host")
        if host is None or not self._is_own_host(host):
            return _refuse("it names another host")
        is_upgrade = any(
            "upgrade" in value.lower() for value in request.headers.get_all("Connection")
        )
        origin = _single(request.headers, "Origin")
        has_origin = bool(request.headers.get_all("Origin"))
        if (is_upgrade or has_origin) and not _is_same_origin(origin, host):
            return _refuse("it comes from another page")
        if not is_upgrade and (landing := self._landing(request, port)) is not None:
            return landing
        if not self._has_cookie(request.headers, port):
            return _refuse("open the link that the terminal printed at start")
        return None

    def link(self, host: str, port: int) -> str:
        """Make the one link that opens this launch."""
        shown = "127.0.0.1" if host in ("", "0.0.0.0", "::") else host
        shown = f"[{shown}]" if ":" in shown else shown
        return f"http://{shown}:{port}/?token={self.token}"

    def cookie_name(self, port: int) -> str:
        """Name the cookie by port: browsers share cookies between the ports of a host."""
        return f"neuhmr_workbench_{port}"

    def _landing(self, request: Request, port: int) -> Response | None:
        """Turn the link's token into a cookie, so that it leaves the address bar."""
        query = parse_qsl(urlsplit(request.path).query, keep_blank_values=True)
        tokens = [value for key, value in query if key == "token"]
        if not tokens:
            return None
        if len(tokens) != 1 or not self._is_token(tokens[0]):
            return _refuse("the link is not from this launch; take the newest from the terminal")
        rest = urlencode([(key, value) for key, value in query if key != "token"])
        body = _LANDING.format(query=f"?{rest}" if rest else "").encode()
        cookie = f"{self.cookie_name(port)}={self.token}; Path=/; HttpOnly; SameSite=Strict"
        headers = {"Content-Type": "text/html; charset=utf-8", "Set-Cookie": cookie}
        return _respond(HTTPStatus.OK, body, headers)

    def _has_cookie(self, headers: Headers, port: int) -> bool:
        raw = _single(headers, "Cookie")
        if raw is None:
            return False
        try:
            morsel = SimpleCookie(raw).get(self.cookie_name(port))
        except CookieError:
            return False
        return morsel is not None and self._is_token(morsel.value)

    def _is_token(self, candidate: str) -> bool:
        return hmac.compare_digest(candidate.encode(), self.token.encode())

    def _is_own_host(self, host: str) -> bool:
        """Tell whether a Host header can only mean this machine.

        The port is free, so that a forwarded port (ssh -L) works: rebinding needs a name, and a
        page on another port of this machine is stopped by its Origin.
        """
        name = _host_name(host)
        if name in LOOPBACK_NAMES:
            return True
        if not self.allow_remote:
            return False
        if name in {socket.gethostname().lower(), socket.getfqdn().lower()}:
            return True
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
        return True


def protect(response: Response) -> Response:
    """Forbid framing, sniffing and referrers on a page that viser serves."""
    for name, value in _SAFETY_HEADERS.items():
        if name not in response.headers:
            response.headers[name] = value
    return response


def _single(headers: Headers, name: str) -> str | None:
    """Read a header that may occur once only; twice counts as absent."""
    values = headers.get_all(name)
    return values[0] if len(values) == 1 else None


def _host_name(host: str) -> str:
    """Strip the port from a Host header."""
    name, separator, port = host.lower().rpartition(":")
    return name if separator and port.isdigit() else host.lower()


def _is_same_origin(origin: str | None, host: str) -> bool:
    return origin is not None and origin.lower() in (
        f"http://{host.lower()}",
        f"https://{host.lower()}",
    )


def _refuse(reason: str) -> Response:
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    return _respond(HTTPStatus.FORBIDDEN, _REFUSAL.format(reason=reason).encode(), headers)


def _respond(status: HTTPStatus, body: bytes, headers: dict[str, str]) -> Response:
    all_headers = Headers(**{"Content-Length": str(len(body)), "Connection": "close"})
    for name, value in headers.items():
        all_headers[name] = value
    return protect(Response(status.value, status.phrase, all_headers, body))
