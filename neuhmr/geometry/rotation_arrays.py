"""Rotation vectors and matrices as plain arrays, for files that are read and written without torch.

What is differentiated, or runs on another device, uses `rotations`.
"""

import numpy as np
from jaxtyping import Float

_FIRST_ORDER = 1e-6
"""Below this angle (rad) its square does not count."""


def rotmats_from_axisangles(
    axisangles: Float[np.ndarray, "*batch 3"],
) -> Float[np.ndarray, "*batch 3 3"]:
    """Turn rotation vectors (rad) into matrices, by Rodrigues' formula.

    The same steps as roma's, so that both give the same float32.
    """
    angle = np.linalg.norm(axisangles, axis=-1)
    x, y, z = np.moveaxis(axisangles / np.where(angle > 0, angle, 1.0)[..., None], -1, 0)
    sine = np.sin(angle)
    versine = np.where(angle < _FIRST_ORDER, 0.0, 1.0 - np.cos(angle))
    xs, ys, zs = x * sine, y * sine, z * sine
    xyv, xzv, yzv = x * y * versine, x * z * versine, y * z * versine
    xxv, yyv, zzv = x * x * versine, y * y * versine, z * z * versine
    entries = (
        *(1 - yyv - zzv, xyv - zs, xzv + ys),
        *(xyv + zs, 1 - xxv - zzv, yzv - xs),
        *(xzv - ys, yzv + xs, 1 - xxv - yyv),
    )
    return np.stack(entries, axis=-1).reshape(*axisangles.shape, 3)


def axisangles_from_rotmats(
    rotmats: Float[np.ndarray, "*batch 3 3"],
) -> Float[np.ndarray, "*batch 3"]:
    """Turn rotation matrices into rotation vectors (rad) of length at most pi."""
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = np.moveaxis(rotmats, (-2, -1), (0, 1))
    # Row i is 4 q_i q, where q = (x, y, z, w) is the unit quaternion; the row of the largest
    # component is the one that rounding harms least, also at 0 and 180 degrees.
    rows = np.stack([
        np.stack([1 + xx - yy - zz, xy + yx, xz + zx, zy - yz], axis=-1),
        np.stack([xy + yx, 1 - xx + yy - zz, yz + zy, xz - zx], axis=-1),
        np.stack([xz + zx, yz + zy, 1 - xx - yy + zz, yx - xy], axis=-1),
        np.stack([zy - yz, xz - zx, yx - xy, 1 + xx + yy + zz], axis=-1),
    ], axis=-2)  # fmt: skip
    largest = np.diagonal(rows, axis1=-2, axis2=-1).argmax(axis=-1)
    quaternion = np.take_along_axis(rows, largest[..., None, None], axis=-2)[..., 0, :]
    quaternion = quaternion * np.where(quaternion[..., 3:] < 0, -1.0, 1.0)
    vector, real = quaternion[..., :3], quaternion[..., 3:]
    sine = np.linalg.norm(vector, axis=-1, keepdims=True)
    angle = 2.0 * np.arctan2(sine, real)
    return vector * np.where(sine > 0, angle / np.where(sine > 0, sine, 1.0), 0.0)
