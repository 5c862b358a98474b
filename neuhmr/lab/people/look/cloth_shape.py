"""Clothes and hair as a thicker body surface (SMPL+D): offsets from the naked rest-pose mesh.

Cloth is a membrane stretched over the body: it is smoothed again and again and held at a least
distance from the skin, so it spans hollows instead of following them. Joints are those of the naked
body; only its surface is moved.
"""

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Float

from neuhmr.geometry.mesh_normals import vertex_normals
from neuhmr.lab.people.look.draping import leg_drape, sleeve_drape, trunk_drape
from neuhmr.lab.people.look.garments import (
    cuff_field,
    hair_field,
    headwear_field,
    leg_end_field,
    shirt_field,
    shoe_field,
    trousers_field,
)
from neuhmr.lab.people.look.look import Look
from neuhmr.lab.people.look.patterns import fractal_noise, noise_at
from neuhmr.lab.people.look.surface_points import SurfacePoints

_LONGEST = 0.10
"""Longest offset from the skin (m)."""


def cloth_offsets(
    look: Look,
    points: SurfacePoints,
    v_shaped: Float[np.ndarray, "vertices 3"],
    faces: np.ndarray,
) -> Float[np.ndarray, "vertices 3"]:
    """Find how far clothes, shoes and hair lie from the skin, vertex by vertex (m, rest pose).

    Args:
        look: what is worn.
        points: the body's vertices in canonical coordinates.
        v_shaped: this person's naked rest-pose vertices (m).
        faces: triangles of the body.
    """
    average = _neighbor_average(faces, len(points))
    distance, tightness = _least_distances(look, points)
    loose = _hanging_distances(look, points, v_shaped)
    for _ in range(6):
        loose = 0.5 * loose + 0.5 * (average @ loose)
    distance = np.where(distance > 0, distance + loose, 0.0)
    normals = vertex_normals(torch.from_numpy(v_shaped), torch.from_numpy(faces)).numpy()
    moved = v_shaped + distance[:, None] * normals
    cloth = (distance > 0).astype(np.float64)
    held_off = ~_is_flattened(look, points)
    for _ in range(40):
        smooth = average @ moved
        height = np.einsum("vc,vc->v", smooth - v_shaped, normals)
        short = np.clip(distance - height, 0.0, None) * held_off
        held = smooth + short[:, None] * normals
        share = (cloth * (1.0 - tightness))[:, None]
        moved = moved + share * (held - moved)
    offsets = moved - v_shaped
    worn = cloth * (~points.part("head", "ears", "neck")) * (shoe_field(look.shoes, points) < 0)
    offsets += (worn * _fold_heights(look, points, loose))[:, None] * normals
    offsets = _limit(offsets, _LONGEST)
    for _ in range(2):
        offsets = 0.5 * offsets + 0.5 * (average @ offsets)
    return offsets


def _hanging_distances(look: Look, points: SurfacePoints, v_shaped: np.ndarray) -> np.ndarray:
    """How much further off than its thickness loose cloth hangs (m)."""
    shirt = shirt_field(look.shirt, points) > -0.004
    trousers = (trousers_field(look.trousers, points) > -0.004) & (points.along_leg > 0.14)
    tucked = look.shirt.hem > 0.07
    hanging = look.shirt.drape * (0.45 if tucked else 1.0)
    loose = hanging * trunk_drape(points, v_shaped, shirt)
    loose += 0.8 * look.shirt.drape * sleeve_drape(points, shirt)
    return loose + look.trousers.drape * leg_drape(points, v_shaped, trousers)


def _fold_heights(look: Look, points: SurfacePoints, loose: np.ndarray) -> np.ndarray:
    """Folds run across tight cloth and down loose cloth (m)."""
    across = fractal_noise(points.positions * np.array([0.8, 1.8, 1.0]), 0.10, look.seed, 2)
    down = noise_at(points.positions * np.array([1.8, 0.45, 1.8]), 0.11, look.seed + 1)
    share = np.clip(loose / 0.03, 0.0, 1.0)
    ridges = 1.0 - 2.0 * np.abs(np.clip(down, -1.5, 1.5))
    return 0.0030 * np.clip(across, -1.5, 2.0) + share * 0.006 * ridges


def _least_distances(look: Look, points: SurfacePoints) -> tuple[np.ndarray, np.ndarray]:
    """Least distance from the skin (m) and how much the cloth clings to the body, in [0, 1]."""
    distance = np.zeros(len(points))
    tightness = np.zeros(len(points))
    trousers = trousers_field(look.trousers, points) > -0.004
    # Trouser legs hang from hip and knee: they widen downwards.
    width = look.trousers.thickness + look.trousers.flare * np.clip(points.along_leg, 0.0, 1.0)
    ends = np.clip(1.0 - leg_end_field(look.trousers, points) / 0.15, 0.0, 1.0)
    distance[trousers] = (width + 0.004 * ends)[trousers]
    shirt = shirt_field(look.shirt, points) > -0.004
    hanging = np.clip(1.0 - (points.positions[:, 1] - points.joints[1, 1]) / 0.22, 0.0, 1.0)
    sleeve = np.clip(1.0 - cuff_field(look.shirt, points) / 0.12, 0.0, 1.0) * (points.along_arm > 0)
    short_sleeve = 1.0 if look.shirt.sleeve < 0.7 else 0.2
    extra = 0.008 * hanging * (points.arm_share < 0.5) + 0.010 * short_sleeve * sleeve
    tucked = look.shirt.hem > 0.07
    over = distance if not tucked else np.zeros(len(points))
    shirt_distance = np.maximum(over + 0.003 * (over > 0), look.shirt.thickness + extra)
    worn = shirt & ~(tucked & trousers)
    distance[worn] = shirt_distance[worn]
    hair = np.clip(hair_field(look.hair, points) / 0.02 + 0.3, 0.0, 1.0)
    lumps = 0.25 if look.hair.cut != "curly" else 0.15
    hair = hair * look.hair.volume
    if look.headwear != "none":
        hair = np.minimum(hair, 0.012)
    hair = hair * (1.0 + lumps * fractal_noise(points.positions, 0.05, look.seed))
    distance = np.maximum(distance, np.clip(hair, 0.0, None))
    tightness[hair > 0] = 0.5
    hat = headwear_field(look, points) > -0.004
    distance[hat] = np.maximum(distance, 0.014)[hat]
    tightness[hat] = 0.3
    return distance, tightness


def _is_flattened(look: Look, points: SurfacePoints) -> np.ndarray:
    """Find the ears that hair presses flat."""
    return points.part("ears") & (hair_field(look.hair, points) > 0)


def _limit(offsets: np.ndarray, longest: float) -> np.ndarray:
    length = np.linalg.norm(offsets, axis=1, keepdims=True).clip(1e-9)
    return offsets * np.minimum(1.0, longest / length)


def _neighbor_average(faces: np.ndarray, num_vertices: int) -> scipy.sparse.csr_matrix:
    """Average of the neighbors along edges; rows sum to one."""
    start, end = faces[:, [0, 1, 2]].ravel(), faces[:, [1, 2, 0]].ravel()
    rows, columns = np.concatenate([start, end]), np.concatenate([end, start])
    graph = scipy.sparse.coo_matrix((np.ones(len(rows)), (rows, columns)), (num_vertices,) * 2)
    graph = graph.tocsr()
    graph.data[:] = 1.0
    degree = np.asarray(graph.sum(axis=1)).ravel().clip(1)
    return scipy.sparse.diags(1.0 / degree) @ graph
