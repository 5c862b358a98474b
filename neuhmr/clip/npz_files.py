"""Reading npz files that somebody else may have written."""

import zipfile
import zlib
from pathlib import Path

import numpy as np

from neuhmr.clip.file_kinds import describe_file, require_file
from neuhmr.errors import NeuhmrError


def read_npz(
    path: Path, error: type[NeuhmrError], expected: str, remedy: str
) -> dict[str, np.ndarray]:
    """Read all arrays of an npz file; pickled objects are refused, never loaded.

    Args:
        path: the file.
        error: the class to raise.
        expected: what the file should be, with its article.
        remedy: what to do where it is something else.

    Raises:
        NeuhmrError: of the class `error`: missing, empty, another kind of file, damaged.
    """
    require_file(path, error, expected, remedy)
    if not zipfile.is_zipfile(path):
        kind = describe_file(path)
        found = "a damaged npz file (cut off)" if "zip archive" in kind else kind
        raise error(f"{path} is {found}, {expected} was expected; {remedy}.")
    try:
        with np.load(path, allow_pickle=False) as data:
            return {key: data[key] for key in data.files}
    except ValueError as reason:
        raise error(
            f"{path} holds Python objects, {expected} of plain arrays was expected; {remedy}."
        ) from reason
    except (OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as reason:
        raise error(f"{path} is damaged ({reason}), {expected} was expected; {remedy}.") from reason


def first_bad_row(values: np.ndarray, rows: np.ndarray | None = None) -> int | None:
    """Find the first row (axis 0) that holds NaN or Inf, among `rows` (a mask) if given."""
    is_bad = ~np.isfinite(values).reshape(values.shape[0], -1).all(axis=1)
    if rows is not None:
        is_bad &= rows
    return int(is_bad.argmax()) if is_bad.any() else None
