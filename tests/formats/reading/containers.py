"""Writes the containers of tools' results, byte for byte as joblib, torch and NumPy make them."""

import io
import pickle
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from official_pickle import stand_in_class

_ALIGNMENT = 16


class _JoblibPickler(pickle._Pickler):
    """Puts every array's bytes behind a header object, aligned, as joblib 1.x does."""

    wrapper_class: type

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        if type(obj) is not np.ndarray or obj.dtype.hasobject:
            super().save(obj, save_persistent_id)
            return
        is_fortran = obj.flags.f_contiguous and not obj.flags.c_contiguous
        wrapper = self.wrapper_class()
        wrapper.__dict__.update(
            subclass=np.ndarray, shape=obj.shape, order="F" if is_fortran else "C",
            dtype=obj.dtype, allow_mmap=True, numpy_array_alignment_bytes=_ALIGNMENT,
        )  # fmt: skip
        super().save(wrapper)
        self.framer.commit_frame(force=True)
        padding = _ALIGNMENT - (self.stream.tell() + 1) % _ALIGNMENT
        self.stream.write(bytes([padding]) + b"\xff" * padding)
        self.stream.write(obj.tobytes(order="F" if is_fortran else "C"))


def write_joblib(path: Path, tree: Any, compress: bool = False) -> Path:
    """Write what `joblib.dump(tree, path)` writes; with `compress` as with `compress=3`."""
    stream = io.BytesIO()
    with stand_in_class("joblib.numpy_pickle", "NumpyArrayWrapper") as wrapper_class:
        pickler = _JoblibPickler(stream, protocol=4)
        pickler.wrapper_class = wrapper_class
        pickler.stream = stream
        pickler.dump(tree)
    data = stream.getvalue()
    path.write_bytes(zlib.compress(data, 3) if compress else data)
    return path


def write_pickle(path: Path, tree: Any, protocol: int = 4) -> Path:
    with path.open("wb") as file:
        pickle.dump(tree, file, protocol=protocol)
    return path


def write_torch(path: Path, tree: Any) -> Path:
    """Write with torch.save, arrays as tensors."""
    import torch

    def tensors(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: tensors(child) for key, child in value.items()}
        if isinstance(value, list):
            return [tensors(child) for child in value]
        return torch.from_numpy(value) if isinstance(value, np.ndarray) else value

    torch.save(tensors(tree), path)
    return path


def write_object_npy(path: Path, tree: Any) -> Path:
    """Write what `np.save(path, tree)` makes of a dictionary."""
    np.save(path, tree, allow_pickle=True)
    return path


def write_object_npz(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    assert zipfile.is_zipfile(path)
    return path
