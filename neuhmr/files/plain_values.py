"""From what a pickle built to plain values: dictionaries, lists, text, numbers, arrays."""

from typing import Any

import numpy as np

from neuhmr.files.limits import Budget, UnusableFile
from neuhmr.files.pending import PendingArray, PendingDtype, PendingTensor, Storage
from neuhmr.files.pickle_names import JoblibArray, Name
from neuhmr.files.stand_ins import StandIn

_MOST_NESTED = 50
_UNIT = 8


def plain_value(value: Any, budget: Budget, limit: int) -> Any:
    """Replace everything that was pending.

    A pickle may name one list in many places, and lists of such lists are larger than any memory
    once somebody makes an array of them: everything counts as often as it is named.

    Raises:
        UnusableFile: nested too deeply or in a circle, larger than `limit` bytes, or with whole
            numbers beyond 64 bits.
    """
    return _Walk(budget, limit).visit(value, 0)[0]


class _Walk:
    def __init__(self, budget: Budget, limit: int) -> None:
        self._budget = budget
        self._limit = limit
        self._done: dict[int, tuple[Any, int, Any]] = {}
        """By identity: the result, its size, and the original, which must stay alive."""
        self._open: set[int] = set()

    def visit(self, value: Any, depth: int) -> tuple[Any, int]:
        """Give the plain value and the bytes that it stands for."""
        if value is None or isinstance(value, bool | float | complex | np.generic):
            return value, _UNIT
        if isinstance(value, int):
            if value.bit_length() > 64:
                raise UnusableFile(f"holds a whole number of {value.bit_length()} bits")
            return value, _UNIT
        if isinstance(value, str | bytes | bytearray):
            return value, _UNIT + len(value)
        if isinstance(value, np.ndarray):
            return value, _UNIT + value.nbytes
        if isinstance(value, Name | PendingDtype):
            return value.dotted if isinstance(value, Name) else str(value.dtype), _UNIT
        return self._visit_once(value, depth)

    def _visit_once(self, value: Any, depth: int) -> tuple[Any, int]:
        key = id(value)
        if key in self._done:
            result, size, _ = self._done[key]
            return result, size
        if depth > _MOST_NESTED or key in self._open:
            raise UnusableFile(f"is nested more than {_MOST_NESTED} deep or in a circle")
        self._open.add(key)
        result, size = self._convert(value, depth + 1)
        self._open.discard(key)
        if size > self._limit:
            raise UnusableFile("names its parts so often that they fill more than any memory")
        self._done[key] = result, size, value
        return result, size

    def _convert(self, value: Any, depth: int) -> tuple[Any, int]:
        if isinstance(value, list | tuple):
            parts, size = self._visit_all(value, depth)
            return (parts if isinstance(value, list) else tuple(parts)), size
        if isinstance(value, dict):
            parts, size = self._visit_all(list(value.values()), depth)
            return dict(zip(value, parts, strict=True)), size + _UNIT * len(value)
        if isinstance(value, set | frozenset):
            return value, _UNIT * (1 + len(value))
        if isinstance(value, PendingArray):
            return self._array(value, depth)
        if isinstance(value, PendingTensor):
            array = value.as_array(self._budget)
            return array, _UNIT + array.nbytes
        if isinstance(value, Storage):
            values = value.values()
            self._budget.take(values.nbytes)
            return values.copy(), _UNIT + values.nbytes
        if isinstance(value, StandIn) and not isinstance(value, JoblibArray):
            value.state, size = self.visit(value.state, depth)
            return value, size
        raise UnusableFile(f"holds a {type(value).__name__}, which is no data")

    def _visit_all(self, values: Any, depth: int) -> tuple[list[Any], int]:
        parts, total = [], _UNIT
        for each in values:
            part, size = self.visit(each, depth)
            parts.append(part)
            total += size
        return parts, total

    def _array(self, value: PendingArray, depth: int) -> tuple[Any, int]:
        if value.array is not None:
            return value.array, _UNIT + value.array.nbytes
        parts, size = self._visit_all(value.objects, depth)
        if value.shape == () and parts:
            return parts[0], size
        array = np.empty(len(parts), object)
        for index, part in enumerate(parts):
            array[index] = part
        return array.reshape(value.shape), size
