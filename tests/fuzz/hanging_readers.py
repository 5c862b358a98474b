"""Readers as none should be: some catch all that could stop them, one waits, one breaks down."""

import os
import signal
import threading
from pathlib import Path

from tests.fuzz.reader import Reader


def _seed(folder: Path) -> Path:
    (folder / "a.bin").write_bytes(bytes(range(64)))
    return folder / "a.bin"


def _is_whole(path: Path) -> bool:
    """Tell the valid file, which every worker reads first."""
    return path.read_bytes() == bytes(range(64))


def _swallows(path: Path) -> None:
    while not _is_whole(path):
        try:
            sum(range(1000))
        except BaseException:
            continue


def _waits(path: Path) -> None:
    if not _is_whole(path):
        threading.Event().wait()


def _breaks_down(path: Path) -> None:
    if not _is_whole(path):
        os.kill(os.getpid(), signal.SIGSEGV)


READERS = {
    "swallows": Reader(_swallows, (_seed,)),
    "waits": Reader(_waits, (_seed,)),
    "breaks down": Reader(_breaks_down, (_seed,)),
    "is fine": Reader(lambda path: path.read_bytes(), (_seed,)),
}
