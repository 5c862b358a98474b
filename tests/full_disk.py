"""A disk without room, for tests of what is written."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager

ROOM = 1000
"""Bytes that still fit."""


@contextmanager
def full_disk(room: int = ROOM) -> Iterator[None]:
    """Let no file grow beyond some bytes, in this process and those that it starts."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
