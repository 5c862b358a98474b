"""Telling by content what a file is, for messages about files in the wrong place."""

import stat
from pathlib import Path

from neuhmr.errors import NeuhmrError

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG", "a picture (PNG)"),
    (0, b"\xff\xd8\xff", "a picture (JPEG)"),
    (0, b"BM", "a picture (BMP)"),
    (0, b"II*\x00", "a picture (TIFF)"),
    (0, b"MM\x00*", "a picture (TIFF)"),
    (8, b"WEBP", "a picture (WebP)"),
    (4, b"ftypavif", "a picture (AVIF)"),
    (4, b"ftyphei", "a picture (HEIC)"),
    (4, b"ftyp", "a video or sound file (MP4 family)"),
    (8, b"AVI ", "a video (AVI)"),
    (0, b"\x1aE\xdf\xa3", "a video (Matroska or WebM)"),
    (8, b"WAVE", "a sound file (WAV)"),
    (0, b"ID3", "a sound file (MP3)"),
    (0, b"glTF", "a mesh (GLB)"),
    (0, b"\x93NUMPY", "a single NumPy array (npy)"),
    (0, b"PK\x03\x04", "a zip archive (npz or similar)"),
    (0, b"PK\x05\x06", "an empty zip archive"),
    (0, b"%PDF", "a PDF document"),
    (0, b"HIERARCHY", "a BVH motion file"),
    (0, b"\x89HDF", "an HDF5 file"),
    (0, b"\x1f\x8b", "a gzip file"),
    (0, b"BZh", "a bzip2 file"),
    (0, b"\xfd7zXZ", "an xz file"),
    (0, b"\x04\x22\x4d\x18", "an lz4 file"),
    (0, b"\x28\xb5\x2f\xfd", "a zstd file"),
    (0, b"\x80\x02\x8a\nl\xfc\x9c", "an old torch file"),
)  # fmt: skip
_PICKLE_PROTOCOLS = (2, 3, 4, 5)
_ODD_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def describe_file(path: Path) -> str:
    """Name what a readable file holds, in words that fit after "is"."""
    with path.open("rb") as file:
        return describe_content(file.read(512))


def describe_content(head: bytes) -> str:
    """Name what a file holds by its first bytes, in words that fit after "is"."""
    if not head:
        return "an empty file (0 bytes)"
    for offset, signature, description in _SIGNATURES:
        if head[offset : offset + len(signature)] == signature:
            return description
    if head[0] == 0x80 and len(head) > 1 and head[1] in _PICKLE_PROTOCOLS:
        return "a Python pickle"
    if _is_text(head):
        return "a text file"
    return "a file of unknown kind"


def require_file(
    path: Path, error: type[NeuhmrError], expected: str, remedy: str = "check the path"
) -> int:
    """Refuse paths that hold no readable, non-empty file of the ordinary kind.

    Pipes and devices are refused without opening them: they may never end, or never begin.

    Args:
        path: what the user gave; a link to a file will do.
        error: the class to raise.
        expected: what should be there, with its article.
        remedy: what to do about a missing file.

    Returns:
        The file's size (bytes).

    Raises:
        NeuhmrError: of the class `error`.
    """
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise error(f"{path} is a folder, {expected} was expected; give the file inside it.")
        if not stat.S_ISREG(found.st_mode):
            kind = next((name for is_it, name in _ODD_KINDS if is_it(found.st_mode)), "no file")
            raise error(f"{path} is {kind}, {expected} was expected; give a file on a disk.")
        with path.open("rb") as file:
            is_empty = not file.read(1)
    except (FileNotFoundError, NotADirectoryError, ValueError) as reason:
        raise error(f"{path} does not exist, {expected} was expected; {remedy}.") from reason
    except OSError as reason:
        raise error(
            f"{path} cannot be read ({reason.strerror or reason}), {expected} was expected; "
            "check its access rights."
        ) from reason
    if is_empty:
        raise error(
            f"{path} is empty (0 bytes), {expected} was expected; copy or make the file again."
        )
    return found.st_size


def _is_text(head: bytes) -> bool:
    try:
        head[:500].decode("utf-8")
    except UnicodeDecodeError as error:
        # A character may be cut by the end of what was read.
        return error.start > 490 and b"\x00" not in head
    return b"\x00" not in head
