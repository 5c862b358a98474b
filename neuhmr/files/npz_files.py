"""Reading npz files that somebody else may have written."""

from pathlib import Path
from typing import NoReturn

import numpy as np
from jaxtyping import Bool, Shaped

from neuhmr.errors import NeuhmrError
from neuhmr.files.file_kinds import describe_file, require_file
from neuhmr.files.limits import CONTENT_LIMIT, UnusableFile
from neuhmr.files.loading import DAMAGE, read_member
from neuhmr.files.zip_archive import ZIP_MAGICS, open_archive


def read_npz(
    path: Path,
    error: type[NeuhmrError],
    expected: str,
    remedy: str,
    leaves_out_objects: bool = False,
) -> dict[str, np.ndarray]:
    """Read all arrays of an npz file; pickled objects are refused, never loaded.

    Args:
        path: the file.
        error: the class to raise.
        expected: what the file should be, with its article.
        remedy: what to do where it is something else.
        leaves_out_objects: pass over arrays of Python objects rather than refuse the file.

    Raises:
        NeuhmrError: of the class `error`: missing, empty, another kind of file, damaged, or one
            that unpacks to more than its size explains.
    """
    require_file(path, error, expected, remedy)
    try:
        with path.open("rb") as file:
            is_archive = file.read(4) in ZIP_MAGICS
        if not is_archive:
            raise error(f"{path} is {describe_file(path)}, {expected} was expected; {remedy}.")
        with open_archive(path, CONTENT_LIMIT) as archive:
            arrays = {}
            for name in archive.namelist():
                if name.endswith(".npy"):
                    read_objects = _leave_out if leaves_out_objects else _refuse
                    array = read_member(archive, name, read_objects)
                    if array is not None:
                        arrays[name.removesuffix(".npy")] = array
            return arrays
    except UnusableFile as reason:
        raise error(f"{path} {reason}, {expected} was expected; {remedy}.") from reason
    except DAMAGE as reason:
        raise error(f"{path} is damaged ({reason}), {expected} was expected; {remedy}.") from reason


def bad_rows(values: Shaped[np.ndarray, "rows ..."]) -> Bool[np.ndarray, " rows"]:
    """Tell which rows (axis 0) hold NaN or Inf."""
    return ~np.isfinite(values).reshape(values.shape[0], -1).all(axis=1)


def _refuse(objects: bytes) -> NoReturn:
    raise UnusableFile("holds Python objects and not plain arrays alone")


def _leave_out(objects: bytes) -> None:
    return None
