"""Attacks by files: a browser may send one where a button takes it, and nothing else."""

import asyncio

import pytest

from tests.workbench.patience import assert_soon
from tests.workbench.viser_client import camera_message, connect, encode, send_all
from workbench.server import upload_guard
from workbench.server.server import start_server
from workbench.server.upload_guard import MAX_UPLOAD_BYTES, MOST_AT_ONCE, plain_name


@pytest.fixture
def server():
    running = start_server("127.0.0.1", 0, "test")
    yield running
    running.stop()


@pytest.fixture
def button(server):
    """An upload button that keeps what it got."""
    handle = server.viser.gui.add_upload_button("u")
    handle.got = []
    handle.on_upload(lambda _event: handle.got.append(handle.value))
    return handle


def start(button, **changes):
    fields = {
        "source_component_uuid": button._impl.uuid, "transfer_uuid": "t", "filename": "a.npz",
        "mime_type": "", "part_count": 2, "size_bytes": 6,
    } | changes  # fmt: skip
    return encode("FileTransferStartUpload", **fields)


def part(button, index: int, content: bytes, transfer: str = "t"):
    return encode(
        "FileTransferPart", source_component_uuid=button._impl.uuid, transfer_uuid=transfer,
        part_index=index, content=content,
    )  # fmt: skip


def under_way(server) -> dict:
    return server.viser.gui._current_file_upload_states


def test_a_file_in_parts_arrives_whole(server, button):
    send_all(server, start(button), part(button, 1, b"def"), part(button, 0, b"abc"))
    assert_soon(lambda: button.got)
    assert button.got[0].content == b"abcdef" and button.got[0].name == "a.npz"
    assert under_way(server) == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"size_bytes": MAX_UPLOAD_BYTES + 1}, {"size_bytes": 0, "part_count": 0},
        {"size_bytes": -1}, {"size_bytes": 1e9}, {"size_bytes": True},
        {"part_count": 10**9}, {"part_count": 0}, {"part_count": "2"},
        {"transfer_uuid": "t" * 65}, {"source_component_uuid": "nobody"},
        {"mime_type": 3},
    ],
)  # fmt: skip
def test_a_start_that_no_page_sends_is_dropped(server, button, changes):
    send_all(server, start(button, **changes))
    assert under_way(server) == {} and button.got == []


def test_a_disabled_button_and_other_widgets_take_no_file(server, button):
    slider = server.viser.gui.add_slider("s", min=0.0, max=1.0, step=0.1, initial_value=0.5)
    button.disabled = True
    send_all(server, start(button), start(slider))
    assert under_way(server) == {}


def test_only_few_files_are_under_way_at_once(server, button):
    async def attack() -> int:
        async with connect(server) as raw:
            await raw.send(camera_message())
            for number in range(20):
                await raw.send(start(button, transfer_uuid=f"t{number}"))
            await raw.send(encode("GuiUpdateMessage", uuid="none", updates={}))
            for _ in range(100):
                if len(under_way(server)) >= MOST_AT_ONCE:
                    break
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.2)
            return len(under_way(server))

    assert asyncio.run(attack()) == MOST_AT_ONCE
    # Files of a browser that has gone are forgotten.
    assert_soon(lambda: under_way(server) == {} or None)


def test_more_than_was_announced_ends_the_file(server, button):
    send_all(server, start(button), part(button, 0, b"abc"), part(button, 1, b"x" * 1000))
    assert button.got == [] and under_way(server) == {}


def test_a_browser_that_never_showed_itself_sends_no_file(server, button):
    async def attack() -> None:
        async with connect(server) as raw:
            await raw.send(start(button))
            await raw.send(part(button, 0, b"abc"))
            await asyncio.sleep(0.3)

    asyncio.run(attack())
    assert under_way(server) == {}


def test_nobody_adds_to_the_file_of_another(server, button):
    async def attack() -> None:
        async with connect(server) as owner, connect(server) as other:
            await owner.send(camera_message())
            await other.send(camera_message())
            await owner.send(start(button))
            for _ in range(100):
                if under_way(server):
                    break
                await asyncio.sleep(0.02)
            await other.send(part(button, 0, b"BAD"))
            await asyncio.sleep(0.2)
            await owner.send(part(button, 0, b"abc"))
            await owner.send(part(button, 1, b"def"))
            for _ in range(100):
                if button.got:
                    break
                await asyncio.sleep(0.02)

    asyncio.run(attack())
    assert [file.content for file in button.got] == [b"abcdef"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"), ("..\\..\\x.npz", "x.npz"), ("a b-1.npz", "a b-1.npz"),
        (".bashrc", "bashrc"), ("..", "file"), ("", "file"), ("a\0b\n.npz", "a_b_.npz"),
        ("x" * 500 + ".npz", "x" * 116 + ".npz"), ("$(rm -rf ~).npz", "__rm -rf __.npz"),
    ],
)  # fmt: skip
def test_names_become_plain(sent, kept):
    assert plain_name(sent) == kept
    assert len(kept) <= upload_guard._MAX_NAME_LENGTH
