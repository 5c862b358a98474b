"""Clothes and hair as a thicker body surface (SMPL+D): offsets from the naked rest-pose mesh.

Cloth is a membrane stretched over the body: it is smoothed again and again and held at a least
distance from the skin, so it spans hollows instead of following them. Joints are those of the naked
body; only its surface is moved.
"""

import numpy as np
import scipy.sparse
from jaxtyping import Float

from neuhmr.people.garments import (
    cuff_field,
    hair_field,
    leg_end_field,
    shirt_field,
    shoe_field,
    trousers_field,
)
from neuhmr.people.patterns import fractal_noise
from neuhmr.people.surface_points import SurfacePoints, vertex_normals
from neuhmr.people.wardrobe import Look

SHOE_SOLE = 0.012
"""Thickness of the soles (m)."""


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
    skin = _wrap_toes(v_shaped, points)
    normals = vertex_normals(skin, faces)
    moved = skin + distance[:, None] * normals
    cloth = (distance > 0).astype(np.float64)
    held_off = ~_is_flattened(look, points)
    for _ in range(40):
        smooth = average @ moved
        height = np.einsum("vc,vc->v", smooth - skin, normals)
        short = np.clip(distance - height, 0.0, None) * held_off
        held = smooth + short[:, None] * normals
        share = (cloth * (1.0 - tightness))[:, None]
        moved = moved + share * (held - moved)
    offsets = moved - v_shaped
    folds = fractal_noise(points.positions * np.array([0.8, 1.8, 1.0]), 0.10, look.seed, 2)
    loose = cloth * (~points.part("head", "ears", "neck")) * (shoe_field(look.shoes, points) < 0)
    offsets += (0.0025 * loose * np.clip(folds, -1.5, 2.0))[:, None] * normals
    offsets = _limit(offsets, 0.06)
    for _ in range(2):
        offsets = 0.5 * offsets + 0.5 * (average @ offsets)
    return offsets


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
    hair = hair * look.hair.volume * (1.0 + 0.25 * fractal_noise(points.positions, 0.05, look.seed))
    distance = np.maximum(distance, np.clip(hair, 0.0, None))
    tightness[hair > 0] = 0.5
    shoe = shoe_field(look.shoes, points) > -0.004
    sole = np.clip(-points.normals[:, 1], 0.0, 1.0)
    distance[shoe] = (0.007 + (SHOE_SOLE - 0.007) * sole)[shoe]
    return distance, tightness


def _is_flattened(look: Look, points: SurfacePoints) -> np.ndarray:
    """Find the ears that hair presses flat."""
    return points.part("ears") & (hair_field(look.hair, points) > 0)


def _wrap_toes(
    vertices: Float[np.ndarray, "vertices 3"], points: SurfacePoints
) -> Float[np.ndarray, "vertices 3"]:
    """Close the front of each foot into one round cap, seen from the ball of the foot."""
    wrapped = vertices.copy()
    for side, toe_joint in ((1.0, 10), (-1.0, 11)):
        front = points.positions[:, 2] - (points.joints[toe_joint, 2] - 0.035)
        foot = (points.leg_share > 0.5) & (points.side == side) & (front > 0)
        toes = vertices[foot]
        center = np.array([toes[:, 0].mean(), toes[:, 1].min() + 0.022, toes[:, 2].min() - 0.02])
        rays = toes - center
        radius = np.linalg.norm(rays, axis=1)
        directions = rays / radius[:, None]
        near = directions @ directions.T
        hull = np.where(near > np.cos(0.30), radius[None], 0.0).max(axis=1)
        blend = np.exp((near - 1.0) / 0.015)
        hull = (blend @ hull) / blend.sum(axis=1)
        # What lies between the toes sinks a little under the cap, so that nothing flickers.
        target = np.where(radius > 0.93 * hull, np.maximum(hull, radius), 0.985 * hull)
        share = np.clip(front[foot] / 0.03, 0.0, 1.0)
        scale = 1.0 + share * (target / radius - 1.0)
        wrapped[foot] = center + scale[:, None] * rays
    return wrapped


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
