"""Zip archives of arrays: what they unpack to is known before anything is unpacked."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neuhmr.files.limits import UnusableFile, in_words, unpacked_limit

ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
_LONGEST_END = 22 + 65535
_BIGGEST_INDEX = 2**24
"""Bytes of the list of members: some 100,000 of them."""
_WAYS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def is_archive(path: Path) -> bool:
    """Tell a zip archive, also one with something before it; a damaged one is none."""
    try:
        return zipfile.is_zipfile(path)
    except zipfile.BadZipFile:  # It says that it goes on in another file.
        return False


@contextmanager
def open_archive(path: Path, limit: int, streams: bool = False) -> Iterator[zipfile.ZipFile]:
    """Open an archive whose members together unpack to no more than is allowed.

    Args:
        path: an ordinary file.
        limit: bytes that all members may unpack to.
        streams: the reader takes a little at a time, so the ratio of packing does not matter.

    Raises:
        UnusableFile: there is more in it.
        Exception: what zipfile raises for damaged archives.
    """
    size = path.stat().st_size
    _check_index(path, size)
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        total = sum(member.file_size for member in members)
        allowed = limit if streams else unpacked_limit(size, limit)
        if total > allowed:
            raise UnusableFile(
                f"unpacks to {in_words(total)}, more than the {in_words(allowed)} that its size "
                "allows"
            )
        for member in members:
            if member.compress_type not in _WAYS or member.flag_bits & 1:
                raise UnusableFile("is encrypted or packed in another way than npz files are")
        yield archive


def _check_index(path: Path, size: int) -> None:
    """Refuse lists of members that would take minutes to read."""
    with path.open("rb") as file:
        file.seek(max(0, size - _LONGEST_END))
        end = file.read()
    at = end.rfind(b"PK\x05\x06")
    index = int.from_bytes(end[at + 12 : at + 16], "little") if at >= 0 else 0
    # The zip64 form says 2**32 - 1 here, and its own record stands before this one.
    if index == 2**32 - 1:
        at = end.rfind(b"PK\x06\x06")
        index = int.from_bytes(end[at + 40 : at + 48], "little") if at >= 0 else index
    if index > _BIGGEST_INDEX:
        raise UnusableFile("lists far more members than a file of arrays has")
