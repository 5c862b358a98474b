"""Our own scripts and styles: part of viser's page, and behind the same gate."""

import gzip
import re
from importlib.resources import files

import pytest

from tests.workbench.viser_client import cookie, http_get
from workbench.server.server import start_server


@pytest.fixture(scope="module")
def server():
    running = start_server("127.0.0.1", 0, "test")
    yield running
    running.stop()


def get(server, path, **headers):
    return http_get(server, path, {"Cookie": cookie(server), **headers})


@pytest.mark.parametrize("packing", ["gzip", "identity"])
def test_the_page_brings_our_script_and_styles(server, packing):
    status, headers, body = get(server, "/", **{"Accept-Encoding": packing})
    assert status == 200 and int(headers["content-length"]) == len(body)
    page = gzip.decompress(body) if packing == "gzip" else body
    head = page[: page.rindex(b"</head>")]
    assert head.endswith(b'src="/shell/main.js"></script>') and b"/shell/shell.css" in head
    assert b'<div id="root">' in page[page.rindex(b"</head>") :]


def test_all_files_that_ours_ask_for_are_there(server):
    waiting, seen = {"main.js", "shell.css"}, set()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        status, headers, body = get(server, f"/shell/{name}")
        assert status == 200, name
        kind = "text/css" if name.endswith("css") else "text/javascript"
        assert headers["content-type"].startswith(kind)
        asked = re.findall(r'(?:from "\./|url\(")([\w.]+\.(?:js|css))"', body.decode())
        waiting |= set(asked) - seen
    assert seen == {e.name for e in files("workbench").joinpath("page").iterdir() if e.is_file()}


@pytest.mark.parametrize(
    "path",
    [
        "/shell/",
        "/shell/none.js",
        "/shell/../server/page.py",
        "/shell/%2e%2e/app.py",
        "/shell//main.js",
    ],
)
def test_nothing_else_is_handed_out(server, path):
    assert get(server, path)[0] == 404


def test_without_the_cookie_none_of_it_is_handed_out(server):
    for path in ("/shell/main.js", "/shell/shell.css", "/"):
        assert http_get(server, path)[0] == 403
    status, _, _ = get(server, "/shell/main.js", Origin="http://evil.example")
    assert status == 403


def test_our_files_carry_the_same_safety_headers(server):
    _, headers, _ = get(server, "/shell/main.js")
    assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"
