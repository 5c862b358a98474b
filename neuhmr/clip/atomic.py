"""Files and folders that appear whole or not at all; everything that is written goes through here.

What is new lies beside its place under a hidden name until it is whole and on the disk. Then it is
renamed: whoever is killed, or runs out of space, leaves what was there before.
"""

import errno
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from neuhmr.errors import OutputError


@contextmanager
def atomic_path(path: Path, *failures: type[Exception]) -> Iterator[Path]:
    """Lend a temporary name beside `path`; rename it to `path` if the block succeeds.

    The temporary name keeps the suffix, since video and mesh writers choose their format by it.
    If the block raises, the temporary file is removed and `path` is left as it was.

    Args:
        path: the file.
        failures: what a foreign writer raises where it cannot write, beside `OSError`.

    Raises:
        OutputError: `path` cannot be written.
    """
    check_writable(path)
    # As long a name as the final one may have would not leave room for more.
    partial = path.with_name(f".{uuid.uuid4().hex[:8]}.part{path.suffix[-16:]}")
    try:
        yield partial
        if path.exists():
            shutil.copymode(path, partial)
        _store(partial)
        os.replace(partial, path)
        _store_folder(path.parent)
    except (OSError, *failures) as error:
        raise _could_not_write(path, error) from error
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path, own: str = "") -> Iterator[Path]:
    """Lend a temporary folder beside `path`; rename it to `path` if the block succeeds.

    Args:
        path: a folder that does not exist, is empty, or holds only files that `own` names.
        own: pattern of the names of files that may be replaced, such as "frame_*.obj".

    Raises:
        OutputError: there is something else at `path`, or nothing can be made there.
    """
    check_folder(path, own)
    partial, old = (
        path.with_name(f".{uuid.uuid4().hex[:8]}.{role}") for role in ("part", "old.part")
    )
    try:
        partial.mkdir()
        yield partial
        for file in partial.iterdir():
            _store(file)
        if path.is_dir():
            path.rename(old)
        try:
            partial.rename(path)
        except OSError:
            if old.is_dir():
                old.rename(path)
            raise
        _store_folder(path.parent)
    except OSError as error:
        raise _could_not_write(path, error) from error
    finally:
        for folder in (partial, old):
            shutil.rmtree(folder, ignore_errors=True)


def check_writable(path: Path) -> None:
    """Make sure, before long work, that `path` can be written at the end of it.

    Tries rather than asks: a read-only file system and missing rights both show only that way.

    Raises:
        OutputError: the path is a folder, its folder is missing, or nothing can be created there.
    """
    _check_name(path)
    try:
        is_other = path.exists() and not path.is_file() and not path.is_dir()
    except OSError as error:
        advice = "a shorter" if error.errno == errno.ENAMETOOLONG else "another"
        raise OutputError(
            f"{path} cannot be written ({error.strerror or error}); choose {advice} output path."
        ) from error
    if is_other:
        raise OutputError(
            f"{path} is a device or pipe, the name of a file was expected; choose another output "
            "path."
        )
    if path.is_dir():
        raise OutputError(f"{path} is a folder, a file name was expected; add one to the path.")
    if path.exists() and not os.access(path, os.W_OK):
        raise OutputError(
            f"{path} exists and is write-protected; choose another output path or make it writable."
        )
    _check_place(path)


def check_folder(path: Path, own: str = "") -> None:
    """Make sure, before long work, that a new folder can be made at `path`.

    Args:
        path: may be an empty folder already, or one that holds only files that `own` names.
        own: pattern of the names of files that may be replaced; "" for none.

    Raises:
        OutputError: there is something else, or nothing can be made there.
    """
    _check_name(path)
    try:
        exists = path.exists() or path.is_symlink()
        is_folder = path.is_dir() and not path.is_symlink()
        names = [entry.name for entry in path.iterdir()] if is_folder else []
        others = [name for name in names if not own or not (path / name).match(own)]
    except OSError as error:
        advice = "a shorter" if error.errno == errno.ENAMETOOLONG else "another"
        raise OutputError(
            f"{path} cannot be written ({error.strerror or error}); choose {advice} output path."
        ) from error
    if exists and not is_folder:
        raise OutputError(
            f"{path} exists and is no folder but a file or a link, a new folder was expected; "
            "choose another output path."
        )
    if others:
        raise OutputError(
            f"{path} exists and holds {sorted(others)[0]}, which would be lost, a new folder was "
            "expected; choose another output path."
        )
    _check_place(path)


def _check_name(path: Path) -> None:
    """Refuse what no terminal can print and no other program may find again."""
    try:
        os.fsencode(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise OutputError(
            f"{path} is no UTF-8, a name that can be printed was expected; choose another output "
            "path."
        ) from error


def _check_place(path: Path) -> None:
    """Refuse a path beside which nothing can be created."""
    folder = path.parent
    if not folder.is_dir():
        found = "is not a folder" if folder.exists() else "does not exist"
        raise OutputError(
            f"{path} cannot be written because {folder} {found}; create that folder or choose "
            "another output path."
        )
    trial = folder / f".{uuid.uuid4().hex}.part"
    try:
        trial.touch(exist_ok=False)
        trial.unlink()
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror or error}); choose another output path."
        ) from error


def _could_not_write(path: Path, error: Exception) -> OutputError:
    reason = getattr(error, "strerror", None) or next(iter(str(error).splitlines()), "no reason")
    return OutputError(
        f"{path} could not be written ({reason}); free some space or choose another output path."
    )


def _store(path: Path) -> None:
    """Have the file on the disk before its name is: some disks say only now that they are full."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _store_folder(path: Path) -> None:
    """Have the new name on the disk, where the file system knows how."""
    with suppress(OSError):
        _store(path)
