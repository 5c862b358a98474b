"""What a click means: the joint nearest to a ray in 3D or a point in the picture, or whom."""

from typing import Any

import numpy as np
from jaxtyping import Float

from neuhmr.body.motion import Motion
from workbench.engine.interface import Footage
from workbench.scene.quick_overlay import project

MAX_ANGLE_RAD = 0.05
"""How far from a joint a click in 3D may be, seen from the eye."""
MAX_SHARE = 0.06
"""How far from a joint a click in the picture may be, as a share of the picture's height."""


def joint_at_ray(joints: Float[np.ndarray, "joints 3"], origin: Any, direction: Any) -> int | None:
    """Find the joint whose direction from the eye is nearest to the ray; None where none is near.

    Args:
        joints: in the scene (m).
        origin: of the ray (m), as a browser says.
        direction: of the ray, as a browser says.
    """
    ray = ray_vectors(origin, direction)
    if ray is None:
        return None
    _, angles = seen_from(*ray, joints)
    nearest = int(angles.argmin())
    return nearest if angles[nearest] <= MAX_ANGLE_RAD else None


def joint_at_point(
    footage: Footage, motion: Motion, frame: int, across: float, down: float
) -> int | None:
    """Find the joint nearest to a point of the frame; None where none is near.

    Args:
        footage: the clip.
        motion: whose joints.
        frame: of the video.
        across: share of the picture's width.
        down: share of its height.
    """
    away = _distances(footage, motion, frame, across, down)
    if away is None:
        return None
    nearest = int(away.argmin())
    return nearest if away[nearest] <= MAX_SHARE * footage.camera.height else None


def person_at_point(footage: Footage, frame: int, across: float, down: float) -> str | None:
    """Find whose joint is nearest to a point of the frame, if it lies about that person's joints.

    Arguments are those of `joint_at_point`.
    """
    found: str | None = None
    least = np.inf
    for person, motion in footage.people.items():
        away = _distances(footage, motion, frame, across, down)
        box = box_of(footage, motion, frame)
        if away is None or box is None or away.min() >= least:
            continue
        margin, x, y = MAX_SHARE * footage.camera.height, *_pixel(footage, across, down)
        left, top, right, bottom = box
        if left - margin <= x <= right + margin and top - margin <= y <= bottom + margin:
            found, least = person, away.min()
    return found


def box_of(
    footage: Footage, motion: Motion, frame: int
) -> tuple[float, float, float, float] | None:
    """Bound the joints in a frame: left, top, right, bottom (px); None where nobody is seen."""
    posed = footage.pose(motion, frame)
    if posed is None or posed.joints[:, 2].min() <= 0.0:
        return None
    pixels = project(posed.joints, intrinsics(footage, frame))
    (left, top), (right, bottom) = pixels.min(axis=0), pixels.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def _distances(
    footage: Footage, motion: Motion, frame: int, across: float, down: float
) -> Float[np.ndarray, " joints"] | None:
    """Measure how far the joints are from a point of the frame (px); None where nobody is seen."""
    posed = footage.pose(motion, frame)
    if posed is None:
        return None
    pixels = project(posed.joints, intrinsics(footage, frame))
    away = np.linalg.norm(pixels - np.array(_pixel(footage, across, down)), axis=1)
    away[posed.joints[:, 2] <= 0.0] = np.inf
    return away


def _pixel(footage: Footage, across: float, down: float) -> tuple[float, float]:
    return across * footage.camera.width, down * footage.camera.height


def ray_vectors(
    origin: Any, direction: Any
) -> tuple[Float[np.ndarray, "3"], Float[np.ndarray, "3"]] | None:
    """Take a ray as a browser says it: its start (m) and unit direction; None if it is none."""
    start, along = _vector(origin), _vector(direction)
    if start is None or along is None or not np.linalg.norm(along) > 0.0:
        return None
    return start, along / np.linalg.norm(along)


def seen_from(
    start: Float[np.ndarray, "3"], along: Float[np.ndarray, "3"], points: Float[np.ndarray, "n 3"]
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Measure how far points are from a ray's start (m), and from its direction (rad)."""
    to_points = points - start
    distances = np.maximum(np.linalg.norm(to_points, axis=1), 1e-9)
    return distances, np.arccos(np.clip(to_points @ along / distances, -1.0, 1.0))


def intrinsics(footage: Footage, frame: int) -> Float[np.ndarray, "3 3"]:
    """Take the video camera's intrinsics of a frame (px)."""
    K = footage.camera.K
    return (K[frame] if K.dim() == 3 else K).numpy()


def _vector(value: Any) -> Float[np.ndarray, "3"] | None:
    """Take three finite numbers; None for anything else."""
    try:
        vector = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        return None
    return vector if vector.shape == (3,) and np.isfinite(vector).all() else None
