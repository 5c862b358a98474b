"""Writes body models byte for byte as SMPL's own download holds them.

Those files were written by Python 2 with chumpy arrays in them. chumpy does not run on this Python,
so stand-ins for its classes exist while a file is written.
"""

import pickle
import struct
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse

from neuhmr.body.smpl_model import SmplModel


class _Python2Pickler(pickle._Pickler):
    """Writes text and bytes alike as the byte strings of Python 2."""

    def _save_string(self, text: str | bytes) -> None:
        data = text.encode("latin1") if isinstance(text, str) else text
        self.write(pickle.BINSTRING + struct.pack("<i", len(data)) + data)
        self.memoize(text)

    dispatch = pickle._Pickler.dispatch | {str: _save_string, bytes: _save_string}


@contextmanager
def stand_in_class(module: str, name: str) -> Iterator[type]:
    """Make a class that pickles as `module.name` while the context lasts."""
    parts = module.split(".")
    paths = [".".join(parts[: end + 1]) for end in range(len(parts))]
    kept = {path: sys.modules.get(path) for path in paths}
    for path in paths:
        sys.modules[path] = types.ModuleType(path)
    made = type(name, (), {"__module__": module})
    setattr(sys.modules[module], name, made)
    try:
        yield made
    finally:
        for path, before in kept.items():
            if before is None:
                del sys.modules[path]
            else:
                sys.modules[path] = before


def official_arrays(model: SmplModel) -> dict[str, Any]:
    """Name a model's arrays as SMPL's file does, in its types."""
    root = np.array([2**32 - 1])
    parents = np.concatenate([root, np.array(model.parents[1:])]).astype(np.uint32)
    vertices = model.v_template.shape[0]
    posedirs = np.zeros((vertices, 3, 207)) if model.posedirs is None else model.posedirs.numpy()
    return {
        "v_template": model.v_template.double().numpy(),
        "shapedirs": model.shapedirs.double().numpy(),
        "posedirs": posedirs.astype(np.float64),
        "J_regressor": model.J_regressor.double().numpy(),
        "weights": model.lbs_weights.double().numpy(),
        "f": model.faces.numpy().astype(np.uint32),
        "kintree_table": np.stack([parents, np.arange(24, dtype=np.uint32)]),
        "bs_style": "lbs",
        "bs_type": "lrotmin",
    }


def write_official_pickle(path: Path, arrays: dict[str, Any]) -> Path:
    """Write arrays as version 1.0.0 does: sparse regressor, chumpy template and shape space."""
    content = dict(arrays)
    with (
        stand_in_class("chumpy.ch", "Ch") as values_class,
        stand_in_class("scipy.sparse.csc", "csc_matrix") as sparse_class,
    ):
        # Nested contexts share the package `chumpy`, so the second class joins by hand.
        sys.modules["chumpy.reordering"] = types.ModuleType("chumpy.reordering")
        select_class = type("Select", (), {"__module__": "chumpy.reordering"})
        sys.modules["chumpy.reordering"].Select = select_class
        if "v_template" in content:
            values = values_class()
            values.__dict__.update(x=content["v_template"], _dirty_vars=set(), _itr=None)
            content["v_template"] = values
        if "shapedirs" in content:
            # A selection, in another order, from a larger array behind it.
            whole = values_class()
            flat = content["shapedirs"].ravel()
            whole.x = np.concatenate([[-1.0], flat[::-1]])
            selection = select_class()
            selection.a, selection.idxs = whole, np.arange(len(flat), 0, -1)
            selection.preferred_shape = content["shapedirs"].shape
            content["shapedirs"] = selection
        if "J_regressor" in content:
            matrix = scipy.sparse.csc_matrix(content["J_regressor"])
            old = sparse_class()
            old.__dict__.update(
                data=matrix.data, indices=matrix.indices, indptr=matrix.indptr,
                _shape=matrix.shape, format="csc", maxprint=50,
            )  # fmt: skip
            content["J_regressor"] = old
        with path.open("wb") as file:
            _Python2Pickler(file, protocol=2).dump(content)
        del sys.modules["chumpy.reordering"]
    return path
