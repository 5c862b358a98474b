"""Remove vertices until an exact number is left, without moving any.

Half-edge collapse driven by quadric errors (Garland and Heckbert 1997): a vertex slides along an
edge onto its neighbor. The survivors are original vertices, so that texture coordinates, skinning
weights and blend shapes carry over by indexing. Vertices on texture seams never leave, and left
and right lose the same vertices: edges are collapsed in mirrored pairs.
"""

import heapq
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

LENGTH_PENALTY = 1e-2
"""Weight of an edge's squared length (m^2) against squared distances from planes (m^2)."""

MIN_NORMAL_COSINE = 0.3
MIN_SHAPE = 0.12
"""Smallest allowed ratio of a triangle's area to that of the equilateral one of its perimeter."""

Triple = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class DecimatedMesh:
    """The surviving triangles; ids are those of the input."""

    faces: Int[ndarray, "faces 3"]
    face_uvs: Int[ndarray, "faces 3"]


def decimate(
    vertices: Float[ndarray, "vertices 3"],
    faces: Int[ndarray, "faces 3"],
    face_uvs: Int[ndarray, "faces 3"],
    uv: Float[ndarray, "uvs 2"],
    *,
    mirror: Int[ndarray, " vertices"],
    importance: Float[ndarray, " vertices"],
    is_locked: Bool[ndarray, " vertices"],
    num_vertices: int,
) -> DecimatedMesh:
    """Collapse edges of a closed mesh, cheapest first, until `num_vertices` are in use.

    Args:
        vertices: Positions (m) that mirror themselves exactly.
        faces: Triangles of closed surfaces.
        face_uvs: The texture coordinates of each triangle's corners.
        uv: Texture coordinates.
        mirror: Each vertex's mirror image.
        importance: Factor on the cost of removing a vertex.
        is_locked: Vertices that stay, besides those on texture seams.
        num_vertices: How many vertices shall survive.
    """
    mesh = _Mesh(vertices, faces, face_uvs, uv, mirror)
    stays = is_locked | is_locked[mirror] | mesh.is_seam | mesh.is_seam[mirror]
    versions = np.zeros(len(vertices), dtype=int)
    heap: list[tuple[float, int, int, int]] = []

    def push(start: int, end: int) -> None:
        crosses = mirror[start] == end or (mirror[start] == start and mirror[end] != end)
        if not stays[start] and not crosses:
            cost = float(importance[start]) * mesh.cost(start, end)
            heapq.heappush(heap, (cost, start, end, int(versions[start] + versions[end])))

    for start in mesh.corners:
        for end in mesh.neighbors(start):
            push(start, end)
    surplus = len(mesh.corners) - num_vertices
    while surplus > 0:
        assert heap, f"{surplus} vertices too many are left and none of them can go"
        _, start, end, version = heapq.heappop(heap)
        if start not in mesh.corners or end not in mesh.corners:
            continue
        if version != versions[start] + versions[end]:
            continue
        other_start, other_end = int(mirror[start]), int(mirror[end])
        is_pair = other_start != start
        if surplus < 1 + is_pair or not mesh.can_collapse(start, end):
            continue
        if is_pair and not mesh.can_collapse_mirrored(start, end, other_start, other_end):
            continue
        moves = [(start, end), (other_start, other_end)] if is_pair else [(start, end)]
        touched: set[int] = set()
        for source, target in moves:
            touched |= mesh.neighbors(source)
            mesh.collapse(source, target)
        touched &= mesh.corners.keys()
        surplus -= len(moves)
        for vertex in touched:
            versions[vertex] += 1
        for vertex in touched:
            for neighbor in mesh.neighbors(vertex):
                push(vertex, neighbor)
                if neighbor not in touched:
                    push(neighbor, vertex)
    return mesh.as_arrays()


