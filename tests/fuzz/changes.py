"""What happens to files: fields changed, dropped, retyped, renamed; bytes flipped, cut, doubled."""

import copy
import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from neuhmr.errors import NeuhmrError
from neuhmr.files.loading import load_data
from tests.formats.reading.containers import write_joblib, write_pickle, write_torch

MOST_NODES = 300
MARK = "code-was-run"


class Canary:
    """Makes a folder where whatever unpickles it runs what it names."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.mkdir, (os.environ["FUZZ_CANARY"],)

    def __deepcopy__(self, _memo: object) -> "Canary":
        return self  # Copying would run it, too.


ODD: tuple[Any, ...] = (
    None, True, -1, 0, 1, 7, 2**31, -(2**63), 10**25, 0.5, 1e38, -1e300, float("nan"), float("inf"),
    "", "x" * 5000, "\ud800", "nan", b"\xff\x00", [], {}, [[[[]]]], [1, "a", None], {"a": {}}, (),
    np.zeros(0), np.zeros((0, 3)), np.zeros((3, 0, 3)), np.float32(1.0), np.array("text"),
    np.array([None, 1], object), np.array([1 + 2j]), np.array(["2020-01-01"], "datetime64[D]"),
    np.zeros(2, [("a", "f4")]), np.full((6, 3), np.nan), np.full(10, 1e300), np.eye(3), np.eye(4),
    np.zeros((1000, 72), np.float32), np.arange(6)[::-1], Canary(),
)  # fmt: skip


def _nodes(tree: Any) -> list[tuple[Any, Any]]:
    """List places in a tree: what holds them, and by which key."""
    found: list[tuple[Any, Any]] = []
    level = [tree]
    while level and len(found) < MOST_NODES:
        holder = level.pop(0)
        if isinstance(holder, dict):
            items = list(holder.items())
        elif isinstance(holder, list):
            items = list(enumerate(holder))
        else:
            continue
        for key, value in items[:40]:
            found.append((holder, key))
            level.append(value)
    return found


def _as_lists(tree: Any) -> Any:
    """Copy a tree, tuples as lists, so that every place can be changed."""
    if isinstance(tree, dict):
        return {key: _as_lists(value) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [_as_lists(value) for value in tree]
    return tree


def _bent(value: Any, draw: Callable[[st.SearchStrategy[Any]], Any]) -> Any:
    """Change a value a little, so that it is nearly right."""
    if isinstance(value, np.ndarray) and value.size:
        kind = draw(st.sampled_from(_ARRAY_CHANGES))
        try:
            return kind(value)
        except (ValueError, TypeError, OverflowError, IndexError):
            return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return draw(st.sampled_from([-value, value * 1e6, value + 1, float(value), str(value)]))
    if isinstance(value, list) and value:
        return draw(st.sampled_from([value[:-1], value * 2, value[::-1], value[:1]]))
    if isinstance(value, str):
        return draw(st.sampled_from([value + "x", value[:-1], value.upper(), value.encode()]))
    return [value]


def _spoilt(value: np.ndarray, bad: float) -> np.ndarray:
    changed = value.astype(np.float64)
    changed.reshape(-1)[value.size // 2] = bad
    return changed


_ARRAY_CHANGES: tuple[Callable[[np.ndarray], Any], ...] = (
    lambda a: a[:-1], lambda a: a[:0], lambda a: a[None], lambda a: a[..., None], lambda a: a.T,
    lambda a: a.reshape(-1), lambda a: np.concatenate([a, a]), lambda a: a[::2],
    lambda a: a[..., :-1], lambda a: _spoilt(a, np.nan), lambda a: _spoilt(a, np.inf),
    lambda a: _spoilt(a, -1e38), lambda a: _spoilt(a, 3e9), lambda a: a * 1e20, lambda a: -a,
    lambda a: a * 0, lambda a: a.astype(np.float16), lambda a: a.astype(np.int8),
    lambda a: a.astype(bool), lambda a: a.astype(np.complex64), lambda a: a.astype("U4"),
    lambda a: a.astype(object), lambda a: a.tolist(), np.asfortranarray,
    lambda a: a.astype(">f8"), lambda a: a.astype(np.uint64),
    lambda a: np.broadcast_to(a[0], a.shape),
)  # fmt: skip


@st.composite
def changed_trees(draw: Any, tree: Any) -> Any:
    """Change a few places of a tree."""
    tree = _as_lists(tree)
    for _ in range(draw(st.integers(1, 4))):
        nodes = _nodes(tree)
        if not nodes:
            return copy.deepcopy(draw(st.sampled_from(ODD)))
        holder, key = nodes[draw(st.integers(0, len(nodes) - 1))]
        match draw(st.sampled_from(["bend", "bend", "odd", "drop", "rename", "wrap", "swap"])):
            case "bend":
                holder[key] = _bent(holder[key], draw)
            case "odd":
                holder[key] = copy.deepcopy(draw(st.sampled_from(ODD)))
            case "drop":
                del holder[key]
            case "rename" if isinstance(holder, dict):
                holder[draw(st.sampled_from([f"{key}_", 7, "poses", "transl"]))] = holder.pop(key)
            case "wrap":
                holder[key] = draw(st.sampled_from([[holder[key]], {"a": holder[key]}]))
            case _:
                other, place = nodes[draw(st.integers(0, len(nodes) - 1))]
                if isinstance(other, dict) or len(other) > (place if type(place) is int else 0):
                    found = other.get(place) if isinstance(other, dict) else other[place]
                    holder[key] = copy.deepcopy(found)
    return tree


@st.composite
def changed_bytes(draw: Any, data: bytes) -> bytes:
    """Flip, cut, double or overwrite bytes."""
    changed = bytearray(data)
    for _ in range(draw(st.integers(1, 6))):
        if not changed:
            break
        at = draw(st.integers(0, len(changed) - 1))
        span = draw(st.sampled_from([1, 1, 2, 4, 8, 64, 1000]))
        match draw(st.sampled_from(["flip", "set", "cut", "double", "end", "number"])):
            case "flip":
                changed[at] ^= 1 << draw(st.integers(0, 7))
            case "set":
                changed[at : at + span] = bytes([draw(st.integers(0, 255))]) * span
            case "cut":
                del changed[at : at + span]
            case "double":
                changed[at:at] = changed[at : at + span]
            case "end":
                del changed[at:]
            case _:
                number = draw(st.sampled_from([0, 1, 2**31 - 1, 2**32 - 1, 2**63 - 1, 10**9]))
                changed[at : at + 8] = number.to_bytes(8, "little")
    return bytes(changed)


@st.composite
def changed_files(draw: Any, seed: Path) -> dict[Path, bytes]:
    """Change one file of a seed; the others stay. Gives the content of the changed one."""
    files = [seed] if seed.is_file() else sorted(p for p in seed.rglob("*") if p.is_file())
    path = files[draw(st.integers(0, len(files) - 1))]
    data = path.read_bytes()
    write = None if draw(st.integers(0, 3)) == 0 else _writer(path)
    if write is None:
        return {path: draw(changed_bytes(data))}
    try:
        tree = load_data(path, NeuhmrError)
        return {path: write(draw(changed_trees(tree)))}
    except (NeuhmrError, ValueError, TypeError, OverflowError, RuntimeError, AttributeError):
        return {path: draw(changed_bytes(data))}


def _writer(path: Path) -> Callable[[Any], bytes] | None:
    """Choose what writes a tree in the container of a file; None where nothing does."""
    head = path.read_bytes()[:4]
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            is_torch = any(name.endswith("data.pkl") for name in archive.namelist())
        return _through(write_torch) if is_torch else _as_npz
    if head == b"\x93NUM":
        return _as_npy
    if head[:1] in (b"{", b"["):
        return lambda tree: json.dumps(tree, default=_plain).encode()
    if path.suffix in (".pkl", ".pth", ".pt"):
        return _through(write_joblib) if head[:1] != b"\x80" else _through(write_pickle)
    return None


def _through(write: Callable[[Path, Any], Path]) -> Callable[[Any], bytes]:
    def as_bytes(tree: Any) -> bytes:
        path = Path(os.environ["FUZZ_CANARY"]).with_name("written")
        return write(path, tree).read_bytes()

    return as_bytes


def _as_npz(tree: Any) -> bytes:
    stream = io.BytesIO()
    arrays = {str(key): value for key, value in tree.items()} if isinstance(tree, dict) else {}
    np.savez(stream, **arrays)
    return stream.getvalue()


def _as_npy(tree: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, tree, allow_pickle=True)
    return stream.getvalue()


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else str(value)
