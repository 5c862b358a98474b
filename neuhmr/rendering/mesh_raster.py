"""A z-buffer for triangle meshes in plain torch: which face each pixel sees, and how far away.

Exact at pixel centers, with the perspective taken into account. Not differentiable.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from neuhmr.geometry.cameras import Camera
from neuhmr.tensor_struct import TensorStruct

NEAR = 0.01
"""Faces that reach nearer than this to the camera plane (m) are left out, not clipped."""

MAX_CANDIDATES = 1 << 22
"""Pixel-face pairs tested at once; bounds the memory when a face fills the image."""

# Both faces at an edge claim the pixels on it. This much of a face's size over the edge closes
# the cracks that rounding would leave; no pixel can tell.
EDGE_TOLERANCE = 1e-5


@dataclass(frozen=True)
class RasterizedMesh(TensorStruct):
    """What each pixel's center ray hits first."""

    depth: Float[Tensor, "height width"]
    """Camera-space z (m); infinite where there is no surface."""
    face_index: Int[Tensor, "height width"]
    """-1 where there is no surface."""
    barycentric: Float[Tensor, "height width 3"]
    """Weights of the face's corners at the surface point; zero where there is no surface."""

    @property
    def mask(self) -> Bool[Tensor, "height width"]:
        """The silhouette."""
        return self.face_index >= 0

    def interpolate(
        self, attributes: Float[Tensor, "vertices channels"], faces: Int[Tensor, "faces 3"]
    ) -> Float[Tensor, "height width channels"]:
        """Spread vertex attributes over the surface; zero where there is none."""
        corners = attributes[faces[self.face_index.clamp_min(0)]]
        return (self.barycentric[..., None] * corners).sum(dim=-2)


@dataclass(frozen=True)
class _Hits(TensorStruct):
    """Pixel-face pairs whose pixel center lies in the face."""

    pixel: Int[Tensor, " hits"]
    face: Int[Tensor, " hits"]
    depth: Float[Tensor, " hits"]


@torch.no_grad()
def rasterize_mesh(
    vertices: Float[Tensor, "vertices 3"], faces: Int[Tensor, "faces 3"], camera: Camera
) -> RasterizedMesh:
    """Find the nearest face at every pixel center.

    Both sides of faces are seen. The result does not depend on the order of the faces.

    Args:
        vertices: camera frame (m).
        faces: rows of `vertices`.
        camera: one camera, K without batch axes.
    """
    size = camera.height * camera.width
    depth = vertices.new_full((size,), torch.inf)
    face_index = torch.full((size,), -1, dtype=torch.int64, device=vertices.device)
    # Where two faces meet exactly, their corners' numbers decide instead of their place in the
    # list. Sorting the faces once makes "smallest row" mean that.
    faces = faces.long()
    order = _sort_faces(faces, vertices.shape[0])
    order = order[(vertices[:, 2] > NEAR)[faces[order]].all(dim=-1)]
    pixels = camera.to(vertices.dtype).project(vertices)
    for part, low, extent in _split_by_candidates(pixels[faces[order]], camera):
        rows = order[part]
        corners = faces[rows]
        hits = _cover_pixels(pixels[corners], vertices[:, 2][corners], low, extent, camera.width)
        nearest = depth.scatter_reduce(0, hits.pixel, hits.depth, "amin")
        is_nearest = (hits.depth == nearest[hits.pixel]) & (hits.depth < depth[hits.pixel])
        hits = hits[is_nearest.nonzero()[:, 0]]
        # Hits come in the order of faces: of equally near ones the first keeps the pixel.
        winner = torch.full((size,), len(rows), device=vertices.device)
        winner.scatter_reduce_(0, hits.pixel, hits.face, "amin")
        face_index = torch.where(
            winner < len(rows), rows[winner.clamp_max(len(rows) - 1)], face_index
        )
        depth = nearest
    barycentric = _surface_shares(face_index, pixels[faces], vertices[:, 2][faces], camera.width)
    shape = (camera.height, camera.width)
    return RasterizedMesh(depth.view(shape), face_index.view(shape), barycentric.view(*shape, 3))


def _sort_faces(faces: Int[Tensor, "faces 3"], num_vertices: int) -> Int[Tensor, " faces"]:
    keys = (faces[:, 0] * num_vertices + faces[:, 1]) * num_vertices + faces[:, 2]
    return keys.argsort(stable=True)


