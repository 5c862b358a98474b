"""Left and right: the mesh is built so that it mirrors itself exactly in the plane x = 0."""

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from scipy.spatial import KDTree

from neuhmr.lab.open_body.tpose import SMPL_PARENTS

MIRROR_JOINTS = np.array(
    [0, 2, 1, 3, 5, 4, 6, 8, 7, 9, 11, 10, 12, 14, 13, 15, 17, 16, 19, 18, 21, 20, 23, 22]
)
"""SMPL joint to the joint on the other side."""

FLIP = np.array([-1.0, 1.0, 1.0])
MAX_ASYMMETRY = 2e-3
"""Largest distance (m) at which a vertex counts as another's mirror image."""

assert len(MIRROR_JOINTS) == len(SMPL_PARENTS)


def find_mirror(vertices: Float[ndarray, "vertices 3"]) -> Int[ndarray, " vertices"]:
    """Pair each vertex with its mirror image; a vertex on the midline pairs with itself."""
    found = KDTree(vertices).query(vertices * FLIP)
    distances, mirror = np.asarray(found[0]), np.asarray(found[1])
    assert distances.max() < MAX_ASYMMETRY, f"no mirror image within {distances.max():.4f} m"
    assert (mirror[mirror] == np.arange(len(mirror))).all(), "mirror images are not pairs"
    return mirror


def symmetrize(
    vertices: Float[ndarray, "*batch vertices 3"], mirror: Int[ndarray, " vertices"]
) -> Float[ndarray, "*batch vertices 3"]:
    """Average positions with their mirror images; the result mirrors itself bit by bit."""
    return 0.5 * (vertices + vertices[..., mirror, :] * FLIP)
