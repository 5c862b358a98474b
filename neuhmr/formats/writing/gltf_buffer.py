"""The binary side of a GLB file: arrays behind accessors, and the container around them."""

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

_COMPONENT_TYPES = {"float32": 5126, "uint8": 5121, "uint16": 5123, "uint32": 5125}
_TYPES = {(): "SCALAR", (2,): "VEC2", (3,): "VEC3", (4,): "VEC4", (4, 4): "MAT4"}
VERTEX_DATA, INDEX_DATA = 34962, 34963
"""What a buffer view is for, in OpenGL's numbers."""


class GltfBuffer:
    """Collects arrays; accessor i belongs to buffer view i."""

    def __init__(self) -> None:
        self._data = bytearray()
        self.accessors: list[dict[str, Any]] = []
        self.views: list[dict[str, Any]] = []

    def add(self, array: np.ndarray, target: int | None = None, has_bounds: bool = False) -> int:
        """Append an array (first axis: elements) and return its accessor's number.

        Matrices are stored column by column, as glTF wants them.

        Args:
            array: float32, uint8, uint16 or uint32.
            target: `VERTEX_DATA` or `INDEX_DATA` for what the graphics card reads.
            has_bounds: state the least and the largest element, which glTF demands of positions
                and of times.
        """
        shape = array.shape[1:]
        if shape == (4, 4):
            array = np.swapaxes(array, 1, 2)
        raw = np.ascontiguousarray(array).tobytes()
        view: dict[str, Any] = {
            "buffer": 0, "byteOffset": len(self._data), "byteLength": len(raw)
        }  # fmt: skip
        if target is not None:
            view["target"] = target
        accessor: dict[str, Any] = {
            "bufferView": len(self.views),
            "componentType": _COMPONENT_TYPES[array.dtype.name],
            "count": len(array),
            "type": _TYPES[shape],
        }
        if has_bounds:
            accessor["min"] = np.atleast_1d(array.min(axis=0)).tolist()
            accessor["max"] = np.atleast_1d(array.max(axis=0)).tolist()
        self._data += raw + bytes(-len(raw) % 4)
        self.views.append(view)
        self.accessors.append(accessor)
        return len(self.accessors) - 1

    def write(self, path: Path, content: Mapping[str, Any]) -> None:
        """Write a GLB file of the arrays and the rest of its description."""
        described = {
            **content,
            "accessors": self.accessors,
            "bufferViews": self.views,
            "buffers": [{"byteLength": len(self._data)}],
        }
        text = json.dumps(described, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 4)
        total = 12 + 8 + len(text) + 8 + len(self._data)
        with path.open("wb") as file:
            file.write(struct.pack("<4sII", b"glTF", 2, total))
            file.write(struct.pack("<I4s", len(text), b"JSON") + text)
            file.write(struct.pack("<I4s", len(self._data), b"BIN\0") + self._data)
