"""The body's surface laid out on a texture: which canonical point every texel shows."""

import functools
from dataclasses import dataclass

import numpy as np
import scipy.ndimage
from jaxtyping import Float, Int, UInt8

from neuhmr.body.model_files import load_body_model
from neuhmr.body.open_body import load_open_body_surface
from neuhmr.lab.people.look.surface_points import SurfacePoints, canonical_points


@dataclass(frozen=True)
class UvBake:
    """A texture's texels that lie on the body, and the surface points under them."""

    size: int
    """Texture height and width."""
    points: SurfacePoints
    """One per covered texel."""
    nearest: Int[np.ndarray, "size size"]
    """For every texel the covered one whose color it takes, so that seams do not show."""

    def texture(self, colors: Float[np.ndarray, "points 3"]) -> UInt8[np.ndarray, "size size 3"]:
        """Lay colors in [0, 1] of the covered texels out as an image, row 0 at the top."""
        return (np.clip(colors, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)[self.nearest]


@dataclass(frozen=True)
class TexelHits:
    """Texels covered by triangles of the texture's layout."""

    texel: Int[np.ndarray, " hits"]
    """Row-major index, each at most once."""
    face: Int[np.ndarray, " hits"]
    barycentric: Float[np.ndarray, "hits 3"]


def rasterize_layout(corners: Float[np.ndarray, "faces 3 2"], size: int) -> TexelHits:
    """Find the face that covers each texel's center.

    Args:
        corners: texture coordinates in [0, 1], v = 0 at the bottom.
        size: texture height and width.
    """
    pixels = np.stack([corners[..., 0] * size, (1.0 - corners[..., 1]) * size], axis=-1)
    low = np.floor(pixels.min(axis=1) - 0.5).astype(np.int64).clip(0, size - 1)
    high = np.ceil(pixels.max(axis=1) - 0.5).astype(np.int64).clip(0, size - 1)
    extent = high - low + 1
    counts = extent[:, 0] * extent[:, 1]
    face = np.repeat(np.arange(len(corners)), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    column = low[face, 0] + within % extent[face, 0]
    row = low[face, 1] + within // extent[face, 0]
    barycentric = _barycentric(pixels[face], np.stack([column + 0.5, row + 0.5], axis=-1))
    # A little outside counts as inside, or texels on shared edges would fall through.
    hit = barycentric.min(axis=1) > -1e-3
    texel, first = np.unique((row * size + column)[hit], return_index=True)
    return TexelHits(texel, face[hit][first], barycentric[hit][first])


def _barycentric(triangles: np.ndarray, points: np.ndarray) -> np.ndarray:
    edge_b = triangles[:, 1] - triangles[:, 0]
    edge_c = triangles[:, 2] - triangles[:, 0]
    offset = points - triangles[:, 0]
    area = edge_b[:, 0] * edge_c[:, 1] - edge_b[:, 1] * edge_c[:, 0]
    area = np.where(np.abs(area) < 1e-12, np.inf, area)
    b = (offset[:, 0] * edge_c[:, 1] - offset[:, 1] * edge_c[:, 0]) / area
    c = (edge_b[:, 0] * offset[:, 1] - edge_b[:, 1] * offset[:, 0]) / area
    flat = np.isinf(area)
    return np.stack([np.where(flat, -1.0, 1.0 - b - c), b, c], axis=1)


@functools.lru_cache(maxsize=2)
def bake_open_body(size: int = 512) -> UvBake:
    """Lay out the open body's mean shape; takes about a second, then comes from memory."""
    surface = load_open_body_surface()
    model = load_body_model()
    vertices = canonical_points(model, surface)
    faces = model.faces.numpy()
    hits = rasterize_layout(surface.vt[surface.ft].astype(np.float64), size)
    corners = faces[hits.face]

    def blend(values: np.ndarray) -> np.ndarray:
        return np.einsum("tk,tkc->tc", hits.barycentric, values[corners])

    strongest = corners[np.arange(len(corners)), hits.barycentric.argmax(axis=1)]
    normals = blend(vertices.normals)
    points = SurfacePoints(
        positions=blend(vertices.positions),
        normals=normals / np.linalg.norm(normals, axis=1, keepdims=True).clip(1e-9),
        lbs_weights=blend(vertices.lbs_weights),
        part_labels=vertices.part_labels[strongest],
        part_names=vertices.part_names,
        joints=vertices.joints,
    )
    covered = np.zeros(size * size, bool)
    covered[hits.texel] = True
    order = np.full(size * size, -1, np.int64)
    order[hits.texel] = np.arange(len(hits.texel))
    _, nearest = scipy.ndimage.distance_transform_edt(
        ~covered.reshape(size, size), return_indices=True
    )  # pyright: ignore[reportGeneralTypeIssues]
    return UvBake(size, points, order.reshape(size, size)[nearest[0], nearest[1]])
