"""Telling by content what a file is, for messages about files in the wrong place."""

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
)  # fmt: skip
_PICKLE_PROTOCOLS = (2, 3, 4, 5)


def describe_file(path: Path) -> str:
    """Name what a readable file holds, in words that fit after "is"."""
    with path.open("rb") as file:
        head = file.read(512)
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
) -> None:
    """Refuse paths that hold no readable, non-empty file.

    Args:
        path: what the user gave.
        error: the class to raise.
        expected: what should be there, with its article.
        remedy: what to do about a missing file.

    Raises:
        NeuhmrError: of the class `error`.
    """
    if path.is_dir():
        raise error(f"{path} is a folder, {expected} was expected; give the file inside it.")
    if not path.exists():
        raise error(f"{path} does not exist, {expected} was expected; {remedy}.")
    try:
        with path.open("rb") as file:
            is_empty = not file.read(1)
    except OSError as reason:
        raise error(
            f"{path} cannot be read ({reason.strerror or reason}), {expected} was expected; "
            "check its access rights."
        ) from reason
    if is_empty:
        raise error(
            f"{path} is empty (0 bytes), {expected} was expected; copy or make the file again."
        )


def _is_text(head: bytes) -> bool:
    try:
        head[:500].decode("utf-8")
    except UnicodeDecodeError as error:
        # A character may be cut by the end of what was read.
        return error.start > 490 and b"\x00" not in head
    return b"\x00" not in head
