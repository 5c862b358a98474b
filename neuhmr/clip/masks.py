"""Person masks of a clip: one bit per pixel and frame.

In the file `clip.masks.npz`: `masks_packed` (frames, height, ceil(width / 8)) uint8 as
`numpy.packbits` packs along the last axis, and `height`, `width`. Rows are read and written one
frame at a time and kept deflated in memory, so that long clips stay small.
"""

import io
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from neuhmr.clip.atomic import atomic_path
from neuhmr.clip.mask_changes import UNCHANGED, MaskChanges
from neuhmr.errors import ClipError
from neuhmr.files.array_stream import count_of, read_header
from neuhmr.files.file_kinds import describe_file, require_file
from neuhmr.files.limits import GIB, UnusableFile
from neuhmr.files.loading import DAMAGE
from neuhmr.files.zip_archive import ZIP_MAGICS, open_archive

_EXPECTED = "a mask file (npz with masks_packed, height, width)"
_REMEDY = "make one with `neuhmr init --masks-out` or leave --masks out"
_FAST_DEFLATE = 1
_MOST_BYTES = 64 * GIB
"""Of all masks, unpacked one by one: five hours of 720p at 30 frames a second."""


@dataclass(frozen=True)
class MaskSequence:
    """Masks of one person over the frames of a clip; made by `pack_masks` or `read_masks`."""

    deflated: tuple[bytes, ...]
    """Per frame the packed bits, row after row, zlib-deflated."""
    height: int
    width: int
    changes: MaskChanges = UNCHANGED
    """Done to every mask as it is unpacked."""

    @property
    def num_frames(self) -> int:
        """Number of masks."""
        return len(self.deflated)

    def __len__(self) -> int:
        return len(self.deflated)

    def __getitem__(self, index: slice) -> "MaskSequence":
        """See a range of the frames."""
        return replace(self, deflated=self.deflated[index])

    def mask(self, index: int) -> Bool[np.ndarray, "height width"]:
        """Unpack one mask: True on the person."""
        bits = np.unpackbits(self._packed(index), axis=1, count=self.width)
        return self.changes.apply(bits.view(bool))

    def _packed(self, index: int) -> np.ndarray:
        row_bytes = (self.width + 7) // 8
        data = zlib.decompress(self.deflated[index])
        return np.frombuffer(data, np.uint8).reshape(self.height, row_bytes)


def pack_masks(masks: Iterable[Bool[np.ndarray, "height width"]]) -> MaskSequence:
    """Pack masks as they come, one at a time.

    Raises:
        ValueError: no masks, or masks of different sizes.
    """
    deflated: list[bytes] = []
    size: tuple[int, ...] | None = None
    for mask in masks:
        size = size or mask.shape
        if mask.shape != size:
            raise ValueError(f"pack_masks: mask {len(deflated)} is {mask.shape}, others {size}")
        deflated.append(_deflate(np.packbits(mask, axis=1)))
    if size is None:
        raise ValueError("pack_masks: at least one mask is needed")
    return MaskSequence(tuple(deflated), int(size[0]), int(size[1]))


def write_masks(path: Path, masks: MaskSequence) -> None:
    """Write a mask file whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    shape = (masks.num_frames, masks.height, (masks.width + 7) // 8)
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    with (
        atomic_path(path) as partial,
        zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive,
    ):
        for name, value in (("height", masks.height), ("width", masks.width)):
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.asarray(value), allow_pickle=False)
            archive.writestr(f"{name}.npy", buffer.getvalue())
        with archive.open("masks_packed.npy", "w", force_zip64=True) as member:
            np.lib.format.write_array_header_1_0(member, header)  # pyright: ignore[reportArgumentType]
            for index in range(len(masks)):
                member.write(np.packbits(masks.mask(index), axis=1).tobytes())


def read_masks(path: Path) -> MaskSequence:
    """Read a mask file, frame by frame.

    Raises:
        ClipError: no such file, another kind of file, or one that contradicts itself.
    """
    require_file(path, ClipError, _EXPECTED, _REMEDY)
    try:
        with path.open("rb") as file:
            is_archive = file.read(4) in ZIP_MAGICS
        if not is_archive:
            raise UnusableFile(f"is {describe_file(path)}")
        # Masks deflate a thousandfold, and only one of them is ever unpacked at a time.
        with open_archive(path, _MOST_BYTES, streams=True) as archive:
            return _read_members(path, archive)
    except UnusableFile as problem:
        raise ClipError(f"{path} {problem}, {_EXPECTED} was expected; {_REMEDY}.") from problem
    except DAMAGE as error:
        reason = str(error).strip("\"'")
        raise ClipError(
            f"{path} cannot be read ({reason}), {_EXPECTED} was expected; {_REMEDY}."
        ) from error


def _read_members(path: Path, archive: zipfile.ZipFile) -> MaskSequence:
    height, width = (_read_integer(archive, name) for name in ("height", "width"))
    size = archive.getinfo("masks_packed.npy").file_size
    with archive.open("masks_packed.npy") as member:
        assert isinstance(member, zipfile.ZipExtFile), "what is opened for reading"
        shape, is_fortran, dtype = read_header(member)
        expected = (height, (width + 7) // 8)
        if dtype != np.uint8 or is_fortran or len(shape) != 3 or shape[1:] != expected:
            raise ClipError(
                f"{path} has masks_packed of shape {shape} and type {dtype}, (frames, "
                f"{expected[0]}, {expected[1]}) of uint8 was expected for masks of {height} x "
                f"{width} pixels; {_REMEDY}."
            )
        whole = max(0, size - member.tell()) // (expected[0] * expected[1])
        if not 0 < shape[0] <= whole:
            raise ClipError(
                f"{path} ends at mask {whole} of {shape[0]}, a whole mask file was expected; "
                "copy or make the file again."
            )
        deflated = []
        for frame in range(shape[0]):
            data = member.read(expected[0] * expected[1])
            if len(data) < expected[0] * expected[1]:
                raise ClipError(
                    f"{path} ends at mask {frame} of {shape[0]}, a whole mask file was expected; "
                    "copy or make the file again."
                )
            deflated.append(zlib.compress(data, _FAST_DEFLATE))
    return MaskSequence(tuple(deflated), height, width)


def _read_integer(archive: zipfile.ZipFile, name: str) -> int:
    with archive.open(f"{name}.npy") as member:
        assert isinstance(member, zipfile.ZipExtFile), "what is opened for reading"
        shape, _, dtype = read_header(member)
        if count_of(shape) != 1 or dtype.hasobject:
            raise ValueError(f"{name} is not one positive integer")
        value = np.frombuffer(member.read(dtype.itemsize), dtype)
    if value.size != 1 or not np.issubdtype(value.dtype, np.integer) or value.item() < 1:
        raise ValueError(f"{name} is not one positive integer")
    return int(value.item())


def _deflate(packed: np.ndarray) -> bytes:
    return zlib.compress(packed.tobytes(), _FAST_DEFLATE)