class _Mesh:
    """Triangles around each vertex, with the texture coordinates of their corners."""

    def __init__(
        self,
        vertices: Float[ndarray, "vertices 3"],
        faces: Int[ndarray, "faces 3"],
        face_uvs: Int[ndarray, "faces 3"],
        uv: Float[ndarray, "uvs 2"],
        mirror: Int[ndarray, " vertices"],
    ) -> None:
        self.points: list[list[float]] = vertices.tolist()
        self.uv: list[list[float]] = uv.tolist()
        self.mirror = mirror
        self.triangles: dict[int, Triple] = dict(enumerate(map(tuple, faces.tolist())))
        self.triangle_uvs: dict[int, Triple] = dict(enumerate(map(tuple, face_uvs.tolist())))
        self.corners: dict[int, set[int]] = defaultdict(set)
        uvs_at: dict[int, set[int]] = defaultdict(set)
        for index, triangle in self.triangles.items():
            for vertex, uv_id in zip(triangle, self.triangle_uvs[index], strict=True):
                self.corners[vertex].add(index)
                uvs_at[vertex].add(uv_id)
        self.is_seam = np.zeros(len(vertices), dtype=bool)
        self.is_seam[[vertex for vertex, uvs in uvs_at.items() if len(uvs) > 1]] = True
        self.quadrics = _plane_quadrics(vertices, faces)

    def neighbors(self, vertex: int) -> set[int]:
        around = {other for index in self.corners[vertex] for other in self.triangles[index]}
        around.discard(vertex)
        return around

    def cost(self, start: int, end: int) -> float:
        """Measure the error at the target (m^2); the same, bit by bit, for the mirrored edge."""
        if self.mirror[start] < start:
            start, end = int(self.mirror[start]), int(self.mirror[end])
        x, y, z = self.points[end]
        quadric = self.quadrics[start] + self.quadrics[end]
        point = np.array((x, y, z, 1.0))
        length = sum((a - b) ** 2 for a, b in zip(self.points[start], (x, y, z), strict=True))
        return max(float(point @ quadric @ point), 0.0) + LENGTH_PENALTY * length

    def can_collapse(self, start: int, end: int) -> bool:
        """Check that the surface stays a closed manifold, unfolded in space and in the texture."""
        shared = self.corners[start] & self.corners[end]
        if len(shared) != 2 or len(self.neighbors(start) & self.neighbors(end)) != 2:
            return False
        end_uvs = {self._uv_at(index, end) for index in shared}
        if len(end_uvs) != 1:
            return False
        end_uv = end_uvs.pop()
        return all(
            self._stays_upright(index, start, end, end_uv) for index in self.corners[start] - shared
        )

    def can_collapse_mirrored(self, start: int, end: int, other_start: int, other_end: int) -> bool:
        """Check that the second collapse of a pair still holds once the first is done."""
        around, other_around = self.neighbors(start), self.neighbors(other_start)
        if other_start in around or end == other_start:
            return False
        if other_end == end and (around & other_around) - {end} - self.neighbors(end):
            return False
        if other_end == end and len(around & other_around) > 1:
            return False
        if other_end != end and (other_end in around or end in other_around):
            return False
        return self.can_collapse(other_start, other_end)

    def collapse(self, start: int, end: int) -> None:
        """Slide one vertex onto its neighbor; two triangles vanish."""
        shared = self.corners[start] & self.corners[end]
        end_uv = self._uv_at(next(iter(shared)), end)
        for index in shared:
            for vertex in self.triangles.pop(index):
                self.corners[vertex].discard(index)
            del self.triangle_uvs[index]
        for index in self.corners.pop(start):
            place = self.triangles[index].index(start)
            self.triangles[index] = _replace(self.triangles[index], place, end)
            self.triangle_uvs[index] = _replace(self.triangle_uvs[index], place, end_uv)
            self.corners[end].add(index)
        self.quadrics[end] += self.quadrics[start]

    def as_arrays(self) -> DecimatedMesh:
        order = sorted(self.triangles)
        return DecimatedMesh(
            faces=np.array([self.triangles[index] for index in order]),
            face_uvs=np.array([self.triangle_uvs[index] for index in order]),
        )

    def _uv_at(self, index: int, vertex: int) -> int:
        return self.triangle_uvs[index][self.triangles[index].index(vertex)]

    def _stays_upright(self, index: int, start: int, end: int, end_uv: int) -> bool:
        triangle, uvs = self.triangles[index], self.triangle_uvs[index]
        place = triangle.index(start)
        before = _normal([self.points[vertex] for vertex in triangle])
        corners = [self.points[vertex] for vertex in _replace(triangle, place, end)]
        after = _normal(corners)
        size_before, size_after = _norm(before), _norm(after)
        agreement = sum(a * b for a, b in zip(before, after, strict=True))
        if agreement <= MIN_NORMAL_COSINE * size_before * size_after:
            return False
        perimeter = sum(
            _norm([a - b for a, b in zip(corners[k], corners[k - 1], strict=True)])
            for k in range(3)
        )
        if size_after < MIN_SHAPE * perimeter**2 * (3**0.5 / 18):
            return False
        uv_before = _signed_area([self.uv[uv_id] for uv_id in uvs])
        uv_after = _signed_area([self.uv[uv_id] for uv_id in _replace(uvs, place, end_uv)])
        return uv_before * uv_after > 0 or abs(uv_before) < 1e-12


def _plane_quadrics(
    vertices: Float[ndarray, "vertices 3"], faces: Int[ndarray, "faces 3"]
) -> Float[ndarray, "vertices 4 4"]:
    """Sum, at each vertex, the squared distances from the planes around it as quadratic forms."""
    corners = vertices[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-15)
    offsets = -(normals * corners[:, 0]).sum(axis=1, keepdims=True)
    planes = np.concatenate([normals, offsets], axis=1)
    quadrics = np.zeros((len(vertices), 4, 4))
    for corner in range(3):
        np.add.at(quadrics, faces[:, corner], planes[:, :, None] * planes[:, None, :])
    return quadrics


def _replace(triple: Triple, place: int, value: int) -> Triple:
    changed = list(triple)
    changed[place] = value
    return changed[0], changed[1], changed[2]


def _normal(corners: list[list[float]]) -> list[float]:
    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = corners
    ux, uy, uz, vx, vy, vz = bx - ax, by - ay, bz - az, cx - ax, cy - ay, cz - az
    return [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx]


def _norm(vector: list[float]) -> float:
    return sum(component * component for component in vector) ** 0.5


def _signed_area(corners: list[list[float]]) -> float:
    (ax, ay), (bx, by), (cx, cy) = corners
    return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
