"""Attacks on the secured server, over raw HTTP and websockets."""

import asyncio
import socket
import time

import msgspec
import pytest
import viser
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.workbench.patience import PATIENCE_S
from tests.workbench.viser_client import (
    SUBPROTOCOL,
    connect,
    cookie,
    decode,
    encode,
    http_get,
    origin,
    send_all,
)
from workbench.errors import WorkbenchError
from workbench.server import server as server_module
from workbench.server.addresses import is_loopback
from workbench.server.server import start_server


@pytest.fixture(scope="module")
def server():
    running = start_server("127.0.0.1", 0, "test")
    yield running
    running.stop()


def refused_status(server, **overrides) -> int:
    """Try a websocket handshake; 101 means that it was let in."""

    async def attempt() -> int:
        try:
            async with connect(server, **overrides):
                return 101
        except InvalidStatus as error:
            return error.response.status_code

    return asyncio.run(attempt())


def test_the_page_with_the_cookie_is_let_in(server):
    status, headers, body = http_get(server, headers={"Cookie": cookie(server)})
    assert status == 200 and b"<html" in body
    assert headers["x-frame-options"] == "DENY"
    assert refused_status(server) == 101


def test_without_the_token_nothing_is_served(server):
    assert http_get(server)[0] == 403
    assert http_get(server, "/index.html")[0] == 403
    assert refused_status(server, additional_headers={}) == 403


@pytest.mark.parametrize("token", ["", "x", "é" * 32, "0" * 32])
def test_a_wrong_token_is_refused(server, token):
    from urllib.parse import quote

    assert http_get(server, f"/?token={quote(token)}")[0] == 403
    assert http_get(server, f"/?token={server.gate.token}&token={quote(token)}")[0] == 403


def test_a_wrong_cookie_is_refused(server):
    name = server.gate.cookie_name(server.port)
    for value in ("", "x", '"', server.gate.token[:-1], server.gate.token + "0"):
        assert http_get(server, headers={"Cookie": f"{name}={value}"})[0] == 403, value
    # The cookie of a workbench on another port does not open this one.
    other = f"{server.gate.cookie_name(server.port + 1)}={server.gate.token}"
    assert http_get(server, headers={"Cookie": other})[0] == 403


def test_the_link_sets_a_strict_cookie_and_leaves_the_address_bar(server):
    status, headers, body = http_get(server, f"/?token={server.gate.token}&fixedDpr=0.5")
    assert status == 200
    assert "HttpOnly" in headers["set-cookie"] and "SameSite=Strict" in headers["set-cookie"]
    assert b'location.replace("/?fixedDpr=0.5")' in body
    assert server.gate.token.encode() not in body
    # The link stays good for this run: a second tab can open it.
    assert http_get(server, f"/?token={server.gate.token}")[0] == 200


def test_the_landing_page_cannot_be_made_to_run_a_script(server):
    _, _, body = http_get(server, f'/?token={server.gate.token}&a=");alert(1)//&b=</script>')
    assert b"alert(1)" not in body and body.count(b"</script>") == 1


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "10.0.0.1", ""]
)
def test_a_foreign_host_is_refused_even_with_the_cookie(server, host):
    # DNS rebinding: evil.example resolves to 127.0.0.1, so the browser holds that page's rights.
    headers = {"Cookie": cookie(server), "Host": host}
    assert http_get(server, headers=headers)[0] == 403
    assert http_get(server, f"/?token={server.gate.token}", headers={"Host": host})[0] == 403


def test_two_host_headers_are_refused(server):
    with socket.create_connection((server.host, server.port), timeout=PATIENCE_S) as raw:
        lines = [
            "GET / HTTP/1.1", f"Host: 127.0.0.1:{server.port}", "Host: evil.example",
            f"Cookie: {cookie(server)}", "", "",
        ]  # fmt: skip
        raw.sendall("\r\n".join(lines).encode())
        assert raw.recv(64).startswith(b"HTTP/1.1 403")


@pytest.mark.parametrize(
    "foreign", ["http://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:1", None]
)
def test_a_foreign_origin_is_refused_even_with_the_cookie(server, foreign):
    assert refused_status(server, origin=foreign) == 403
    if foreign is not None:
        headers = {"Cookie": cookie(server), "Origin": foreign}
        assert http_get(server, headers=headers)[0] == 403


def test_an_upgrade_written_in_another_case_is_gated_too(server):
    with socket.create_connection((server.host, server.port), timeout=PATIENCE_S) as raw:
        lines = [
            "GET / HTTP/1.1", f"Host: 127.0.0.1:{server.port}", "Upgrade: WebSocket",
            "Connection: keep-alive, UPGRADE", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
            "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Protocol: {SUBPROTOCOL}",
            f"Cookie: {cookie(server)}", "", "",
        ]  # fmt: skip
        raw.sendall("\r\n".join(lines).encode())
        assert raw.recv(64).startswith(b"HTTP/1.1 403")


@pytest.mark.parametrize(
    "path", ["/../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..\\..\\x", "//etc/passwd"]
)
def test_paths_outside_the_page_are_not_served(server, path):
    status, _, body = http_get(server, path, headers={"Cookie": cookie(server)})
    assert status in (400, 403, 404) and b"root:" not in body


def test_a_forwarded_port_on_this_machine_works(server):
    headers = {"Cookie": cookie(server), "Host": "localhost:9000"}
    assert http_get(server, headers=headers)[0] == 200


