"""Reading pickles of arrays without running the code a pickle can carry.

Tools of the field store arrays and dictionaries with `pickle` and `joblib`. A pickle is a program:
loading one with the standard library runs whatever its author wrote. Here only the names in
`_ALLOWED` are looked up; any other name stops the reading. Arrays of chumpy and scipy.sparse are
read without these packages' own code.
"""

import bz2
import collections
import gzip
import io
import lzma
import pickle
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from jaxtyping import Shaped

from neuhmr.errors import NeuhmrError


def read_pickle(path: Path, error: type[NeuhmrError]) -> Any:
    """Read a pickle, joblib or npy file of plain containers, numbers, strings and arrays.

    Strings of Python 2 are taken for Latin-1. chumpy and sparse arrays arrive as `ChumpyArray` and
    `SparseArray`.

    Raises:
        NeuhmrError: of class `error`; the file is missing or damaged, or asks for anything but
            data.
    """
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise error(f"{path} cannot be read ({problem.strerror}).") from problem
    try:
        return load_pickle(data)
    except ForbiddenName as problem:
        raise error(
            f"{path} asks for {problem}, which is code and not data, so the file was not loaded; "
            "it may be harmful, or come from a tool whose files cannot be read."
        ) from problem
    except (
        *(pickle.UnpicklingError, EOFError, AttributeError, IndexError, KeyError, ImportError),
        *(TypeError, ValueError, OverflowError, MemoryError, OSError, zlib.error, lzma.LZMAError),
    ) as problem:
        raise error(
            f"{path} is not a complete pickle file ({type(problem).__name__}: {problem}); copy or "
            "download it again."
        ) from problem


class ForbiddenName(Exception):
    """A pickle asked for something outside the allow-list; the message is its dotted name."""


def load_pickle(data: bytes) -> Any:
    """Read a pickle, compressed or not, from memory.

    Raises:
        ForbiddenName: it asks for anything but data.
        Exception: what pickle raises for damaged data, which is nearly anything.
    """
    data = _decompress(data)
    stream = io.BytesIO(data)
    if b"joblib.numpy_pickle" in data:
        return _JoblibUnpickler(stream, encoding="latin1").load()
    return _SafeUnpickler(stream, encoding="latin1").load()


def _decompress(data: bytes) -> bytes:
    """Undo the compressions joblib offers without further packages, and numpy's npy header."""
    if data.startswith(np.lib.format.MAGIC_PREFIX):
        return _without_npy_header(data)
    methods: dict[bytes, Callable[[bytes], bytes]] = {
        b"\x1f\x8b": gzip.decompress,
        b"BZh": bz2.decompress,
        b"\xfd7zXZ": lzma.decompress,
        b"]\x00\x00": lzma.decompress,
        b"\x78": zlib.decompress,
    }
    for magic, method in methods.items():
        if data.startswith(magic):
            return method(data)
    if data.startswith(b"\x04\x22\x4d\x18"):
        raise ValueError("it is compressed with lz4; save it with another compression")
    return data


def _without_npy_header(data: bytes) -> bytes:
    """Find the pickle in a npy file of Python objects."""
    stream = io.BytesIO(data)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(np.lib.format.read_magic(stream))
    if read_header is None or not read_header(stream)[2].hasobject:
        raise ValueError("it is an npy file of another kind")
    return data[stream.tell() :]


class ChumpyArray:
    """An array of chumpy, as pickled by its classes `Ch` (values) and `Select` (a selection)."""

    def as_array(self) -> Shaped[np.ndarray, "..."]:
        """Compute the values.

        Raises:
            ValueError: it is a formula of another kind, which only chumpy could evaluate.
        """
        state = self.__dict__
        if "x" in state:
            return as_array(state["x"])
        if {"a", "idxs", "preferred_shape"} <= state.keys():
            selected = as_array(state["a"]).ravel()[as_array(state["idxs"])]
            return selected.reshape(state["preferred_shape"])
        raise ValueError(f"a chumpy formula over {sorted(state)} instead of an array")


class SparseArray:
    """A matrix of scipy.sparse, of any version."""

    def as_array(self) -> Shaped[np.ndarray, "rows columns"]:
        """Fill in the zeros.

        Raises:
            ValueError: its parts do not fit together.
        """
        state = self.__dict__
        if not {"data", "_shape"} <= state.keys():
            raise ValueError("a sparse matrix without data")
        if "indptr" in state:
            outer = np.repeat(np.arange(len(state["indptr"]) - 1), np.diff(state["indptr"]))
            rows, columns = outer, state["indices"]
            if self._is_by_column:
                rows, columns = columns, rows
        else:
            rows, columns = state["coords"] if "coords" in state else (state["row"], state["col"])
        dense = np.zeros(state["_shape"], state["data"].dtype)
        np.add.at(dense, (rows, columns), state["data"])
        return dense

    _is_by_column = False


class _ColumnSparseArray(SparseArray):
    _is_by_column = True


