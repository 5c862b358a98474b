"""Arrays of masks in npz files, one frame in memory at a time: masks deflate a thousandfold."""

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neuhmr.clip.mask_files.found import MOST_PIXELS, UnusableMasks
from neuhmr.files.array_stream import count_of, read_header
from neuhmr.files.limits import GIB, UnusableFile
from neuhmr.files.loading import DAMAGE
from neuhmr.files.zip_archive import ZIP_MAGICS, open_archive

_OWN = "masks_packed.npy"
_MOST_BYTES = 64 * GIB
_SMALL = 2**20
"""Bytes of a member that may be read at once: numbers of frames and objects."""
_FAST_DEFLATE = 1


@dataclass(frozen=True)
class StreamedArray:
    """An array whose rows are kept deflated."""

    shape: tuple[int, ...]
    dtype: np.dtype
    rows: tuple[bytes, ...]

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, row: int) -> np.ndarray:
        """Inflate one row."""
        return np.frombuffer(zlib.decompress(self.rows[row]), self.dtype).reshape(self.shape[1:])


def is_our_own(path: Path) -> bool:
    """Tell our own file, or an archive so damaged that its reader shall say what is wrong."""
    with path.open("rb") as file:
        if file.read(4) not in ZIP_MAGICS:
            return False
    try:
        with open_archive(path, _MOST_BYTES, streams=True) as archive:
            names = archive.namelist()
    except (UnusableFile, *DAMAGE):
        return True
    has_arrays = any(name.endswith((".npy", "/data.pkl")) for name in names)
    return _OWN in names or not has_arrays


def read_archive(path: Path) -> dict[str, StreamedArray | np.ndarray] | None:
    """Read the arrays of an npz; None where one holds objects, or it is no npz.

    Raises:
        UnusableMasks: an array is cut off, or has pictures that are too large.
        UnusableFile: the archive is larger than masks may be.
    """
    with path.open("rb") as file:
        if file.read(4) not in ZIP_MAGICS:
            return None
    arrays: dict[str, StreamedArray | np.ndarray] = {}
    with open_archive(path, _MOST_BYTES, streams=True) as archive:
        for name in archive.namelist():
            if not name.endswith(".npy"):
                return None
            with archive.open(name) as member:
                assert isinstance(member, zipfile.ZipExtFile), "what is opened for reading"
                array = _read_member(member, archive.getinfo(name).file_size)
            if array is None:
                return None
            arrays[name.removesuffix(".npy")] = array
    return arrays or None


def _read_member(member: zipfile.ZipExtFile, size: int) -> StreamedArray | np.ndarray | None:
    shape, is_fortran, dtype = read_header(member)
    if dtype.hasobject:
        return None
    if len(shape) < 3:
        if size > _SMALL:
            raise UnusableMasks(f"has an array of shape {shape} beside its masks")
        return np.frombuffer(member.read(), dtype, count=count_of(shape)).reshape(shape)
    row_bytes = count_of(shape[1:]) * dtype.itemsize
    if is_fortran or not 0 < row_bytes <= 8 * MOST_PIXELS:
        raise UnusableMasks(f"has masks of shape {shape}, frames first in C order were expected")
    rows = []
    for row in range(shape[0]):
        data = member.read(row_bytes)
        if len(data) < row_bytes:
            raise UnusableMasks(f"ends at row {row} of {shape[0]}")
        rows.append(zlib.compress(data, _FAST_DEFLATE))
    return StreamedArray(tuple(shape), dtype, tuple(rows))
