"""This program's own motion file."""

from pathlib import Path

from neuhmr.clip.motion_file import write_motion_file
from neuhmr.formats.writing.animation import Animation, Remarks


def write(path: Path, animation: Animation) -> Remarks:
    """Write a motion file.

    Raises:
        OutputError: the file cannot be written.
    """
    write_motion_file(path, animation.motion)
    return ()
