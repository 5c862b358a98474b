"""Looking into what a loader returns: dictionaries, lists and arrays of somebody else's making."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from neuhmr.files.stand_ins import as_array


class UnusableTree(ValueError):
    """A file of a known tool that lacks something; the message completes "it ..."."""


def unwrapped(tree: Any) -> Any:
    """Take out the one object of which NumPy makes an array without axes when it saves it."""
    is_wrapped = isinstance(tree, np.ndarray) and tree.dtype.hasobject and tree.ndim == 0
    return tree.item() if is_wrapped else tree


def has(tree: Any, *keys: str) -> bool:
    """Tell whether something is a dictionary with all of these keys."""
    return isinstance(tree, Mapping) and all(key in tree for key in keys)


def children_with(tree: Any, *keys: str) -> dict[Any, Any]:
    """Pick the entries of a dictionary that are dictionaries with all of these keys."""
    if not isinstance(tree, Mapping):
        return {}
    return {name: child for name, child in tree.items() if has(child, *keys)}


def numbers(tree: Any, key: str) -> Float[np.ndarray, "..."]:
    """Take an array of numbers in double precision.

    Raises:
        UnusableTree: there is none.
    """
    if not has(tree, key):
        raise UnusableTree(f'lacks "{key}"')
    try:
        return np.asarray(as_array(tree[key]), np.float64)
    except (ValueError, TypeError) as problem:
        raise UnusableTree(f'has a "{key}" that is no array of numbers ({problem})') from problem


def rows_of(tree: Any, key: str, width: int) -> Float[np.ndarray, "rows width"]:
    """Take an array of numbers as rows of a width; axes of length 1 in between do not matter.

    Raises:
        UnusableTree: there is none, or its numbers do not fill such rows.
    """
    values = numbers(tree, key)
    if values.size % width or not values.size:
        raise UnusableTree(f'has "{key}" of shape {values.shape}, rows of {width} were expected')
    return values.reshape(-1, width)


def whole_numbers(tree: Any, key: str) -> Int[np.ndarray, " rows"]:
    """Take a list of whole numbers.

    Raises:
        UnusableTree: there is none.
    """
    values = numbers(tree, key).reshape(-1)
    if not np.isfinite(values).all() or (values != np.round(values)).any():
        raise UnusableTree(f'has a "{key}" that is no list of whole numbers')
    return values.astype(np.int64)


def number(tree: Any, key: str) -> float:
    """Take a single number.

    Raises:
        UnusableTree: there is none.
    """
    values = numbers(tree, key)
    if values.size != 1:
        raise UnusableTree(f'has "{key}" of shape {values.shape}, one number was expected')
    return float(values.reshape(()))


def text(tree: Any, key: str, default: str = "") -> str:
    """Take a string, which may lie in an array or be bytes."""
    value = tree[key] if has(tree, key) else default
    value = value.item() if isinstance(value, np.ndarray) and value.size == 1 else value
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def gender(tree: Any, key: str = "gender") -> str:
    """Take a gender, in one of its many spellings.

    Some files write the text of a byte string, b'male'.
    """
    word = text(tree, key).strip("b'\" ").lower()
    return {"m": "male", "male": "male", "f": "female", "female": "female"}.get(word, "neutral")


def frame_number(name: Any) -> int | None:
    """Read the number at the end of an image's or file's name."""
    stem = str(name).replace("\\", "/").rsplit("/", 1)[-1].split(".", 1)[0]
    digits = stem[len(stem.rstrip("0123456789")) :]
    return int(digits) if digits else None


def describe(tree: Any) -> str:
    """Say what a file holds, by its outermost names."""
    if isinstance(tree, Mapping):
        names = [str(name) for name in tree]
        shown = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
        return f"a dictionary of {shown}" if names else "an empty dictionary"
    if isinstance(tree, np.ndarray):
        return f"an array of shape {tree.shape}"
    if isinstance(tree, list | tuple):
        inner = f", the first of them {describe(tree[0])}" if tree else ""
        return f"a list of {len(tree)}{inner}"
    return f"a {type(tree).__name__}"
