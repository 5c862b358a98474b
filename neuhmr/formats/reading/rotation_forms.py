"""The forms in which files hold rotations, brought into axis-angle (rad)."""

import numpy as np
from jaxtyping import Float

from neuhmr.formats.reading.tree import UnusableTree
from neuhmr.geometry.rotation_arrays import axisangles_from_rotmats

_FULL_TURN = 2 * np.pi
_LARGEST_ANGLE = 4 * np.pi
"""No estimator winds farther (rad), and degrees exceed it at once."""


def as_axisangles(
    values: Float[np.ndarray, "..."], joints: int, name: str
) -> Float[np.ndarray, "rows joints 3"]:
    """Bring rotations of some joints, in any form, into axis-angle (rad).

    Three numbers a joint are an axis-angle, nine a matrix, six the first two columns of one. All
    other axes but the first are free.

    Raises:
        UnusableTree: the array has another size, or matrices are no rotations.
    """
    rows = len(values) if values.ndim else 0
    per_joint = values.size / (rows * joints) if rows else 0
    if per_joint == 3:
        return unwound(values.reshape(rows, joints, 3))
    if per_joint == 9:
        return axisangles_from_rotmats(nearest_rotmats(values.reshape(rows, joints, 3, 3), name))
    if per_joint == 6:
        return axisangles_from_rotmats(rotmats_from_columns(values.reshape(rows, joints, 6)))
    raise UnusableTree(
        f'has "{name}" of shape {values.shape}, 3, 6 or 9 numbers for each of {joints} joints in '
        "every row were expected"
    )


def unwound(axisangles: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 3"]:
    """Take full turns off rotation vectors (rad); what they rotate stays where it is."""
    angle = np.linalg.norm(axisangles, axis=-1, keepdims=True)
    # Beyond that it is likelier that somebody wrote degrees: left for the checks to refuse.
    is_wound = (angle >= _FULL_TURN) & (angle <= _LARGEST_ANGLE)
    scale = np.where(is_wound, (angle % _FULL_TURN) / np.where(angle > 0, angle, 1.0), 1.0)
    return axisangles * scale


def rotmats_from_columns(
    columns: Float[np.ndarray, "*batch 6"],
) -> Float[np.ndarray, "*batch 3 3"]:
    """Complete matrices from their first two columns, given one after the other or interleaved.

    The order in which they are given is the one that makes them orthonormal.
    """
    pairs = columns.reshape(*columns.shape[:-1], 2, 3)
    interleaved = np.swapaxes(columns.reshape(*columns.shape[:-1], 3, 2), -1, -2)
    pairs = min(pairs, interleaved, key=_distance_from_orthonormal)
    first = pairs[..., 0, :] / np.linalg.norm(pairs[..., 0, :], axis=-1, keepdims=True)
    second = pairs[..., 1, :]
    second = second - (first * second).sum(axis=-1, keepdims=True) * first
    second = second / np.linalg.norm(second, axis=-1, keepdims=True)
    return np.stack([first, second, np.cross(first, second)], axis=-1)


def nearest_rotmats(
    matrices: Float[np.ndarray, "*batch 3 3"], name: str
) -> Float[np.ndarray, "*batch 3 3"]:
    """Take the rounding off rotation matrices; rows of NaN stay as they are.

    Raises:
        UnusableTree: there are others.
    """
    is_finite = np.isfinite(matrices).all(axis=(-2, -1), keepdims=True)
    left, scale, right = np.linalg.svd(np.where(is_finite, matrices, np.eye(3)))
    rotmats = left @ right
    if (np.abs(scale - 1.0) > 1e-2).any() or (np.linalg.det(rotmats) < 0).any():
        raise UnusableTree(f'has matrices in "{name}" that are no rotations')
    return np.where(is_finite, rotmats, np.nan)


def _distance_from_orthonormal(pairs: Float[np.ndarray, "*batch 2 3"]) -> float:
    products = pairs @ np.swapaxes(pairs, -1, -2)
    return float(np.abs(products - np.eye(2)).mean())
