"""Whose pixels are whose, where two people stand close: each goes to the nearest skeleton."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float
from PIL import Image, ImageDraw
from scipy import ndimage

from neuhmr.initial.landmarks import landmark_index

_BONES = tuple(
    (landmark_index(first), landmark_index(second))
    for first, second in (
        ("left_ear", "right_ear"), ("nose", "left_shoulder"), ("nose", "right_shoulder"),
        ("left_shoulder", "right_shoulder"), ("left_shoulder", "left_hip"),
        ("right_shoulder", "right_hip"), ("left_hip", "right_hip"),
        ("left_shoulder", "right_hip"), ("right_shoulder", "left_hip"),
        ("left_shoulder", "left_elbow"), ("left_elbow", "left_wrist"),
        ("right_shoulder", "right_elbow"), ("right_elbow", "right_wrist"),
        ("left_hip", "left_knee"), ("left_knee", "left_ankle"), ("left_ankle", "left_foot_index"),
        ("right_hip", "right_knee"), ("right_knee", "right_ankle"),
        ("right_ankle", "right_foot_index"),
    )
)  # fmt: skip
THICKNESS = 0.11
"""Of limbs with their clothes, in sizes of the person."""
_MOST_COLUMNS = 320
"""Distances are measured on pictures no wider than this (px)."""

Points = Float[np.ndarray, "33 2"]


def own_part(
    mask: Bool[np.ndarray, "height width"],
    own: Points,
    others: Sequence[Points],
    lead: float = 0.0,
) -> Bool[np.ndarray, "height width"]:
    """Keep the pixels of a mask that lie nearer to one's own skeleton than to anybody else's.

    Args:
        mask: may cover several people.
        own: landmarks (px).
        others: landmarks of everybody else in the picture (px).
        lead: by how much others must be nearer to take a pixel, in sizes of the person.
    """
    if not others:
        return mask
    height, width = mask.shape
    scale = max(width / _MOST_COLUMNS, 1.0)
    size = (max(round(height / scale), 1), max(round(width / scale), 1))
    nearest = _distance(own, size, scale)
    is_own = np.ones(size, bool)
    for points in others:
        is_own &= nearest <= _distance(points, size, scale) + lead
    grown = Image.fromarray(is_own).resize((width, height), Image.Resampling.NEAREST)
    return mask & np.asarray(grown)


def limbs(
    points: Points, size: tuple[int, int], thickness: float = THICKNESS
) -> Bool[np.ndarray, "height width"]:
    """Draw somebody's limbs and trunk as thick lines.

    Args:
        points: landmarks (px).
        size: height and width of the picture (px).
        thickness: in sizes of the person, the longer side of the landmarks' box.
    """
    picture = Image.new("1", (size[1], size[0]))
    width = max(round(thickness * float(np.ptp(points, axis=0).max())), 1)
    draw = ImageDraw.Draw(picture)
    for first, second in _BONES:
        draw.line([tuple(points[first]), tuple(points[second])], fill=1, width=width)
    return np.array(picture)


def _distance(
    points: Points, size: tuple[int, int], scale: float
) -> Float[np.ndarray, "height width"]:
    """Measure how far pixels are from a skeleton, in sizes of the person."""
    lines = limbs(points / scale, size, 0.0)
    if not lines.any():  # Wholly outside the picture.
        return np.full(size, np.inf)
    far = ndimage.distance_transform_edt(~lines)
    assert isinstance(far, np.ndarray), "distances alone are asked for"
    return far * scale / max(float(np.ptp(points, axis=0).max()), 1.0)
