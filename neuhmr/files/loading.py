"""One way into every file of data that a stranger wrote.

What a file is shows in its first bytes; its name is never asked.
"""

import io
import lzma
import pickle
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

from neuhmr.errors import NeuhmrError
from neuhmr.files.array_stream import NPY_MAGIC, ReadObjects, read_array
from neuhmr.files.data_pickle import load_pickle
from neuhmr.files.file_kinds import describe_content, require_file
from neuhmr.files.json_text import parse_json
from neuhmr.files.limits import (
    CONTENT_LIMIT,
    JSON_LIMIT,
    ForbiddenName,
    UnusableFile,
    in_words,
    unpacked_limit,
)
from neuhmr.files.unpacking import unpack
from neuhmr.files.zip_archive import ZIP_MAGICS, open_archive

EXPECTED = "a file of data (pickle, joblib, npz, npy, torch or JSON)"
DAMAGE = (
    *(pickle.UnpicklingError, EOFError, AttributeError, IndexError, KeyError, TypeError),
    *(ValueError, ArithmeticError, AssertionError, MemoryError, RecursionError, RuntimeError),
    *(NotImplementedError, OSError, ImportError, struct.error),
    *(zlib.error, lzma.LZMAError, zipfile.BadZipFile),
)
"""What the standard library and numpy raise for damaged files."""
_HEAD = 512


def load_data(path: Path, error: type[NeuhmrError], limit: int = CONTENT_LIMIT) -> Any:
    """Read a file of plain data, whatever wrote it, without running any code in it.

    Takes pickles of any protocol, joblib's (compressed or not), npz and npy (of objects, too),
    torch's of both layouts, and JSON. Strings of Python 2 are taken for Latin-1.

    Args:
        path: an ordinary file, or a link to one.
        error: the class to raise.
        limit: bytes that it may hold, unpacked.

    Returns:
        A tree of dictionaries, lists, tuples, sets, text, bytes, numbers and arrays. Tensors are
        arrays, paths are text; arrays of chumpy and scipy.sparse are stand-ins that
        `neuhmr.files.stand_ins.as_array` understands. NaN and Infinity are left in.

    Raises:
        NeuhmrError: of class `error`; the file is missing, damaged or far too large, or asks for
            anything but data.
    """
    size = require_file(path, error, EXPECTED)
    kind = "a file"
    try:
        if size > limit:
            raise UnusableFile(f"holds {in_words(size)}, at most {in_words(limit)} can be read")
        with path.open("rb") as file:
            head = file.read(_HEAD)
        kind = describe_content(head)
        if head.startswith(ZIP_MAGICS):
            return _load_archive(path, limit)
        return load_bytes(path.read_bytes(), limit)
    except ForbiddenName as problem:
        raise error(
            f"{path} asks for {problem}, which is code and not data, so the file was not loaded; "
            "it may be harmful, or come from a tool whose files cannot be read."
        ) from problem
    except UnusableFile as problem:
        raise error(
            f"{path} {problem}, {EXPECTED} was expected; copy or download it again, or save it "
            "anew as npz."
        ) from problem
    except DAMAGE as problem:
        reason = " ".join(str(problem).split())[:200]
        raise error(
            f"{path} is {kind} that is not complete ({type(problem).__name__}: "
            f"{reason}), {EXPECTED} was expected; copy or download it again."
        ) from problem


def load_bytes(data: bytes, limit: int = CONTENT_LIMIT) -> Any:
    """Read data from memory: pickle, joblib, npy, old torch or JSON, compressed or not.

    Raises:
        ForbiddenName: it asks for anything but data.
        UnusableFile: it asks for too much.
        Exception: one of `DAMAGE` for damaged data.
    """
    unpacked = unpack(data, unpacked_limit(len(data), limit))
    if unpacked.startswith(NPY_MAGIC):
        return _load_array(unpacked, limit)
    start = unpacked[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith((b"{", b"[")):  # No pickle begins so.
        if len(unpacked) > JSON_LIMIT:
            raise UnusableFile(f"is JSON of more than {in_words(JSON_LIMIT)}")
        return parse_json(unpacked)
    kind = describe_content(unpacked[:_HEAD])
    if kind not in _MAYBE_PICKLES:
        raise UnusableFile(f"is {kind}")
    return load_pickle(unpacked, limit)


_MAYBE_PICKLES = ("a Python pickle", "a text file", "a file of unknown kind", "an old torch file")


def _load_array(data: bytes, limit: int) -> Any:
    return read_array(io.BytesIO(data), len(data), lambda objects: load_pickle(objects, limit))


def _load_archive(path: Path, limit: int) -> Any:
    """Read an npz, or a torch file of today's layout."""
    with open_archive(path, limit) as archive:
        names = archive.namelist()
        main = [name for name in names if name.endswith("/data.pkl") and name.count("/") == 1]
        if main:
            return _load_torch(archive, main[0], limit)
        arrays = [name for name in names if name.endswith(".npy")]

        def read_objects(objects: bytes) -> Any:
            return load_pickle(objects, limit)

        if not arrays:
            raise UnusableFile("is a zip archive without arrays")
        return {
            name.removesuffix(".npy"): read_member(archive, name, read_objects) for name in arrays
        }


def read_member(archive: zipfile.ZipFile, name: str, read_objects: ReadObjects) -> Any:
    """Read one array of an npz; `read_objects` is given the pickle of an array of objects."""
    with archive.open(name) as member:
        assert isinstance(member, zipfile.ZipExtFile), "what is opened for reading"
        return read_array(member, archive.getinfo(name).file_size, read_objects)


def _load_torch(archive: zipfile.ZipFile, main: str, limit: int) -> Any:
    folder = main.removesuffix("data.pkl")
    names = set(archive.namelist())
    if f"{folder}constants.pkl" in names:
        raise UnusableFile("is a TorchScript program and not data")
    if f"{folder}byteorder" in names and archive.read(f"{folder}byteorder") != b"little":
        raise UnusableFile("was written by a machine with another order of bytes")
    kept: dict[str, bytes] = {}

    def read_storage(key: str) -> bytes:
        if key not in kept:
            kept[key] = archive.read(f"{folder}data/{key}")
        return kept[key]

    return load_pickle(archive.read(main), limit, read_storage)