def as_array(value: Any) -> Shaped[np.ndarray, "..."]:
    """Make a plain array of anything array-like that `read_pickle` returns.

    Raises:
        ValueError: it is no array of numbers.
    """
    if isinstance(value, ChumpyArray | SparseArray):
        return value.as_array()
    array = np.asarray(value)
    if array.dtype.hasobject:
        raise ValueError(f"a {type(value).__name__} instead of an array of numbers")
    return array


class _JoblibArray:
    """Stands for joblib's NumpyArrayWrapper: a header whose array follows in the stream."""


def _encode(text: str, encoding: str = "latin1") -> bytes:
    """How Python 3 writes bytes for Python 2; other codecs could blow up memory."""
    if encoding != "latin1":
        raise ForbiddenName(f"_codecs.encode with {encoding}")
    return text.encode("latin1")


def _reconstruct(cls: type, base: type, state: None) -> Any:
    """Do what copyreg._reconstructor does for plain classes."""
    if base is not object or state is not None:
        raise ForbiddenName(f"copyreg._reconstructor of {base.__name__}")
    return object.__new__(cls)


_ALLOWED: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("collections", "defaultdict"): collections.defaultdict,
    ("copyreg", "_reconstructor"): _reconstruct,
    ("_codecs", "encode"): _encode,
    ("joblib.numpy_pickle", "NumpyArrayWrapper"): _JoblibArray,
}
_ALLOWED |= {
    ("builtins", kind.__name__): kind
    for kind in (
        *(bool, int, float, complex, str, bytes, bytearray, object),
        *(list, tuple, dict, set, frozenset, slice, range),
    )
}
# numpy's own rebuilding functions, found through what they rebuild: their home differs by version.
for _core in ("numpy.core", "numpy._core"):
    _ALLOWED[f"{_core}.multiarray", "_reconstruct"] = np.zeros(1).__reduce__()[0]
    _ALLOWED[f"{_core}.multiarray", "scalar"] = np.float64(0.0).__reduce__()[0]
    _ALLOWED[f"{_core}.numeric", "_frombuffer"] = np.zeros(1).__reduce_ex__(5)[0]
_ALLOWED |= {("numpy", name): getattr(np, name) for name in ("ndarray", "dtype")}
_ALLOWED |= {("numpy", kind.__name__): kind for kind in np.sctypeDict.values()}
for _layout, _kind in (("csc", _ColumnSparseArray), ("csr", SparseArray), ("coo", SparseArray)):
    for _module in (_layout, f"_{_layout}"):
        for _class in (f"{_layout}_matrix", f"{_layout}_array"):
            _ALLOWED[f"scipy.sparse.{_module}", _class] = _kind


_PYTHON_2_MODULES = {"__builtin__": "builtins", "copy_reg": "copyreg"}
_PYTHON_2_NAMES = {"unicode": "str", "long": "int", "xrange": "range"}


def _find_allowed(module: str, name: str) -> Any:
    if module in _PYTHON_2_MODULES:
        module, name = _PYTHON_2_MODULES[module], _PYTHON_2_NAMES.get(name, name)
    if module == "chumpy" or module.startswith("chumpy."):
        return ChumpyArray
    if (module, name) in _ALLOWED:
        return _ALLOWED[module, name]
    raise ForbiddenName(f"{module}.{name}")


class _SafeUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return _find_allowed(module, name)

    def persistent_load(self, pid: Any) -> NoReturn:
        raise ForbiddenName(f"the outside object {pid!r}")


_STANDARD_DISPATCH: dict[int, Any] = pickle._Unpickler.dispatch


class _JoblibUnpickler(pickle._Unpickler):
    """Reads arrays where joblib puts them: as raw bytes behind their headers.

    Needs the Python implementation, whose build step can be extended.
    """

    stack: list[Any]

    def __init__(self, stream: io.BytesIO, encoding: str) -> None:
        super().__init__(stream, encoding=encoding)
        self._stream = stream

    def find_class(self, module: str, name: str) -> Any:
        return _find_allowed(module, name)

    def persistent_load(self, pid: Any) -> NoReturn:
        raise ForbiddenName(f"the outside object {pid!r}")

    def _load_build(self) -> None:
        _STANDARD_DISPATCH[pickle.BUILD[0]](self)
        if isinstance(self.stack[-1], _JoblibArray):
            self.stack[-1] = self._read_array(self.stack[-1].__dict__)

    dispatch: dict[int, Any] = _STANDARD_DISPATCH | {pickle.BUILD[0]: _load_build}

    def _read_array(self, header: dict[str, Any]) -> Shaped[np.ndarray, "..."]:
        dtype, shape = header["dtype"], header["shape"]
        if dtype.hasobject:
            return _SafeUnpickler(self._stream, encoding="latin1").load()
        if header.get("numpy_array_alignment_bytes") is not None:
            self._stream.read(self._stream.read(1)[0])
        count = int(np.prod(shape, dtype=np.int64))
        values = np.frombuffer(self._stream.read(count * dtype.itemsize), dtype)
        order = "F" if header["order"] == "F" else "C"
        return values.reshape(shape, order=order).copy(order=order)
