"""What a pickle builds piece by piece, until it is whole and becomes a plain value."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Shaped

from neuhmr.files.array_stream import check_letters, count_of
from neuhmr.files.limits import Budget, UnusableFile

_PLAIN_TYPE = re.compile(
    r"[<>|=]?(?:[?bBhHiIlLqQefdgFDGuUcSVO]\d{0,9}|(?:bool|u?int|float|complex)\d*)"
)


class PendingDtype:
    """An element type whose byte order or fields follow."""

    def __init__(self, code: Any) -> None:
        text = code.decode("latin1") if isinstance(code, bytes) else code
        if not isinstance(text, str) or not _PLAIN_TYPE.fullmatch(text):
            raise UnusableFile("holds arrays of a type that is not known")
        self.dtype = np.dtype(text)

    def set_state(self, state: Any) -> None:
        """Take the byte order and the fields of records."""
        order, base, names, fields, size = state[1:6]
        if base is not None:
            raise UnusableFile("holds arrays whose elements are arrays")
        if names:
            parts = [fields[name] for name in names]
            self.dtype = np.dtype(
                {
                    "names": list(names),
                    "formats": [dtype_of(part[0]) for part in parts],
                    "offsets": [part[1] for part in parts],
                    "itemsize": size,
                }
            )
            if self.dtype.hasobject:
                raise UnusableFile("holds records of Python objects")
        elif order in ("<", ">", "="):
            self.dtype = self.dtype.newbyteorder(order)


def dtype_of(value: Any) -> np.dtype[Any]:
    """Unwrap an element type."""
    if not isinstance(value, PendingDtype):
        raise UnusableFile("holds an array without a type")
    return value.dtype


class PendingArray:
    """An array of numpy whose content follows."""

    def __init__(self) -> None:
        self.array: np.ndarray | None = None
        self.objects: list[Any] = []
        self.shape: tuple[int, ...] = (0,)

    def set_state(self, state: Any, budget: Budget) -> None:
        """Take what numpy writes: version, shape, type, order, and bytes or objects."""
        shape, dtype, is_fortran, content = state[-4:]
        dtype = dtype_of(dtype)
        if dtype.hasobject:
            if not isinstance(content, list) or len(content) != count_of(shape):
                raise UnusableFile("has an array of objects that contradicts its shape")
            self.objects, self.shape = content, shape
            return
        self.array = array_from_bytes(content, dtype, shape, bool(is_fortran), budget)


def array_from_bytes(
    content: Any, dtype: np.dtype[Any], shape: tuple[int, ...], is_fortran: bool, budget: Budget
) -> Shaped[np.ndarray, "..."]:
    """Copy bytes into an array of exactly their size."""
    if isinstance(content, str):  # What Python 2 wrote.
        content = content.encode("latin1")
    if not isinstance(content, bytes | bytearray):
        raise UnusableFile("holds an array without bytes")
    if count_of(shape) * dtype.itemsize != len(content) or not dtype.itemsize:
        raise UnusableFile(
            f"claims an array of shape {shape} and type {dtype} but holds {len(content)} bytes of "
            "it"
        )
    budget.take(len(content))
    order = "F" if is_fortran else "C"
    array = np.frombuffer(content, dtype).reshape(shape, order=order).copy(order=order)
    check_letters(array)
    return array


@dataclass(eq=False)
class Storage:
    """Numbers of torch in a row, which tensors look into."""

    dtype: np.dtype[Any]
    count: int
    is_bfloat16: bool = False
    content: bytes | None = None
    """None until it is read: old files hold the numbers at their end."""

    def values(self) -> Shaped[np.ndarray, " numbers"]:
        """Give the numbers; bfloat16 as it is stored."""
        if self.content is None or len(self.content) < self.count * self.dtype.itemsize:
            raise UnusableFile("lacks the numbers of a tensor")
        return np.frombuffer(self.content, self.dtype, self.count)


@dataclass(eq=False)
class PendingTensor:
    """A tensor of torch, before its numbers are there."""

    storage: Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]

    def as_array(self, budget: Budget) -> Shaped[np.ndarray, "..."]:
        """Copy the tensor out of its storage; bfloat16 becomes float32."""
        values = self.storage.values()
        count, sizes = count_of(self.size), self.size
        numbers = (self.offset, *self.stride)
        if len(self.stride) != len(sizes) or count_of(numbers[:1]) < 0:
            raise UnusableFile("has a tensor that contradicts itself")
        if any(not isinstance(number, int) or not 0 <= number < 2**62 for number in numbers):
            raise UnusableFile("has a tensor that contradicts itself")
        last = self.offset + sum((n - 1) * step for n, step in zip(sizes, self.stride, strict=True))
        if count and last >= len(values):
            raise UnusableFile("has a tensor that reaches beyond its numbers")
        budget.take(count * max(4, values.itemsize))
        if not count:
            array = np.zeros(sizes, values.dtype)
        else:
            steps = tuple(step * values.itemsize for step in self.stride)
            start = values[self.offset :]
            array = np.lib.stride_tricks.as_strided(start, sizes, steps).copy()
        if self.storage.is_bfloat16:
            return (array.astype(np.uint32) << 16).view(np.float32)
        return array
