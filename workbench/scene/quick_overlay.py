"""Bodies over a frame in a few milliseconds, for pictures that are seen for a moment only.

Every face that looks at the camera becomes a small shaded square, the nearest drawn last. Exact
overlays (`neuhmr.rendering.mesh_overlay`) take over as soon as the view rests.
"""

import numpy as np
from jaxtyping import Bool, Float, Int

from workbench.engine.exchange import Image

MAX_RADIUS_PX = 6
_AMBIENT = 0.45
_GAP_PX = 3


def quick_overlay(
    image: Image,
    vertices: Float[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces 3"],
    K: Float[np.ndarray, "3 3"],
    color: tuple[float, float, float],
    opacity: float,
) -> Image:
    """Blend a body over a picture.

    Args:
        image: the picture.
        vertices: camera frame (m).
        faces: counterclockwise seen from outside.
        K: intrinsics for the size of `image` (px).
        color: in full light, each in [0, 1].
        opacity: 1 hides what is behind.
    """
    shaded, covered = _shade(image, vertices, faces, K)
    body = shaded[covered][:, None] * np.array(color) * 255.0
    mixed = image.copy()
    mixed[covered] = (image[covered] * (1.0 - opacity) + body * opacity).astype(np.uint8)
    return mixed


def outline_overlay(
    image: Image,
    vertices: Float[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces 3"],
    K: Float[np.ndarray, "3 3"],
    color: tuple[float, float, float],
) -> Image:
    """Draw a body's outline over a picture: a light line with a dark one around it.

    Arguments are those of `quick_overlay`.
    """
    _, covered = _shade(image, vertices, faces, K)
    covered = _closed(covered)
    line = covered & ~_shrunk(covered)
    border = _grown(line) & ~line
    mixed = image.copy()
    mixed[border] = (image[border] * 0.35).astype(np.uint8)
    mixed[line] = (np.array(color) * 255.0).astype(np.uint8)
    return mixed


def _closed(mask: Bool[np.ndarray, "height width"]) -> Bool[np.ndarray, "height width"]:
    """Fill gaps between squares where the surface is stretched."""
    for _ in range(_GAP_PX):
        mask = _grown(mask)
    for _ in range(_GAP_PX + 1):  # One more takes the squares' own rim away.
        mask = _shrunk(mask)
    return mask


def _grown(mask: Bool[np.ndarray, "height width"]) -> Bool[np.ndarray, "height width"]:
    """Add the pixels around."""
    return ~_shrunk(~mask)


def _shrunk(mask: Bool[np.ndarray, "height width"]) -> Bool[np.ndarray, "height width"]:
    """Take the pixels along the edge away."""
    padded = np.pad(mask, 1, mode="edge")
    inner = padded[1:-1, 1:-1]
    return inner & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]


def _shade(
    image: Image,
    vertices: Float[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces 3"],
    K: Float[np.ndarray, "3 3"],
) -> tuple[Float[np.ndarray, "height width"], Bool[np.ndarray, "height width"]]:
    """Find how bright the body is at each pixel in [0, 1], and which pixels it covers."""
    corners = vertices[faces]
    centers = corners.mean(axis=1)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    to_camera = -centers / np.maximum(np.linalg.norm(centers, axis=1, keepdims=True), 1e-9)
    light = (normals * to_camera).sum(axis=1)
    seen = np.flatnonzero((light > 0.0) & (corners[:, :, 2].min(axis=1) > 0.05))
    size = (image.shape[0], image.shape[1])
    if len(seen) == 0:
        return np.zeros(size, np.float32), np.zeros(size, bool)
    seen = seen[np.argsort(-centers[seen, 2])]
    shades = _AMBIENT + (1.0 - _AMBIENT) * light[seen]
    return _splat(size, project(centers[seen], K), shades, splat_radius(corners[seen], K))


def project(
    points: Float[np.ndarray, "points 3"], K: Float[np.ndarray, "3 3"]
) -> Float[np.ndarray, "points 2"]:
    """Project camera-frame points (m) to pixels."""
    homogeneous = points @ K.T
    return homogeneous[:, :2] / homogeneous[:, 2:]


def splat_radius(corners: Float[np.ndarray, "faces 3 3"], K: Float[np.ndarray, "3 3"]) -> int:
    """Find squares just large enough that neighboring faces' squares touch (px)."""
    edges = np.linalg.norm(corners[:, 0] - corners[:, 1], axis=1)
    projected = edges * K[1, 1] / corners[:, :, 2].mean(axis=1)
    return int(np.clip(round(0.45 * float(np.percentile(projected, 80))), 1, MAX_RADIUS_PX))


def _splat(
    size: tuple[int, int],
    pixels: Float[np.ndarray, "points 2"],
    shades: Float[np.ndarray, " points"],
    radius: int,
) -> tuple[Float[np.ndarray, "height width"], Bool[np.ndarray, "height width"]]:
    """Draw squares in order; later ones cover earlier ones."""
    height, width = size
    columns, rows = np.floor(pixels.T).astype(np.int64)
    inside = (
        (columns >= -radius)
        & (columns < width + radius)
        & (rows >= -radius)
        & (rows < height + radius)
    )
    columns, rows, shades = columns[inside] + radius, rows[inside] + radius, shades[inside]
    side = 2 * radius
    canvas = np.full((height + 2 * side, width + 2 * side), -1.0, np.float32)
    offsets = np.arange(-radius, radius + 1)
    at_rows = rows[:, None, None] + radius + offsets[None, :, None]
    at_columns = columns[:, None, None] + radius + offsets[None, None, :]
    canvas[at_rows, at_columns] = shades[:, None, None]
    shaded = canvas[side : side + height, side : side + width]
    return shaded, shaded >= 0.0
