"""Checking and converting the arrays of an SMPL-format file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32, Int64, Shaped

from neuhmr.body.skeleton import NUM_JOINTS, SMPL_PARENTS
from neuhmr.files.stand_ins import as_array

NUM_BETAS = 10
"""Shape coefficients that are kept; files of version 1.1.0 hold 300."""

# Sums of weights that are off by more than this are no rounding.
SUM_TOLERANCE = 1e-2

OTHER_MODELS = {52: "SMPL+H", 55: "SMPL-X", 16: "MANO", 5: "FLAME", 35: "SMAL"}
"""Relatives of SMPL, told by their number of joints."""


class UnusableArrays(ValueError):
    """Arrays that are no SMPL body; the message completes "it ..."."""


@dataclass(frozen=True)
class BodyArrays:
    """The arrays of a file in SMPL's format, whatever its number of joints (m)."""

    v_template: Float32[np.ndarray, "vertices 3"]
    shapedirs: Float32[np.ndarray, "vertices 3 components"]
    posedirs: Float32[np.ndarray, "vertices 3 pose_features"] | None
    J_regressor: Float32[np.ndarray, "joints vertices"]
    lbs_weights: Float32[np.ndarray, "vertices joints"]
    faces: Int64[np.ndarray, "faces 3"]
    parents: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class SmplArrays(BodyArrays):
    """The arrays of an SMPL body; `SmplModel` has the same fields as tensors."""

    name: str
    digest: str


def check_body(data: Mapping[str, Any], name: str, digest: str) -> SmplArrays:
    """Check the arrays of a file, by their names in SMPL's own files, and convert them.

    Raises:
        UnusableArrays: one is missing, of a wrong shape or full of nonsense.
    """
    joints = count_joints(data)
    if joints != NUM_JOINTS:
        kind = OTHER_MODELS.get(joints, "another body model")
        raise UnusableArrays(f"has {joints} joints, so it is {kind}, not SMPL with its 24")
    arrays = read_arrays(data)
    if arrays.parents != SMPL_PARENTS:
        raise UnusableArrays("has joints in another order than SMPL")
    posedirs = arrays.posedirs
    return SmplArrays(
        v_template=arrays.v_template,
        shapedirs=np.ascontiguousarray(arrays.shapedirs[..., :NUM_BETAS]),
        posedirs=None if posedirs is None or not posedirs.any() else posedirs,
        J_regressor=arrays.J_regressor,
        lbs_weights=arrays.lbs_weights,
        faces=arrays.faces,
        parents=arrays.parents,
        name=name,
        digest=digest,
    )


def count_joints(data: Mapping[str, Any]) -> int:
    """Count the joints of a file, which tell what model it holds.

    Raises:
        UnusableArrays: the tree of its joints is missing or of a wrong shape.
    """
    table = _get_array(data, "kintree_table")
    if table.ndim != 2 or table.shape[0] != 2:
        raise UnusableArrays(f'has "kintree_table" of shape {table.shape}, expected (2, joints)')
    return table.shape[1]


def read_arrays(data: Mapping[str, Any]) -> BodyArrays:
    """Check and convert the arrays of a file in SMPL's format, of any number of joints.

    Raises:
        UnusableArrays: one is missing, of a wrong shape or full of nonsense.
    """
    joints = count_joints(data)
    v_template = _get_array(data, "v_template", 2)
    vertices = v_template.shape[0]
    shapedirs = _get_array(data, "shapedirs", 3)
    posedirs = _get_array(data, "posedirs", 3) if "posedirs" in data else None
    arrays = {
        "v_template": (v_template, (vertices, 3)),
        "shapedirs": (shapedirs, (vertices, 3, shapedirs.shape[-1])),
        "J_regressor": (_get_array(data, "J_regressor", 2), (joints, vertices)),
        "weights": (_get_array(data, "weights", 2), (vertices, joints)),
        "f": (_get_array(data, "f", 2), (None, 3)),
    }
    if posedirs is not None:
        arrays["posedirs"] = (posedirs, (vertices, 3, 9 * (joints - 1)))
    for key, (array, shape) in arrays.items():
        _require_shape(key, array, shape)
    faces = arrays["f"][0].astype(np.int64)
    if faces.size == 0 or faces.min() < 0 or faces.max() >= vertices:
        raise UnusableArrays(f"has faces that name vertices outside 0 to {vertices - 1}")
    lbs_weights = _require_unit_sums("weights", _to_float(arrays["weights"][0]))
    regressor = _require_unit_sums("J_regressor", _to_float(arrays["J_regressor"][0]))
    return BodyArrays(
        v_template=_to_float(v_template),
        shapedirs=_to_float(shapedirs),
        posedirs=None if posedirs is None else _to_float(posedirs),
        J_regressor=regressor,
        lbs_weights=lbs_weights,
        faces=faces,
        parents=_read_parents(_get_array(data, "kintree_table")),
    )


def _get_array(
    data: Mapping[str, Any], key: str, num_axes: int | None = None
) -> Shaped[np.ndarray, "..."]:
    if key not in data:
        raise UnusableArrays(f'lacks the array "{key}"')
    try:
        array = as_array(data[key])
    except (ValueError, IndexError, KeyError, TypeError, MemoryError) as problem:
        raise UnusableArrays(f'has an unreadable "{key}" ({problem})') from problem
    if array.dtype.kind not in "fiu" or not np.isfinite(array).all():
        raise UnusableArrays(f'has an array "{key}" that is not all finite numbers')
    if num_axes is not None and array.ndim != num_axes:
        raise UnusableArrays(f'has "{key}" of shape {array.shape}, expected {num_axes} axes')
    return array


def _require_shape(
    key: str, array: Shaped[np.ndarray, "..."], shape: tuple[int | None, ...]
) -> None:
    if any(wanted not in (None, size) for size, wanted in zip(array.shape, shape, strict=True)):
        wanted = tuple("any" if size is None else size for size in shape)
        raise UnusableArrays(f'has "{key}" of shape {array.shape}, expected {wanted}')


def _read_parents(kintree_table: Shaped[np.ndarray, "two joints"]) -> tuple[int, ...]:
    # The root's parent is written as 2**32 - 1.
    parents = (-1, *(int(parent) for parent in kintree_table[0, 1:]))
    if any(not 0 <= parent < joint for joint, parent in enumerate(parents) if joint > 0):
        raise UnusableArrays("has joints in another order than SMPL: one comes before its parent")
    return parents


def _to_float(array: Shaped[np.ndarray, "..."]) -> Float32[np.ndarray, "..."]:
    return np.ascontiguousarray(array, dtype=np.float32)


def _require_unit_sums(
    key: str, matrix: Float32[np.ndarray, "rows columns"]
) -> Float32[np.ndarray, "rows columns"]:
    off = np.abs(matrix.sum(axis=-1) - 1.0).max()
    if off > SUM_TOLERANCE:
        raise UnusableArrays(f'has "{key}" whose rows do not sum to 1 (off by up to {off:.2g})')
    return matrix
