"""The band of space around a posed body, and which vertex each point in it belongs to.

A human radiance field is empty away from the body, so samples are looked up here first: which
vertex is nearest and how far it is. The answers are constants of a render, not differentiable.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy import ndimage
from torch import Tensor

CELL_SIZE = 0.02
"""Edge of a look-up cell (m): fine enough that the true nearest vertex is a mesh neighbor of the
cell's, coarse enough to build in milliseconds."""

DESCENT_STEPS = 2
"""How often the nearest vertex is sought among the neighbors of the best so far."""


def vertex_neighbors(
    faces: Int[Tensor, "faces 3"], num_vertices: int, most: int = 10
) -> Int[Tensor, "vertices most"]:
    """List each vertex and up to `most - 1` vertices it shares an edge with; padded with itself."""
    edges = torch.cat([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    edges = torch.cat([edges, edges.flip(1)]).unique(dim=0)
    starts, ends = edges[:, 0].contiguous(), edges[:, 1]
    first = torch.searchsorted(starts, torch.arange(num_vertices, device=faces.device))
    rank = torch.arange(len(starts), device=faces.device) - first[starts]
    kept = rank < most - 1
    neighbors = torch.arange(num_vertices, device=faces.device)[:, None].repeat(1, most)
    neighbors[starts[kept], rank[kept] + 1] = ends[kept]
    return neighbors


@dataclass(frozen=True)
class BodyBand:
    """Look-up of nearest vertices within `width` of one posed body (m, the body's own frame)."""

    vertices: Float[Tensor, "vertices 3"]
    neighbors: Int[Tensor, "vertices most"]
    width: float
    origin: Float[Tensor, " 3"]
    nearest_of_cell: Int[Tensor, "depth height width"]
    distance_of_cell: Float[Tensor, "depth height width"]
    """From the cell's center to its nearest vertex's cell; off by up to a cell's diagonal (m)."""

    @property
    def upper(self) -> Float[Tensor, " 3"]:
        """Far corner of the look-up box (m)."""
        size = self.vertices.new_tensor(self.nearest_of_cell.shape[::-1])
        return self.origin + size * CELL_SIZE

    def _cells(
        self, points: Float[Tensor, "*batch 3"]
    ) -> tuple[Int[Tensor, " *batch"], Bool[Tensor, " *batch"]]:
        depth, height, width = self.nearest_of_cell.shape
        index = ((points - self.origin) / CELL_SIZE).floor().long()
        size = index.new_tensor([width, height, depth])
        is_inside = ((index >= 0) & (index < size)).all(dim=-1)
        index = index.clamp_min(0).minimum(size - 1)
        return (index[..., 2] * height + index[..., 1]) * width + index[..., 0], is_inside

    def rough_distance(self, points: Float[Tensor, "*batch 3"]) -> Float[Tensor, " *batch"]:
        """Distance to the body, good to about two cells; infinite outside the look-up box (m)."""
        cells, is_inside = self._cells(points)
        return self.distance_of_cell.reshape(-1)[cells].masked_fill(~is_inside, torch.inf)

    def nearest(
        self, points: Float[Tensor, "points 3"]
    ) -> tuple[Int[Tensor, " points"], Float[Tensor, " points"]]:
        """Find the nearest vertex and its distance (m), descending the mesh from the cell's vertex.

        Exact for most points; where several sheets of skin are close it may take the other sheet.
        """
        cells, _ = self._cells(points)
        best = self.nearest_of_cell.reshape(-1)[cells]
        squared = torch.zeros(())
        for _ in range(DESCENT_STEPS):
            candidates = self.neighbors[best]
            distances = (self.vertices[candidates] - points[:, None]).square().sum(dim=-1)
            squared, chosen = distances.min(dim=-1)
            best = candidates.gather(1, chosen[:, None])[:, 0]
        return best, squared.sqrt()


def build_body_band(
    vertices: Float[Tensor, "vertices 3"],
    neighbors: Int[Tensor, "vertices most"],
    width: float,
) -> BodyBand:
    """Index a posed body (m) for nearest-vertex look-ups; detached from autograd."""
    vertices = vertices.detach()
    margin = width + CELL_SIZE
    origin = vertices.amin(dim=0) - margin
    extent = vertices.amax(dim=0) + margin - origin
    shape = tuple(int(n) for n in (extent / CELL_SIZE).ceil().long().flip(0).tolist())
    cells = (vertices - origin) / CELL_SIZE
    # The vertex nearest a cell's center is written last, so it stays: the choice must not depend
    # on the order of the vertices. Of equally near ones it is the last, on every device.
    off_center = (cells - cells.floor() - 0.5).square().sum(dim=-1)
    order = off_center.argsort(descending=True, stable=True)
    index = cells[order].floor().long().cpu().numpy()
    vertex_of_cell = np.full(shape, -1, np.int64)
    vertex_of_cell[index[:, 2], index[:, 1], index[:, 0]] = order.cpu().numpy()
    nearest = np.empty((3, *shape), np.int32)
    distance = np.empty(shape, np.float64)
    ndimage.distance_transform_edt(
        vertex_of_cell < 0,
        sampling=CELL_SIZE,
        return_indices=True,
        distances=distance,
        indices=nearest,
    )
    device = vertices.device
    return BodyBand(
        vertices=vertices,
        neighbors=neighbors,
        width=width,
        origin=origin,
        nearest_of_cell=torch.from_numpy(vertex_of_cell[tuple(nearest)]).to(device),
        distance_of_cell=torch.from_numpy(distance.astype(np.float32)).to(vertices),
    )
