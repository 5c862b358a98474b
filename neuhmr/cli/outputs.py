"""What a command may write: nothing over what it reads, and over what exists only if asked to.

Asked in the first second, before anything heavy is imported.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from neuhmr.clip.atomic import check_folder, check_writable
from neuhmr.errors import OutputError

OverwriteFlag = Annotated[bool, arg(help="Replace what is there.", help_behavior_hint="")]
Paths = Mapping[str, Path | None]
"""Files or folders by the option that names them; None where it was not given."""


def check_outputs(outputs: Paths, inputs: Paths, overwrite: bool) -> None:
    """Refuse files to write that cannot be written, or that would replace something.

    Raises:
        OutputError: a path is an input of the same run, is named twice, exists and is not to be
            overwritten, or cannot be written.
    """
    _check_roles(outputs, inputs)
    for option, path in _given(outputs).items():
        check_writable(path)
        if _exists(path) and not overwrite:
            raise OutputError(
                f"{path} exists already and would be replaced; choose another {option}, or add "
                "--overwrite."
            )


def check_output_folder(
    option: str, path: Path | None, inputs: Paths, overwrite: bool, own: str = "*"
) -> None:
    """Refuse a folder to write into that cannot be made, or that holds something already.

    Args:
        option: that names the folder.
        path: the folder; None where it was not given.
        inputs: what the same run reads.
        overwrite: write into a folder that holds something.
        own: pattern of the names that may then be there.

    Raises:
        OutputError: see above.
    """
    if path is None:
        return
    _check_roles({option: path}, inputs)
    missing = path
    while not missing.parent.exists():
        missing = missing.parent  # Folders on the way are made, too.
    check_folder(missing, own)
    if path.is_dir() and any(path.iterdir()) and not overwrite:
        raise OutputError(
            f"{path} holds files already, which may be replaced; choose another {option}, or add "
            "--overwrite."
        )


def _check_roles(outputs: Paths, inputs: Paths) -> None:
    """Refuse outputs that are inputs or each other, through whatever links."""
    placed: dict[str, Path] = {}
    for option, path in _given(outputs).items():
        for other, read in _given(inputs).items():
            if _is_part_of(path, read):
                raise OutputError(
                    f"{path} is what this run reads as {other}, which must stay as it is; choose "
                    f"another {option}."
                )
        for other, written in placed.items():
            if _is_same(path, written):
                raise OutputError(f"{path} is both {other} and {option}; choose two names.")
        placed[option] = path


def _given(paths: Paths) -> dict[str, Path]:
    return {option: path for option, path in paths.items() if path is not None}


def _is_part_of(path: Path, read: Path) -> bool:
    """Tell whether writing `path` would change `read`: the same, in that folder, or its folder."""
    if _is_same(path, read):
        return True
    try:
        if read.is_dir():
            return path.exists() and Path(os.path.realpath(read)) in _parents(path)
        return path.is_dir() and read.exists() and _parents(read)[0] == _parents(path / "x")[0]
    except OSError:
        return False


def _parents(path: Path) -> list[Path]:
    return list(Path(os.path.realpath(path)).parents)


def _is_same(path: Path, other: Path) -> bool:
    """Compare by what the names lead to: links of either kind do not hide anything."""
    try:
        return path.samefile(other)
    except OSError:  # One of them is not there yet.
        return os.path.realpath(path) == os.path.realpath(other)


def _exists(path: Path) -> bool:
    return path.exists() or path.is_symlink()
