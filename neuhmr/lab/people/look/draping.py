"""How far loose cloth hangs from the body: straight down from the widest place above.

A trunk, leg or arm is seen as a tube around its bones. Cloth that hangs from shoulder blade, bust,
belly or hip keeps that place's distance from the axis further down, where the body recedes.
"""

import numpy as np
from jaxtyping import Bool, Float

from neuhmr.lab.people.look.surface_points import SurfacePoints

_BIN_LENGTH = 0.03
_SECTORS = 20
_FARTHEST = {"trunk": 0.085, "leg": 0.055, "arm": 0.040}
"""Longest distance from the skin (m)."""


def trunk_drape(
    points: SurfacePoints, vertices: Float[np.ndarray, "vertices 3"], region: np.ndarray
) -> Float[np.ndarray, " vertices"]:
    """Find how far a shirt that hangs straight is from the trunk (m, 0 outside `region`)."""
    inside = region & (points.arm_share < 0.5)
    middle = np.array([0.0, 0.0, points.joints[[0, 6, 12], 2].mean()])
    across = (vertices - middle)[:, [0, 2]]
    return _hang(across, -vertices[:, 1], inside, _FARTHEST["trunk"])


def leg_drape(
    points: SurfacePoints, vertices: Float[np.ndarray, "vertices 3"], region: np.ndarray
) -> Float[np.ndarray, " vertices"]:
    """Find how far straight trouser legs are from the legs (m, 0 outside `region`)."""
    total = np.zeros(len(points))
    for side, chain in ((1.0, (1, 4, 7)), (-1.0, (2, 5, 8))):
        inside = region & (points.side == side) & (points.along_leg > 0.14)
        axis = points.joints[list(chain)]
        height = points.positions[:, 1]
        center = [np.interp(height, axis[::-1, 1], axis[::-1, c]) for c in (0, 2)]
        across = points.positions[:, [0, 2]] - np.stack(center, axis=1)
        total += _hang(across, -vertices[:, 1], inside, _FARTHEST["leg"])
    return total


def sleeve_drape(points: SurfacePoints, region: np.ndarray) -> Float[np.ndarray, " vertices"]:
    """Find how far wide sleeves are from the arms (m, 0 outside `region`)."""
    total = np.zeros(len(points))
    for side, chain in ((1.0, (16, 18, 20)), (-1.0, (17, 19, 21))):
        inside = region & (points.side == side) & (points.along_arm > 0.10)
        axis = points.joints[list(chain)]
        reach = np.abs(points.positions[:, 0])
        center = [np.interp(reach, np.abs(axis[:, 0]), axis[:, c]) for c in (1, 2)]
        across = points.positions[:, [1, 2]] - np.stack(center, axis=1)
        total += _hang(across, reach, inside, _FARTHEST["arm"])
    return total


def _hang(
    across: Float[np.ndarray, "vertices 2"],
    along: Float[np.ndarray, " vertices"],
    inside: Bool[np.ndarray, " vertices"],
    farthest: float,
) -> Float[np.ndarray, " vertices"]:
    """Carry each sector's largest radius on along the tube.

    Args:
        across: from the tube's axis (m).
        along: coordinate along the tube, growing away from where the cloth hangs (m).
        inside: the vertices that the cloth covers.
        farthest: longest distance allowed (m).
    """
    distance = np.zeros(len(along))
    if not inside.any():
        return distance
    radius = np.linalg.norm(across[inside], axis=1)
    turn = np.arctan2(across[inside, 1], across[inside, 0]) / (2 * np.pi) % 1.0
    start = along[inside].min()
    row = ((along[inside] - start) / _BIN_LENGTH).astype(int)
    column = (turn * _SECTORS).astype(int) % _SECTORS
    table = np.zeros((row.max() + 1, _SECTORS))
    np.maximum.at(table, (row, column), radius)
    # Cloth bridges narrow hollows around the tube, too.
    table = np.maximum.reduce([table, 0.97 * np.roll(table, 1, 1), 0.97 * np.roll(table, -1, 1)])
    table = np.maximum.accumulate(table, axis=0)
    distance[inside] = np.clip(table[row, column] - radius, 0.0, farthest)
    return distance
