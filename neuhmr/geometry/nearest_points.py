"""Points of a surface of triangles that are nearest to given ones."""

import torch
from jaxtyping import Float, Int
from scipy.spatial import KDTree
from torch import Tensor

CANDIDATES = 16
"""Faces that are looked at per point."""


def nearest_on_mesh(
    points: Float[Tensor, "points 3"],
    vertices: Float[Tensor, "vertices 3"],
    faces: Int[Tensor, "faces 3"],
    candidates: int = CANDIDATES,
) -> Float[Tensor, "points 3"]:
    """Find the surface point nearest to each point; not differentiable.

    Note:
        Only the faces whose centers are nearest are looked at. Beside a face much larger than its
        neighbors the result may lie on one of those, a little farther away than the nearest point.

    Args:
        points: anywhere (m).
        vertices: of the surface, in the same frame (m).
        faces: rows of `vertices`.
        candidates: faces looked at per point; all faces make the result exact.
    """
    corners = vertices[faces.long()]
    tree = KDTree(corners.mean(dim=1).cpu().numpy())
    count = min(candidates, len(faces))
    rows = torch.from_numpy(tree.query(points.cpu().numpy(), k=count)[1]).to(points.device)
    rows = rows.reshape(len(points), count)  # One row each comes without that axis.
    found = nearest_on_triangle(points[:, None].expand(-1, count, -1), corners[rows])
    best = (found - points[:, None]).norm(dim=-1).argmin(dim=1)
    return found[torch.arange(len(points), device=points.device), best]


def nearest_on_triangle(
    points: Float[Tensor, "*batch 3"], corners: Float[Tensor, "*batch 3 3"]
) -> Float[Tensor, "*batch 3"]:
    """Find the point of each triangle that is nearest to its own point.

    It is the foot of the perpendicular where that meets the triangle, else the nearest point of
    its edges, which is all there is of a triangle without area.
    """
    ends = corners.roll(-1, dims=-2)
    edges, offsets = ends - corners, points[..., None, :] - corners
    lengths = edges.square().sum(dim=-1)
    smallest = torch.finfo(points.dtype).tiny
    along = ((offsets * edges).sum(dim=-1) / lengths.clamp_min(smallest)).clamp(0.0, 1.0)
    on_edges = corners + along[..., None] * edges
    normal = torch.linalg.cross(edges[..., 0, :], edges[..., 1, :])
    squared = normal.square().sum(dim=-1)
    height = (offsets[..., 0, :] * normal).sum(dim=-1) / squared.clamp_min(smallest)
    foot = points - height[..., None] * normal
    sides = (torch.linalg.cross(edges, offsets) * normal[..., None, :]).sum(dim=-1)
    is_inside = (sides >= 0).all(dim=-1) & (squared > smallest)
    distances = (on_edges - points[..., None, :]).norm(dim=-1)
    best = distances.argmin(dim=-1)[..., None, None].expand(*points.shape[:-1], 1, 3)
    return torch.where(is_inside[..., None], foot, on_edges.gather(-2, best)[..., 0, :])
