"""The workbench's own scripts and styles, put into the page that viser serves.

viser's docks know no bottom and no bar across the page, and its HTML elements run no scripts. So
its page is handed out with a few files of ours added; they are served behind the same gate.
"""

import gzip
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from urllib.parse import urlsplit

from websockets.datastructures import Headers
from websockets.http11 import Request, Response

FOLDER = "/shell/"
_KINDS = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
}
_HEAD_END = b"</head>"
_TAGS = (
    f'<link rel="stylesheet" href="{FOLDER}shell.css">'
    f'<script type="module" src="{FOLDER}main.js"></script>'
).encode()


def own_file(request: Request) -> Response | None:
    """Answer a request for one of our files; None where it is for viser's."""
    path = urlsplit(request.path).path
    if not path.startswith(FOLDER):
        return None
    found = _own_files().get(path.removeprefix(FOLDER))
    if found is None:
        return Response(HTTPStatus.NOT_FOUND.value, "Not Found", Headers(), b"")
    kind, content = found
    headers = Headers(**{"Content-Type": kind, "Content-Length": str(len(content))})
    return Response(HTTPStatus.OK.value, "OK", headers, content)


def with_shell(response: Response) -> Response:
    """Add our files to viser's page; other responses stay as they are."""
    is_page = response.headers.get("Content-Type", "").startswith("text/html")
    if response.status_code != HTTPStatus.OK or not is_page:
        return response
    is_packed = response.headers.get("Content-Encoding") == "gzip"
    body = _extended(bytes(response.body or b""), is_packed)
    headers = Headers(response.headers)
    del headers["Content-Length"]
    headers["Content-Length"] = str(len(body))
    return Response(response.status_code, response.reason_phrase, headers, body)


@cache
def _extended(page: bytes, is_packed: bool) -> bytes:
    """Insert the tags at the end of the head, the last one: scripts before it may mention it."""
    content = gzip.decompress(page) if is_packed else page
    before, end, after = content.rpartition(_HEAD_END)
    if not end:
        return page
    extended = before + _TAGS + end + after
    return gzip.compress(extended) if is_packed else extended


@cache
def _own_files() -> dict[str, tuple[str, bytes]]:
    """Read the files once: only those that were there at the start can be asked for."""
    found = {}
    for entry in files("workbench").joinpath("page").iterdir():
        kind = _KINDS.get("." + entry.name.rpartition(".")[2])
        if kind is not None and entry.is_file():
            found[entry.name] = (kind, entry.read_bytes())
    return found
