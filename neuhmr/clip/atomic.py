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
    # As long a name as the final one may have would not leave room for more.
    partial = path.with_name(f".{uuid.uuid4().hex[:8]}.part{path.suffix[-16:]}")
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
    try:
        is_other = path.exists() and not path.is_file() and not path.is_dir()
    except OSError as error:  # Longer than the file system's names.
        raise OutputError(
            f"{path} cannot be written ({error.strerror or error}); choose a shorter output path."
        ) from error
    if is_other:
        raise OutputError(
            f"{path} is a device or pipe, the name of a file was expected; choose another output "
            "path."
        )
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
