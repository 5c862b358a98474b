"""The names that pickles of data use, and what is built here in their stead.

A pickle names functions and classes and says what to call them with. None of them is looked up:
each name in `_NAMES` stands for a function of this file, every other one ends the reading.
"""

import pathlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from neuhmr.files.limits import Budget, ForbiddenName, UnusableFile
from neuhmr.files.pending import (
    PendingArray,
    PendingDtype,
    PendingTensor,
    Storage,
    array_from_bytes,
    dtype_of,
)
from neuhmr.files.stand_ins import ChumpyArray, ColumnSparseArray, SparseArray, StandIn

_MOST_OF_A_RANGE = 1_000_000
_SCALARS = (str, bytes, bool, int, float, complex, type(None), np.generic)


@runtime_checkable
class Reader(Protocol):
    """What builders may ask of the pickle that is being read."""

    budget: Budget

    def read_old_torch(self, data: bytes) -> Any:
        """Read a torch file of the old layout."""
        ...


Build = Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Name:
    """A name that a pickle may use."""

    dotted: str
    build: Build | None = None
    """Called with the reader and the pickle's arguments; None for what may only be mentioned."""
    storage: tuple[np.dtype[Any], bool] | None = None
    """Element type of a torch storage, and whether it is bfloat16."""


class JoblibArray(StandIn):
    """Stands for joblib's NumpyArrayWrapper: a header whose array follows in the stream."""


def checked_key(key: Any) -> Any:
    """Let nothing be a key of a dictionary or an element of a set that takes long to hash.

    Raises:
        UnusableFile: it is no string, number or short tuple of them.
    """
    if isinstance(key, tuple) and len(key) <= 16:
        if all(isinstance(part, _SCALARS) for part in key):
            return key
    elif isinstance(key, _SCALARS) and not (isinstance(key, int) and key.bit_length() > 64):
        return key
    raise UnusableFile(f"has a key of type {type(key).__name__}, names or numbers were expected")


def checked_dict(pairs: Iterable[Any]) -> dict[Any, Any]:
    """Make a dictionary of pairs."""
    return {checked_key(key): value for key, value in pairs}


def _containers(reader: Reader, value: Any) -> Any:
    if not isinstance(value, list | tuple | set | frozenset | dict):
        raise UnusableFile("makes a list of something that is none")
    reader.budget.take(64 + 64 * len(value))
    return value


def _list(reader: Reader, value: Any = ()) -> list[Any]:
    return list(_containers(reader, value))


def _tuple(reader: Reader, value: Any = ()) -> tuple[Any, ...]:
    return tuple(_containers(reader, value))


def _set(reader: Reader, value: Any = ()) -> set[Any]:
    return {checked_key(each) for each in _containers(reader, value)}


def _dict(reader: Reader, value: Any = ()) -> dict[Any, Any]:
    found = _containers(reader, value)
    return dict(found) if isinstance(found, dict) else checked_dict(found)


def _default_dict(reader: Reader, factory: Any = None, value: Any = ()) -> dict[Any, Any]:
    return _dict(reader, value)


def _range(reader: Reader, *ends: int) -> list[int]:
    numbers = range(*ends)
    if len(numbers) > _MOST_OF_A_RANGE:
        raise UnusableFile("holds a range of more numbers than files of data do")
    reader.budget.take(40 * len(numbers))
    return list(numbers)


def _bytes(reader: Reader, value: Any = b"", encoding: str = "latin1") -> bytes:
    if not isinstance(value, str | bytes | bytearray) or encoding not in ("latin1", "latin-1"):
        raise UnusableFile("makes bytes of something that is no text")
    reader.budget.take(len(value))
    return value.encode("latin1") if isinstance(value, str) else bytes(value)


def _encode(reader: Reader, text: str, encoding: str = "latin1") -> bytes:
    """How Python 3 writes bytes for Python 2; other codecs could blow up memory."""
    if encoding != "latin1":
        raise ForbiddenName(f"_codecs.encode with {encoding}")
    return _bytes(reader, text)


def _text(reader: Reader, value: Any = "") -> str:
    return _bytes(reader, value).decode("latin1") if isinstance(value, bytes) else _short(value)


def _short(value: Any) -> str:
    if not isinstance(value, str):
        raise UnusableFile("makes text of something that is none")
    return value


def _number(kind: Callable[..., Any]) -> Build:
    def build(reader: Reader, *parts: Any) -> Any:
        if not all(isinstance(part, bool | int | float | str) for part in parts):
            raise UnusableFile("makes a number of something that is none")
        return kind(*parts)

    return build


def _path(reader: Reader, *parts: str) -> str:
    path = pathlib.PurePath(*parts)
    reader.budget.take(len(str(path)))
    return str(path)


def _stand_in(kind: type[StandIn]) -> Build:
    def build(reader: Reader, *arguments: Any) -> StandIn:
        reader.budget.take(256)
        return kind()

    return build


def _reconstruct_object(reader: Reader, name: Any, base: Any, state: Any) -> Any:
    """Do what copyreg._reconstructor does for plain classes."""
    is_plain = isinstance(base, Name) and base.dotted == "builtins.object" and state is None
    if not is_plain or not isinstance(name, Name) or name.build is None:
        raise ForbiddenName(f"copyreg._reconstructor of {getattr(base, 'dotted', base)}")
    return name.build(reader)


def _reconstruct_array(reader: Reader, name: Any, shape: Any, code: Any) -> PendingArray:
    if not isinstance(name, Name) or name.dotted != "numpy.ndarray":
        raise ForbiddenName(f"an array of the kind {getattr(name, 'dotted', name)}")
    reader.budget.take(256)
    return PendingArray()


