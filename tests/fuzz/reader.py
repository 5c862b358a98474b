"""What is fuzzed: a reader, and how valid files for it are made."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Read = Callable[[Path], object]


@dataclass(frozen=True)
class Reader:
    """What reads a file, or a folder, and how a valid one is made."""

    read: Read
    seeds: tuple[Callable[[Path], Path], ...]
    """Each writes one into an empty folder and gives its path."""
