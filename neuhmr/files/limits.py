"""How much of this machine a file may take, and what to say of one that asks for more."""

from dataclasses import dataclass

GIB = 2**30
MIB = 2**20

CONTENT_LIMIT = GIB
"""Bytes that one file may hold, unpacked."""
JSON_LIMIT = 64 * MIB
"""Bytes of one JSON file: its lists take twenty times their text."""
MOST_OPERATIONS = 5_000_000
"""Steps of one pickle, two to five seconds; ten minutes of several people take some two million."""
_LARGEST_RATIO = 100
"""Unpacked to packed. Poses reach 2 and pictures' masks 60; bombs begin at 1,000."""
_ALWAYS_ALLOWED = 64 * MIB
"""Unpacked bytes that are no harm, however well they were packed."""


class UnusableFile(ValueError):
    """A file that must not or cannot be read; the message completes "it ..."."""


class ForbiddenName(Exception):
    """A pickle asked for something outside the allow-list; the message is its dotted name."""


@dataclass
class Budget:
    """What reading one file may still take."""

    memory: int
    """Bytes."""
    operations: int = MOST_OPERATIONS
    """Steps of its pickles."""

    def take(self, size: int) -> None:
        """Note that `size` bytes are about to be taken.

        Raises:
            UnusableFile: that is more than the file's size explains.
        """
        self.memory -= size
        if self.memory < 0:
            raise UnusableFile("would take far more memory than its size explains")


def unpacked_limit(packed: int, limit: int = CONTENT_LIMIT) -> int:
    """Say how many bytes a packed file or part of `packed` bytes may unpack to."""
    return min(limit, max(_ALWAYS_ALLOWED, _LARGEST_RATIO * packed))


def in_words(size: int) -> str:
    """Write a number of bytes."""
    return f"{size / GIB:g} GiB" if size >= GIB else f"{size / MIB:.3g} MiB"
