"""Undoing the compressions that tools of the field use, never beyond a limit."""

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from neuhmr.files.limits import UnusableFile, in_words

_STEP = 2**20
_BIGGEST_LZMA = 2**28
"""Memory that lzma may take for its dictionary (bytes)."""


def _lzma() -> Any:
    return lzma.LZMADecompressor(memlimit=_BIGGEST_LZMA)


_UNPACKERS: tuple[tuple[bytes, Callable[[], Any]], ...] = (
    (b"\x1f\x8b", lambda: zlib.decompressobj(wbits=31)),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ", _lzma),
    (b"]\x00\x00", _lzma),
    (b"\x78\x01", zlib.decompressobj),
    (b"\x78\x5e", zlib.decompressobj),
    (b"\x78\x9c", zlib.decompressobj),
    (b"\x78\xda", zlib.decompressobj),
)
_UNKNOWN = {b"\x04\x22\x4d\x18": "lz4", b"\x28\xb5\x2f\xfd": "zstd"}


def unpack(data: bytes, limit: int) -> bytes:
    """Undo gzip, bz2, xz, lzma or zlib; anything else comes back as it is.

    Raises:
        UnusableFile: it unpacks to more than `limit` bytes, or ends too early, or is packed in a
            way that cannot be read.
        Exception: what the compressions raise for damaged data.
    """
    for magic, name in _UNKNOWN.items():
        if data.startswith(magic):
            raise UnusableFile(f"is compressed with {name}, which cannot be read here")
    for magic, make in _UNPACKERS:
        if data.startswith(magic):
            return _unpack_all(data, make, magic, limit)
    return data


def _unpack_all(data: bytes, make: Callable[[], Any], magic: bytes, limit: int) -> bytes:
    """Unpack all members, since gzip, bz2 and xz files may be chained."""
    parts: list[bytes] = []
    size, start = 0, 0
    while data.startswith(magic, start):
        unpacker = make()
        end = start
        for part, end in _unpack_member(unpacker, data, start):  # noqa: B007
            size += len(part)
            if size > limit:
                raise UnusableFile(
                    f"unpacks to more than {in_words(limit)}, the most that its size allows"
                )
            parts.append(part)
        start = end - len(unpacker.unused_data)
    return b"".join(parts)


def _unpack_member(unpacker: Any, data: bytes, start: int) -> Iterator[tuple[bytes, int]]:
    """Give what comes out, a step at a time, and how far the packed bytes were fed."""
    rest = b""
    while not unpacker.eof:
        # zlib hands back what it did not use; the others keep it until they ask for more.
        is_hungry = not rest and getattr(unpacker, "needs_input", True)
        fed = data[start : start + _STEP] if is_hungry else rest
        part = unpacker.decompress(fed, _STEP)
        start += len(fed) if is_hungry else 0
        rest = getattr(unpacker, "unconsumed_tail", b"")
        if is_hungry and not fed and not part and not unpacker.eof:
            raise UnusableFile("ends too early")
        yield part, start
