"""Arrays in numpy's npy form, alone or in an archive: what a header claims is never believed."""

import io
import math
import sys
import tokenize
from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Shaped

from neuhmr.files.limits import UnusableFile

NPY_MAGIC = np.lib.format.MAGIC_PREFIX
_MOST_EMPTY = 1_000_000
"""Elements of an array whose elements take no bytes."""

ReadObjects = Callable[[bytes], Any]
"""Reads the pickle of an array of objects."""


def read_array(
    stream: io.BufferedIOBase, size: int, read_objects: ReadObjects
) -> Shaped[np.ndarray, "..."] | Any:
    """Read one npy file; of an array of objects, whatever its pickle holds.

    Args:
        stream: stands at the file's first byte.
        size: bytes of the whole file, magic and header included.
        read_objects: is given the pickle of an array of objects; raises where none is wanted.

    Raises:
        UnusableFile: the header claims more or less than the file holds, or text is no text.
        ValueError, EOFError: no npy file, or a damaged one.
    """
    shape, is_fortran, dtype = read_header(stream)
    left = size - stream.tell()
    if dtype.hasobject:
        return read_objects(stream.read(left))
    count = count_of(shape)
    if count * dtype.itemsize != left or (not dtype.itemsize and count > _MOST_EMPTY):
        raise UnusableFile(
            f"claims an array of shape {shape} and type {dtype} but holds {left} bytes of it"
        )
    array = np.empty(shape[::-1] if is_fortran else shape, dtype)
    if left:
        view = array.reshape(-1).view(np.uint8).data
        done = 0
        while done < left:
            step = stream.readinto(view[done:])
            if not step:
                raise UnusableFile("ends too early")
            done += step
    check_letters(array)
    return array.transpose() if is_fortran else array


def check_letters(array: Shaped[np.ndarray, "..."]) -> None:
    """Refuse text of letters that are none.

    NumPy keeps whatever numbers a file has there; Python breaks down over such text later on.

    Raises:
        UnusableFile: it holds some.
    """
    for name in array.dtype.names or ():
        check_letters(array[name])
    if array.dtype.kind == "U" and array.nbytes:
        codes = np.dtype(np.uint32).newbyteorder(array.dtype.byteorder)
        if np.ascontiguousarray(array).reshape(-1).view(codes).max() > sys.maxunicode:
            raise UnusableFile("holds text of letters that are none")


def read_header(stream: io.BufferedIOBase) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read shape, whether columns come first, and type.

    Raises:
        UnusableFile: a version that is not known.
        ValueError, EOFError: no npy file, or a damaged one.
    """
    version = np.lib.format.read_magic(stream)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        raise UnusableFile(f"holds an npy array of version {version[0]}.{version[1]}")
    try:
        return readers[version](stream)
    except (SyntaxError, tokenize.TokenError) as problem:
        # What numpy lets through of a header that is no Python literal.
        raise UnusableFile("has an npy header that is damaged") from problem


def count_of(shape: tuple[Any, ...]) -> int:
    """Multiply sizes without overflow.

    Raises:
        UnusableFile: one is no size.
    """
    if not isinstance(shape, tuple) or len(shape) > 32:
        raise UnusableFile("has an array of a shape that cannot be")
    if not all(isinstance(size, int | np.integer) and 0 <= size < 2**62 for size in shape):
        raise UnusableFile(f"has an array of shape {shape}, which cannot be")
    return math.prod(int(size) for size in shape)
