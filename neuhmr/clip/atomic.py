"""Files that appear whole or not at all."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neuhmr.errors import OutputError


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Lend a temporary name beside `path`; rename it to `path` if the block succeeds.

    The temporary name keeps the suffix, since video and mesh writers choose their format by it.
    If the block raises, the temporary file is removed and `path` is left as it was.

    Raises:
        OutputError: `path` cannot be written.
    """
    check_writable(path)
    partial = path.with_name(f".{path.stem}.{uuid.uuid4().hex[:8]}.part{path.suffix}")
    try:
        yield partial
        os.replace(partial, path)
    except OSError as error:
        raise OutputError(
            f"{path} could not be written ({error.strerror or error}); free some space or choose "
            "another output path."
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Make sure, before long work, that `path` can be written at the end of it.

    Tries rather than asks: a read-only file system and missing rights both show only that way.

    Raises:
        OutputError: the path is a folder, its folder is missing, or nothing can be created there.
    """
    if path.is_dir():
        raise OutputError(f"{path} is a folder, a file name was expected; add one to the path.")
    folder = path.parent
    if not folder.is_dir():
        found = "is not a folder" if folder.exists() else "does not exist"
        raise OutputError(
            f"{path} cannot be written because {folder} {found}; create that folder or choose "
            "another output path."
        )
    if path.exists() and not os.access(path, os.W_OK):
        raise OutputError(
            f"{path} exists and is write-protected; choose another output path or make it writable."
        )
    trial = folder / f".{uuid.uuid4().hex}.part"
    try:
        trial.touch(exist_ok=False)
        trial.unlink()
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror or error}); choose another output path."
        ) from error
