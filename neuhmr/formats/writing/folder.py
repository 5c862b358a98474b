"""Folders that appear whole or not at all, and meshes in them frame by frame."""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import trimesh

from neuhmr.errors import OutputError
from neuhmr.formats.writing.animation import Animation, Remarks


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Lend a temporary folder beside `path`; rename it to `path` if the block succeeds.

    Raises:
        OutputError: there is something at `path`, or nothing can be made there.
    """
    if path.is_symlink() or (path.exists() and not _is_empty_folder(path)):
        raise OutputError(
            f"{path} exists, a new folder was expected; remove it or choose another output path."
        )
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        partial.mkdir()
        yield partial
        if path.is_dir():
            path.rmdir()
        partial.rename(path)
    except OSError as error:
        raise OutputError(
            f"{path} could not be written ({error.strerror or error}); free some space or choose "
            "another output path."
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_meshes(path: Path, animation: Animation, suffix: str) -> Remarks:
    """Write `frame_000012.obj` and so on, numbered as in the clip.

    Raises:
        OutputError: the folder cannot be written.
    """
    faces = np.asarray(animation.body.faces)
    frames = animation.motion.frame_index.tolist()
    with atomic_folder(path) as partial:
        for rows in animation.chunks():
            for frame, vertices in zip(frames[rows], animation.vertices(rows), strict=True):
                mesh = trimesh.Trimesh(vertices, faces, process=False)
                mesh.export(partial / f"frame_{frame:06d}{suffix}")
    return (f"The folder holds one file per frame, {animation.motion.fps:g} per second.",)


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())