def _split_by_candidates(
    corners: Float[Tensor, "faces 3 2"], camera: Camera
) -> list[tuple[Int[Tensor, " part"], Int[Tensor, "part 2"], Int[Tensor, "part 2"]]]:
    """Group faces so that no group's boxes hold too many pixel centers; drop empty boxes.

    Returns rows, top left pixel (column, row) and size (columns, rows) of the boxes per group.
    """
    limit = torch.tensor([camera.width, camera.height], device=corners.device)
    # Clamped before they become integers: far-off corners have coordinates beyond any integer.
    low = (corners.amin(dim=1) - 0.5).ceil().clamp_min(0).minimum(limit).long()
    high = (corners.amax(dim=1) - 0.5).floor().clamp_min(-1).minimum(limit - 1).long()
    extent = (high - low + 1).clamp_min(0)
    counts = extent.prod(dim=-1)
    rows = counts.nonzero()[:, 0]
    if rows.numel() == 0:
        return []
    groups = ((counts[rows].cumsum(dim=0) - 1) // MAX_CANDIDATES).unique_consecutive(
        return_counts=True
    )[1]
    return [(part, low[part], extent[part]) for part in rows.split(groups.tolist())]


def _cover_pixels(
    corners: Float[Tensor, "faces 3 2"],
    corner_depths: Float[Tensor, "faces 3"],
    low: Int[Tensor, "faces 2"],
    extent: Int[Tensor, "faces 2"],
    width: int,
) -> _Hits:
    """List the pixels of each face's box whose centers lie in the face."""
    counts = extent.prod(dim=-1)
    face = torch.repeat_interleave(counts)
    number = torch.arange(face.shape[0], device=face.device)
    number = number - (counts.cumsum(dim=0) - counts).index_select(0, face)
    columns = extent[:, 0].index_select(0, face)
    row = torch.div(number, columns, rounding_mode="floor")
    column = number - row * columns
    # Shares are linear over the image: value at the box's first pixel, step per column and row.
    start, per_column, per_row = _linear_shares(corners - (low + 0.5)[:, None])
    start, per_column, per_row = (x.index_select(0, face) for x in (start, per_column, per_row))
    shares = start + per_column * column[:, None] + per_row * row[:, None]
    first, second = shares.unbind(dim=-1)
    third = 1.0 - first - second
    inside = (torch.minimum(torch.minimum(first, second), third) >= -EDGE_TOLERANCE).nonzero()[:, 0]
    face = face[inside]
    pixel = (row[inside] + low[face, 1]) * width + column[inside] + low[face, 0]
    shares = torch.stack([first[inside], second[inside], third[inside]], dim=-1)
    # 1 / depth is linear over the image, depth is not.
    inverse_depth = (shares.clamp_min(0.0) / corner_depths[face]).sum(dim=-1)
    return _Hits(pixel, face, 1.0 / inverse_depth)


def _surface_shares(
    face_index: Int[Tensor, " pixels"],
    corners: Float[Tensor, "faces 3 2"],
    corner_depths: Float[Tensor, "faces 3"],
    width: int,
) -> Float[Tensor, "pixels 3"]:
    """Barycentric weights of the surface points that the pixels see."""
    pixel = (face_index >= 0).nonzero()[:, 0]
    face = face_index[pixel]
    center = torch.stack([pixel % width, pixel // width], dim=-1) + 0.5
    start, _, _ = _linear_shares(corners[face] - center[:, None])
    shares = torch.cat([start, 1.0 - start.sum(dim=-1, keepdim=True)], dim=-1).clamp_min(0.0)
    shares = shares / corner_depths[face]
    barycentric = shares.new_zeros(face_index.shape[0], 3)
    barycentric[pixel] = shares / shares.sum(dim=-1, keepdim=True)
    return barycentric


def _linear_shares(
    corners: Float[Tensor, "faces 3 2"],
) -> tuple[Float[Tensor, "faces 2"], Float[Tensor, "faces 2"], Float[Tensor, "faces 2"]]:
    """Find the first two corners' barycentric shares at the origin, and their steps along u, v.

    Faces seen edge on get NaN, which no comparison accepts.
    """
    a, b, c = corners.unbind(dim=1)
    total = _cross(b - a, c - a)
    total = torch.where(total == 0, torch.nan, total)[:, None]
    start = torch.stack([_cross(b, c), _cross(c, a)], dim=-1) / total
    per_column = torch.stack([b[:, 1] - c[:, 1], c[:, 1] - a[:, 1]], dim=-1) / total
    per_row = torch.stack([c[:, 0] - b[:, 0], a[:, 0] - c[:, 0]], dim=-1) / total
    return start, per_column, per_row


def _cross(a: Float[Tensor, "points 2"], b: Float[Tensor, "points 2"]) -> Float[Tensor, " points"]:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