def test_no_browser_can_ask_for_a_public_tunnel(server, monkeypatch):
    def fail(*_args, **_kwargs):
        raise AssertionError("a share tunnel was requested")

    monkeypatch.setattr(viser.ViserServer, "request_share_url", fail)
    names = {kind.__name__ for kind in server.viser._websock_server._incoming_handlers}
    assert not names & {"ShareUrlRequest", "ShareUrlDisconnect"}
    send_all(server, encode("ShareUrlRequest"))
    assert server.viser._share_tunnel is None


def test_a_message_that_is_too_large_ends_only_that_connection(server):
    async def attack() -> int | None:
        async with connect(server) as raw:
            try:
                await raw.send(b"\0" * (server_module.MAX_MESSAGE_BYTES + 1))
                while True:
                    await asyncio.wait_for(raw.recv(), PATIENCE_S)
            except ConnectionClosed as error:
                return error.rcvd.code if error.rcvd else None

    assert asyncio.run(attack()) == 1009
    assert refused_status(server) == 101


@pytest.mark.filterwarnings("ignore")
def test_garbage_ends_only_that_connection(server):
    for garbage in (b"", b"\xff" * 40, msgspec.msgpack.encode({"type": "NoSuchMessage"})):

        async def attack(garbage: bytes = garbage) -> None:
            async with connect(server) as raw:
                await raw.send(garbage)
                with pytest.raises(ConnectionClosed):
                    while True:
                        await asyncio.wait_for(raw.recv(), PATIENCE_S)

        asyncio.run(attack())
    assert refused_status(server) == 101


def test_a_slider_dragged_in_one_tab_reaches_the_others(server):
    slider = server.viser.gui.add_slider("s", min=0.0, max=1.0, step=0.1, initial_value=0.2)

    async def run() -> list[dict]:
        async with connect(server) as first, connect(server) as second:
            update = encode("GuiUpdateMessage", uuid=slider._impl.uuid, updates={"value": 0.7})
            await first.send(update)
            deadline = time.monotonic() + PATIENCE_S
            seen: list[dict] = []
            while time.monotonic() < deadline and not any(
                m["type"] == "GuiUpdateMessage" and m["updates"].get("value") == 0.7 for m in seen
            ):
                seen += decode(await asyncio.wait_for(second.recv(), PATIENCE_S))
            return seen

    assert any(m["type"] == "GuiUpdateMessage" for m in asyncio.run(run()))
    assert slider.value == 0.7


def test_other_machines_are_refused_unless_allowed():
    with pytest.raises(WorkbenchError, match="--allow-remote"):
        start_server("0.0.0.0", 0, "test")


def test_with_remote_allowed_a_name_from_outside_is_still_refused():
    server = start_server("0.0.0.0", 0, "test", allow_remote=True)
    try:
        local = server_module.SecuredServer(server.viser, server.gate, "127.0.0.1", server.port)
        by_ip = {"Cookie": cookie(server), "Host": f"192.168.1.7:{server.port}"}
        assert http_get(local, headers=by_ip)[0] == 200
        assert http_get(local, headers=by_ip | {"Host": "evil.example"})[0] == 403
        assert server.link.startswith(f"http://127.0.0.1:{server.port}/?token=")
    finally:
        server.stop()


@pytest.mark.parametrize("host", ["203.0.113.7", "no.such.host.invalid", "é"])
def test_an_address_that_cannot_be_bound_is_one_sentence_and_not_a_hang(host):
    with pytest.raises(WorkbenchError, match="--host"):
        start_server(host, 0, "test", allow_remote=True)


def test_a_busy_port_moves_on_and_the_link_says_so():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = start_server("127.0.0.1", port, "test")
        try:
            assert server.port != port and f":{server.port}/" in server.link
        finally:
            server.stop()


def test_stopping_frees_the_port():
    server = start_server("127.0.0.1", 0, "test")
    server.stop()
    again = start_server("127.0.0.1", server.port, "test")
    again.stop()
    assert again.port == server.port


def test_without_the_seam_the_server_refuses_to_start(monkeypatch):
    # A later viser might give its page another way than process_request: the gate would be gone.
    monkeypatch.setattr(
        viser.infra._infra.WebsockServer,
        "__init__",
        _without_page(viser.infra._infra.WebsockServer.__init__),
    )
    with pytest.raises(WorkbenchError, match=r"viser 1\.1"):
        start_server("127.0.0.1", 0, "test")


def _without_page(original):
    def init(self, *args, **options):
        return original(self, *args, **(options | {"http_server_root": None}))

    return init


def test_every_launch_has_its_own_secret():
    first, second = (start_server("127.0.0.1", 0, "test") for _ in range(2))
    try:
        assert first.gate.token != second.gate.token and len(first.gate.token) >= 32
        assert first.gate.token not in repr(first)
        assert http_get(second, headers={"Cookie": cookie(first)})[0] == 403
    finally:
        first.stop()
        second.stop()


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True),
     ("0.0.0.0", False), ("::", False), ("192.168.0.2", False), ("example.org", False)],
)  # fmt: skip
def test_loopback_is_told_from_the_rest(host, expected):
    assert is_loopback(host) is expected


def test_origin_of_the_own_page_is_accepted_over_http(server):
    headers = {"Cookie": cookie(server), "Origin": origin(server)}
    assert http_get(server, headers=headers)[0] == 200