def _dtype(reader: Reader, code: Any, *flags: Any) -> PendingDtype:
    return PendingDtype(code)


def _array_scalar(reader: Reader, dtype: Any, content: Any = b"") -> Any:
    return array_from_bytes(content, dtype_of(dtype), (1,), False, reader.budget)[0]


def _array_of_buffer(reader: Reader, buffer: Any, dtype: Any, shape: Any, order: str) -> Any:
    return array_from_bytes(buffer, dtype_of(dtype), shape, order == "F", reader.budget)


def _tensor(
    reader: Reader, storage: Any, offset: int, size: Any, stride: Any, *more: Any
) -> PendingTensor:
    if not isinstance(storage, Storage):
        raise UnusableFile("has a tensor without numbers")
    reader.budget.take(256)
    return PendingTensor(storage, offset, tuple(size), tuple(stride))


def _parameter(reader: Reader, tensor: Any, *more: Any) -> Any:
    return tensor


def _tensor_of_type(reader: Reader, function: Any, kind: Any, arguments: Any, *more: Any) -> Any:
    build = function.build if isinstance(function, Name) else None
    if build is None or build not in (_tensor, _parameter):
        raise ForbiddenName(f"a tensor made by {getattr(function, 'dotted', function)}")
    return build(reader, *arguments)


def _old_torch(reader: Reader, data: Any) -> Any:
    return reader.read_old_torch(_bytes(reader, data))


def _device(reader: Reader, kind: str, index: int | None = None) -> str:
    return kind if index is None else f"{kind}:{index}"


_BUILDS: dict[str, Build | None] = {
    "collections.OrderedDict": _dict,
    "collections.defaultdict": _default_dict,
    "copyreg._reconstructor": _reconstruct_object,
    "_codecs.encode": _encode,
    "joblib.numpy_pickle.NumpyArrayWrapper": _stand_in(JoblibArray),
    "numpy.ndarray": None,
    "numpy.dtype": _dtype,
    "builtins.object": None,
    "builtins.list": _list,
    "builtins.tuple": _tuple,
    "builtins.set": _set,
    "builtins.frozenset": _set,
    "builtins.dict": _dict,
    "builtins.range": _range,
    "builtins.bytes": _bytes,
    "builtins.bytearray": _bytes,
    "builtins.str": _text,
    "builtins.bool": _number(bool),
    "builtins.int": _number(int),
    "builtins.float": _number(float),
    "builtins.complex": _number(complex),
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
    "torch._tensor._rebuild_from_type_v2": _tensor_of_type,
    "torch.storage._load_from_bytes": _old_torch,
    "torch.Size": _tuple,
    "torch.device": _device,
    "torch.Tensor": None,
    "torch.nn.parameter.Parameter": None,
    "torch.storage.UntypedStorage": None,
}
for _core in ("numpy.core", "numpy._core"):
    _BUILDS[f"{_core}.multiarray._reconstruct"] = _reconstruct_array
    _BUILDS[f"{_core}.multiarray.scalar"] = _array_scalar
    _BUILDS[f"{_core}.numeric._frombuffer"] = _array_of_buffer
_BUILDS |= {f"numpy.{kind.__name__}": None for kind in np.sctypeDict.values()}
for _place in ("pathlib", "pathlib._local"):
    for _kind in ("PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath"):
        _BUILDS[f"{_place}.{_kind}"] = _path
for _layout, _class in (("csc", ColumnSparseArray), ("csr", SparseArray), ("coo", SparseArray)):
    for _module in (_layout, f"_{_layout}"):
        for _form in ("matrix", "array"):
            _BUILDS[f"scipy.sparse.{_module}.{_layout}_{_form}"] = _stand_in(_class)

_STORAGES = {
    "Float": "<f4", "Double": "<f8", "Half": "<f2", "BFloat16": "<u2", "Long": "<i8", "Int": "<i4",
    "Short": "<i2", "Char": "i1", "Byte": "u1", "Bool": "?", "ComplexFloat": "<c8",
    "ComplexDouble": "<c16",
}  # fmt: skip
_TORCH_TYPES = (
    *("float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8"),
    *("bool", "complex64", "complex128"),
)
_NAMES: dict[str, Name] = {dotted: Name(dotted, build) for dotted, build in _BUILDS.items()}
for _kind, _code in _STORAGES.items():
    for _place in ("torch", "torch.cuda"):
        _dotted = f"{_place}.{_kind}Storage"
        _NAMES[_dotted] = Name(_dotted, None, (np.dtype(_code), _kind == "BFloat16"))
_NAMES["torch.storage.UntypedStorage"] = Name(
    "torch.storage.UntypedStorage", None, (np.dtype("u1"), False)
)
_NAMES |= {f"torch.{kind}": Name(f"torch.{kind}") for kind in _TORCH_TYPES}
_CHUMPY = Name("chumpy", _stand_in(ChumpyArray))

_PYTHON_2_MODULES = {"__builtin__": "builtins", "copy_reg": "copyreg"}
_PYTHON_2_NAMES = {"unicode": "str", "long": "int", "xrange": "range"}


def find_name(module: str, name: str) -> Name:
    """Find what a name stands for.

    Raises:
        ForbiddenName: it is none of those that data use.
    """
    if module in _PYTHON_2_MODULES:
        module, name = _PYTHON_2_MODULES[module], _PYTHON_2_NAMES.get(name, name)
    dotted = f"{module}.{name}"
    if (module == "chumpy" or module.startswith("chumpy.")) and "." not in name:
        return _CHUMPY
    if dotted in _NAMES and _NAMES[dotted].dotted.rpartition(".")[2] == name:
        return _NAMES[dotted]
    raise ForbiddenName(dotted)
