"""Reading pickles of data without running the code a pickle can carry.

Tools of the field store arrays and dictionaries with `pickle`, `joblib` and `torch.save`. A pickle
is a program: loading one with the standard library runs whatever its author wrote. Here the
standard library's machine goes through the steps, but each that could call, change or hash
anything is replaced, and `pickle_names` stands in for everything that is named.
"""

import io
import pickle
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
from jaxtyping import Shaped

from neuhmr.files.array_stream import count_of
from neuhmr.files.limits import MIB, Budget, ForbiddenName, UnusableFile
from neuhmr.files.pending import PendingArray, PendingDtype, Storage, array_from_bytes, dtype_of
from neuhmr.files.pickle_names import JoblibArray, Name, checked_dict, checked_key, find_name
from neuhmr.files.plain_values import plain_value
from neuhmr.files.stand_ins import StandIn

TORCH_MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""How torch files of the old layout begin: a pickle of one large number."""
_MOST_NESTED = 5
"""Files within files."""
_MOST_OPEN = 1000
"""Lists that are begun before one is ended."""
_PREAMBLE = 3
"""Pickles before the content of an old torch file: magic number, protocol, system."""
_SPARE_MEMORY = 256 * MIB

ReadStorage = Callable[[str], bytes]
"""Reads the numbers of one storage by its key."""


def load_pickle(data: bytes, limit: int, read_storage: ReadStorage | None = None) -> Any:
    """Read a pickle, or a torch file of the old layout, from memory.

    Args:
        data: what the file holds, unpacked.
        limit: bytes that the content may stand for.
        read_storage: finds the numbers of torch tensors; None where they cannot be elsewhere.

    Returns:
        Dictionaries, lists, tuples, sets, text, bytes, numbers and arrays. chumpy and sparse
        arrays arrive as `ChumpyArray` and `SparseArray`.

    Raises:
        ForbiddenName: it asks for anything but data.
        UnusableFile: it asks for too much.
        Exception: what pickle raises for damaged data, which is nearly anything.
    """
    budget = Budget(_SPARE_MEMORY + 3 * len(data))
    if data.startswith(TORCH_MAGIC):
        value = _load_old_torch(io.BytesIO(data), budget, 0)
    else:
        value = DataUnpickler(io.BytesIO(data), budget, read_storage).load()
    return plain_value(value, budget, limit)


def _load_old_torch(stream: io.BytesIO, budget: Budget, depth: int) -> Any:
    """Read what torch wrote until 2020, and still writes inside of pickles."""
    for _ in range(_PREAMBLE):
        DataUnpickler(stream, budget).load()
    unpickler = DataUnpickler(stream, budget, depth=depth)
    unpickler.storages = {}
    value = unpickler.load()
    keys = DataUnpickler(stream, budget).load()
    for key in keys:
        storage = unpickler.storages[str(key)]
        count = int.from_bytes(stream.read(8), "little")
        if count != storage.count:
            raise UnusableFile("has a tensor that contradicts itself")
        storage.content = stream.read(count * storage.dtype.itemsize)
    return value


class _CountedSteps(dict[int, Any]):
    """The machine's table of steps, which counts how often it is asked."""

    def __init__(self, steps: dict[int, Any], budget: Budget) -> None:
        super().__init__(steps)
        self._budget = budget

    def __getitem__(self, code: int) -> Any:
        self._budget.operations -= 1
        if self._budget.operations < 0:
            raise UnusableFile("is a pickle of more steps than files of data have")
        return super().__getitem__(code)


_STANDARD_STEPS: dict[int, Any] = pickle._Unpickler.dispatch


