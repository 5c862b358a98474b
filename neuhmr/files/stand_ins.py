"""Arrays of packages that are never asked, as pickles hold them: chumpy's and scipy.sparse's."""

from typing import Any

import numpy as np
from jaxtyping import Shaped

from neuhmr.files.array_stream import count_of

_MOST_DENSE = 2**25
"""Elements of a sparse matrix with its zeros filled in; SMPL-X's largest has 576,000."""


class StandIn:
    """Something that a pickle describes by its attributes."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}


class ChumpyArray(StandIn):
    """An array of chumpy, as pickled by its classes `Ch` (values) and `Select` (a selection)."""

    def as_array(self) -> Shaped[np.ndarray, "..."]:
        """Compute the values.

        Raises:
            ValueError: it is a formula of another kind, which only chumpy could evaluate.
        """
        state = self.state
        if "x" in state:
            return as_array(state["x"])
        if {"a", "idxs", "preferred_shape"} <= state.keys():
            selected = as_array(state["a"]).ravel()[as_array(state["idxs"])]
            return selected.reshape(state["preferred_shape"])
        raise ValueError(f"a chumpy formula over {sorted(state)} instead of an array")


class SparseArray(StandIn):
    """A matrix of scipy.sparse, of any version."""

    _is_by_column = False

    def as_array(self) -> Shaped[np.ndarray, "rows columns"]:
        """Fill in the zeros.

        Raises:
            ValueError: its parts do not fit together, or it is far too large.
        """
        state = self.state
        if not {"data", "_shape"} <= state.keys():
            raise ValueError("a sparse matrix without data")
        shape, values = tuple(state["_shape"]), as_array(state["data"])
        if len(shape) != 2 or count_of(shape) > _MOST_DENSE:
            raise ValueError(f"a sparse matrix of shape {shape}")
        if "indptr" in state:
            starts = as_array(state["indptr"])
            lengths = np.diff(starts)
            if lengths.min(initial=0) < 0 or int(lengths.sum()) != len(values):
                raise ValueError("a sparse matrix that contradicts itself")
            outer = np.repeat(np.arange(len(starts) - 1), lengths)
            rows, columns = outer, as_array(state["indices"])
            if self._is_by_column:
                rows, columns = columns, rows
        else:
            rows, columns = state["coords"] if "coords" in state else (state["row"], state["col"])
        dense = np.zeros(shape, values.dtype)
        np.add.at(dense, (rows, columns), values)
        return dense


class ColumnSparseArray(SparseArray):
    """One that is stored column after column."""

    _is_by_column = True


def as_array(value: Any) -> Shaped[np.ndarray, "..."]:
    """Make a plain array of anything array-like that a pickle holds.

    Raises:
        ValueError: it is no array of numbers.
    """
    if isinstance(value, ChumpyArray | SparseArray):
        return value.as_array()
    array = np.asarray(value)
    if array.dtype.hasobject:
        raise ValueError(f"a {type(value).__name__} instead of an array of numbers")
    return array
