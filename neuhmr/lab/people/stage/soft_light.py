"""Soft light on a person: what sky, walls and ground give each vertex, less what the body hides.

OpenGL's lamps are hard and its ambient light is the same everywhere. The factor found here scales
their sum vertex by vertex, which costs milliseconds where true global light would cost minutes.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from neuhmr.lab.people.stage.stage import Surroundings

_HAND_OR_TOES = (10, 11, 20, 21, 22, 23)


@dataclass(frozen=True)
class Occluders:
    """Groups of body vertices that stand for balls which hide light."""

    order: Int[np.ndarray, " grouped"]
    """Body vertices, group by group."""
    starts: Int[np.ndarray, " groups"]
    """Where each group begins in `order`."""

    def balls(
        self, surface: Float[np.ndarray, "points 3"]
    ) -> tuple[Float[np.ndarray, "groups 3"], Float[np.ndarray, " groups"]]:
        """Find the balls' centers and radii (m) on a posed surface."""
        grouped = surface[self.order]
        counts = np.diff(np.append(self.starts, len(self.order)))
        centers = np.add.reduceat(grouped, self.starts) / counts[:, None]
        distance = np.linalg.norm(grouped - np.repeat(centers, counts, axis=0), axis=1)
        return centers, np.add.reduceat(distance, self.starts) / counts


def group_occluders(
    lbs_weights: Float[np.ndarray, "vertices joints"], rest: Float[np.ndarray, "vertices 3"]
) -> Occluders:
    """Cut the body into about fifty lumps: each joint's vertices, in thirds along the limb."""
    joint = lbs_weights.argmax(axis=1)
    groups = []
    for index in range(lbs_weights.shape[1]):
        members = np.flatnonzero(joint == index)
        if not len(members) or index in _HAND_OR_TOES:
            continue
        extent = np.ptp(rest[members], axis=0)
        coordinate = rest[members][:, int(extent.argmax())]
        parts = 3 if extent.max() > 0.3 else 2 if extent.max() > 0.18 else 1
        edges = np.quantile(coordinate, np.arange(1, parts) / parts)
        groups += [members[np.digitize(coordinate, edges) == part] for part in range(parts)]
    starts = np.cumsum([0] + [len(group) for group in groups[:-1]])
    return Occluders(np.concatenate(groups), starts)


def soft_light(
    surface: Float[np.ndarray, "points 3"],
    normals: Float[np.ndarray, "points 3"],
    occluders: Occluders,
    surroundings: Surroundings,
) -> Float[np.ndarray, "points 3"]:
    """Find the factor by which each vertex is lighter or darker (linear RGB).

    Args:
        surface: posed surface, body vertices first (m, stage frame).
        normals: its unit normals.
        occluders: the body's lumps.
        surroundings: the stage's soft light.
    """
    up = 0.5 + 0.5 * normals[:, 1:2]
    light = up * surroundings.above + (1.0 - up) * surroundings.below
    for side, tint in zip(surroundings.beside, surroundings.tints, strict=True):
        light = light + np.clip(0.3 + 0.7 * normals @ side, 0.0, None)[:, None] * tint
    seen = _unhidden(surface.astype(np.float32), normals.astype(np.float32), occluders)
    # The ground hides the lower half of the sky near the feet.
    near_ground = np.exp(-np.clip(surface[:, 1], 0.0, None) / 0.12) * (1.0 - up[:, 0])
    seen = seen * (1.0 - 0.6 * near_ground)
    return light * (1.0 - surroundings.occlusion * (1.0 - seen))[:, None]


def _unhidden(
    surface: Float[np.ndarray, "points 3"],
    normals: Float[np.ndarray, "points 3"],
    occluders: Occluders,
) -> Float[np.ndarray, " points"]:
    """Share of the light from all around that no ball hides."""
    centers, radii = occluders.balls(surface)
    radii = radii.astype(np.float32)
    # |c - p|^2 and n . (c - p) without forming all differences.
    squared = (
        np.square(surface).sum(axis=1)[:, None]
        + np.square(centers).sum(axis=1)[None]
        - 2.0 * surface @ centers.T
    )
    distance = np.sqrt(np.clip(squared, 1e-6, None))
    facing = normals @ centers.T - np.einsum("vc,vc->v", normals, surface)[:, None]
    ratio = radii[None] / distance
    # A vertex of a ball is not hidden by it.
    outside = np.clip((1.0 / ratio - 1.15) / 0.5, 0.0, 1.0)
    hidden = np.clip(facing / distance + 0.15, 0.0, 1.0) * np.minimum(ratio, 1.0) ** 2 * outside
    return np.exp(-1.1 * hidden.sum(axis=1))