class DataUnpickler(pickle._Unpickler):
    """Goes through one pickle; pending arrays and tensors stay in what it returns.

    Needs the Python implementation, whose steps can be replaced.
    """

    stack: list[Any]
    metastack: list[list[Any]]
    pop_mark: Callable[[], list[Any]]
    read: Callable[[int], bytes]

    def __init__(
        self,
        stream: io.BytesIO,
        budget: Budget,
        read_storage: ReadStorage | None = None,
        depth: int = 0,
    ) -> None:
        super().__init__(stream, encoding="latin1")
        self.budget = budget
        self.storages: dict[str, Storage] | None = None
        self._stream = stream
        self._read_storage = read_storage
        self._depth = depth
        steps = _CountedSteps(self.steps, budget)
        self.dispatch = steps  # pyright: ignore[reportAttributeAccessIssue]

    def find_class(self, module: str, name: str) -> Name:
        """Look a name up among those that data use."""
        return find_name(module, name)

    def get_extension(self, code: int) -> NoReturn:
        """Refuse names by number."""
        raise ForbiddenName(f"the name of number {code}")

    def persistent_load(self, pid: Any) -> Storage:
        """Find a storage of torch; its tuple is ("storage", type, key, place, count)."""
        is_torch = self._read_storage is not None or self.storages is not None
        if not is_torch or not isinstance(pid, tuple) or len(pid) < 5 or pid[0] != "storage":
            raise ForbiddenName(f"the outside object {str(pid)[:80]!r}")
        name, key, count = pid[1], str(pid[2]), pid[4]
        if not isinstance(name, Name) or name.storage is None or count_of((count,)) < 0:
            raise UnusableFile("has a tensor of a type that is not known")
        if self.storages is None:
            assert self._read_storage is not None
            return Storage(name.storage[0], count, name.storage[1], self._read_storage(key))
        if key not in self.storages:
            self.storages[key] = Storage(name.storage[0], count, name.storage[1])
        return self.storages[key]

    def read_old_torch(self, data: bytes) -> Any:
        """Read a torch file that is part of this pickle."""
        if self._depth >= _MOST_NESTED:
            raise UnusableFile("holds files within files")
        return _load_old_torch(io.BytesIO(data), self.budget, self._depth + 1)

    def _call(self, function: Any, arguments: Any) -> Any:
        if not isinstance(function, Name) or function.build is None:
            raise ForbiddenName(getattr(function, "dotted", f"a {type(function).__name__}"))
        return function.build(self, *arguments)

    def _instantiate(self, klass: Any, args: Any) -> None:
        self.stack.append(self._call(klass, args))

    def _reduce(self) -> None:
        arguments = self.stack.pop()
        self.stack[-1] = self._call(self.stack[-1], arguments)

    def _new_with_keywords(self) -> None:
        keywords = self.stack.pop()
        if keywords:
            raise ForbiddenName(f"arguments by name ({', '.join(map(str, keywords))[:80]})")
        self._reduce()

    def _build(self) -> None:
        state = self.stack.pop()
        target = self.stack[-1]
        if isinstance(target, PendingArray):
            target.set_state(state, self.budget)
        elif isinstance(target, PendingDtype):
            target.set_state(state)
        elif isinstance(target, StandIn):
            for part in state if isinstance(state, tuple) else (state,):
                target.state |= checked_dict((part or {}).items())
            if isinstance(target, JoblibArray):
                self.stack[-1] = self._read_joblib_array(target.state)
        elif not isinstance(target, dict):  # What dictionaries carry beside their content is lost.
            raise ForbiddenName(f"a change of a {getattr(target, 'dotted', type(target).__name__)}")

    def _read_joblib_array(self, header: dict[str, Any]) -> Shaped[np.ndarray, "..."] | Any:
        """Read an array where joblib puts it: as raw bytes behind its header."""
        dtype, shape = dtype_of(header["dtype"]), header["shape"]
        if dtype.hasobject:
            if self._depth >= _MOST_NESTED:
                raise UnusableFile("holds files within files")
            return DataUnpickler(self._stream, self.budget, depth=self._depth + 1).load()
        if header.get("numpy_array_alignment_bytes") is not None:
            self._stream.read(self._stream.read(1)[0])
        size = count_of(shape) * dtype.itemsize
        content = self._stream.read(size)
        if len(content) != size:
            raise UnusableFile("ends too early")
        return array_from_bytes(content, dtype, shape, header["order"] == "F", self.budget)

    def _set_item(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._target(dict)[checked_key(key)] = value

    def _set_items(self) -> None:
        items = self.pop_mark()
        self._target(dict).update(checked_dict(zip(items[::2], items[1::2], strict=True)))

    def _make_dict(self) -> None:
        items = self.pop_mark()
        self.stack.append(checked_dict(zip(items[::2], items[1::2], strict=True)))

    def _add_items(self) -> None:
        items = self.pop_mark()
        self._target(set).update(checked_key(each) for each in items)

    def _make_frozenset(self) -> None:
        self.stack.append(frozenset(checked_key(each) for each in self.pop_mark()))

    def _append_one(self) -> None:
        value = self.stack.pop()
        self._target(list).append(value)

    def _append_all(self) -> None:
        items = self.pop_mark()
        self._target(list).extend(items)

    def _target(self, kind: type) -> Any:
        if type(self.stack[-1]) is not kind:
            raise ForbiddenName(f"a change of a {type(self.stack[-1]).__name__}")
        return self.stack[-1]

    def _mark(self) -> None:
        if len(self.metastack) >= _MOST_OPEN:
            raise UnusableFile(f"is nested more than {_MOST_OPEN} deep")
        _STANDARD_STEPS[pickle.MARK[0]](self)

    def _make_set(self) -> None:
        self.budget.take(512)
        self.stack.append(set())

    def _make_bytearray(self) -> None:
        size = int.from_bytes(self.read(8), "little")
        self.stack.append(self.read(size))

    steps: dict[int, Any] = _STANDARD_STEPS | {
        code[0]: step
        for code, step in (
            (pickle.REDUCE, _reduce),
            (pickle.NEWOBJ, _reduce),
            (pickle.NEWOBJ_EX, _new_with_keywords),
            (pickle.BUILD, _build),
            (pickle.SETITEM, _set_item),
            (pickle.SETITEMS, _set_items),
            (pickle.DICT, _make_dict),
            (pickle.ADDITEMS, _add_items),
            (pickle.FROZENSET, _make_frozenset),
            (pickle.APPEND, _append_one),
            (pickle.APPENDS, _append_all),
            (pickle.MARK, _mark),
            (pickle.EMPTY_SET, _make_set),
            (pickle.BYTEARRAY8, _make_bytearray),
        )
    }
