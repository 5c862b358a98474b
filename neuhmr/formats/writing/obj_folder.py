"""Meshes as OBJ files, one per frame."""

from pathlib import Path

from neuhmr.formats.writing.animation import Animation, Remarks
from neuhmr.formats.writing.folder import write_meshes


def write(path: Path, animation: Animation) -> Remarks:
    """Write a folder of OBJ files.

    Raises:
        OutputError: the folder cannot be written.
    """
    return write_meshes(path, animation, ".obj")
