"""What a reader of one tool's files offers."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neuhmr.formats.reading.found import FoundPoses


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One tool, how its files are told from others' and read, and what they hold."""

    name: str
    give: str
    """Which of its files to give."""
    poses: str
    """The body model."""
    camera: str
    """Intrinsics: `yes`, `rule` where only the tool's rule is known, `no`."""
    world: bool = False
    """Whether poses or camera are known in a world."""
    people: bool = False
    """Whether one file may hold several."""
    gaps: bool = False
    """Whether it tells which frames show nobody."""
    keypoints: bool = False
    matches: Callable[[Any], bool]
    """Tells by the content of a file."""
    read: Callable[[Any, Path], FoundPoses]
    """Reads that content; the path is where it came from, for what lies beside it."""
    load_file: Callable[[Path], Any] | None = None
    """Reads files that are no plain data; None where it is not the tool's."""
    load_folder: Callable[[Path], Any] | None = None
    """Gathers the files of a folder for `read`; None where it is not laid out as the tool's."""
