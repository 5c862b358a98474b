"""Tubes: what is worn but does not lie on the body is a closed grid of rings, skinned and painted.

Shoes, skirts, tied hair and brims are all rings one after the other. A grid has its own patch of
the person's texture, so that it is painted like the body: as a function of the point.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

RING = 24
"""Points around a ring."""


@dataclass(frozen=True)
class Tube:
    """One thing that is worn, in the rest pose of the person who wears it (m)."""

    name: str
    rings: Float[np.ndarray, "rings 24 3"]
    weights: Float[np.ndarray, "rings 24 joints"]
    colors: Float[np.ndarray, "patch patch 3"]
    """sRGB in [0, 1]; rows run along the tube, columns around it."""

    @property
    def vertices(self) -> Float[np.ndarray, "vertices 3"]:
        """The grid's points; the first of each ring occurs twice, for the texture."""
        return _closed(self.rings).reshape(-1, 3)

    @property
    def skinning(self) -> Float[np.ndarray, "vertices joints"]:
        """Weights of `vertices`."""
        return _closed(self.weights).reshape(len(self.vertices), -1)

    @property
    def uv(self) -> Float[np.ndarray, "vertices 2"]:
        """Place of `vertices` in the patch, v = 0 at the bottom."""
        count = len(self.rings)
        u = np.linspace(0.02, 0.98, RING + 1)
        v = 1.0 - np.linspace(0.02, 0.98, count)
        return np.stack(np.broadcast_arrays(u[None], v[:, None]), axis=-1).reshape(-1, 2)

    @property
    def faces(self) -> Int[np.ndarray, "faces 3"]:
        """Triangles whose normals point outward."""
        rows, columns = np.mgrid[0 : len(self.rings) - 1, 0:RING]
        corner = (rows * (RING + 1) + columns).ravel()
        below = corner + RING + 1
        faces = np.concatenate(
            [
                np.stack([corner, below, corner + 1], axis=1),
                np.stack([corner + 1, below, below + 1], axis=1),
            ]
        )
        a, b, c = (self.vertices[faces[:, i]] for i in range(3))
        volume = np.einsum("fc,fc->", a, np.cross(b, c))
        return faces if volume > 0 else faces[:, ::-1]


def sweep(
    centers: Float[np.ndarray, "rings 3"],
    half_u: Float[np.ndarray, "rings 3"],
    half_v: Float[np.ndarray, "rings 3"],
) -> Float[np.ndarray, "rings 24 3"]:
    """Draw an ellipse with the given half axes around every center (m)."""
    angle = 2 * np.pi * np.arange(RING) / RING
    cos, sin = np.cos(angle)[None, :, None], np.sin(angle)[None, :, None]
    return centers[:, None] + cos * half_u[:, None] + sin * half_v[:, None]


def grid_points(rings: Float[np.ndarray, "rings 24 3"], patch: int) -> Float[np.ndarray, "_ _ 3"]:
    """Interpolate the point under every texel of a tube's patch."""
    closed = _closed(rings)
    row = np.linspace(0.0, len(rings) - 1.0, patch)
    column = np.linspace(0.0, float(RING), patch)
    return _lerp(_lerp(closed, row, axis=0), column, axis=1)


def _lerp(values: np.ndarray, at: np.ndarray, axis: int) -> np.ndarray:
    low = np.minimum(at.astype(int), values.shape[axis] - 2)
    share = (at - low).reshape([-1 if i == axis else 1 for i in range(values.ndim)])
    first, second = values.take(low, axis), values.take(low + 1, axis)
    return first + share * (second - first)


def _closed(rings: np.ndarray) -> np.ndarray:
    return np.concatenate([rings, rings[:, :1]], axis=1)
