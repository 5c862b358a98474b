"""Where the 3D view stands: around a box that holds the person, or at the video camera."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from PIL import Image as PilImage

from neuhmr.body.motion import Motion
from workbench.engine.interface import Footage, Image
from workbench.scene.pictures import BACKGROUND

FIELD_OF_VIEW = math.radians(36.0)
"""Of the 3D view, vertically."""
_FILL = 0.86
"""Share of the view that the person's box may take."""
_AZIMUTH, _ELEVATION = math.radians(24.0), math.radians(9.0)
_MARGIN_M = 0.12
"""Flesh around the joints (m)."""
_BACKGROUND_HEIGHT = 640


@dataclass(frozen=True)
class Box:
    """An upright box in the scene (m)."""

    low: Float[np.ndarray, "3"]
    high: Float[np.ndarray, "3"]

    @property
    def center(self) -> Float[np.ndarray, "3"]:
        """The middle."""
        return (self.low + self.high) / 2.0

    def corners(self) -> Float[np.ndarray, "8 3"]:
        """List the corners."""
        ends = np.stack([self.low, self.high])
        return np.array(
            [ends[[i, j, k], [0, 1, 2]] for i in (0, 1) for j in (0, 1) for k in (0, 1)]
        )


def clip_box(footage: Footage, motion: Motion) -> Box | None:
    """Hold the person in all frames; None where nobody was seen."""
    rows = np.flatnonzero(motion.valid.numpy())
    if len(rows) == 0:
        return None
    return _box_around(footage.joints(motion)[rows].reshape(-1, 3))


def frame_box(footage: Footage, motion: Motion, frame: int) -> Box | None:
    """Hold the person in one frame; None where nobody was seen."""
    posed = footage.pose(motion, frame)
    return None if posed is None else _box_around(posed.vertices)


def _box_around(points: Float[np.ndarray, "points 3"]) -> Box:
    return Box(points.min(axis=0) - _MARGIN_M, points.max(axis=0) + _MARGIN_M)


def stand_before(box: Box, aspect: float) -> tuple[np.ndarray, np.ndarray]:
    """Find a place from which the whole box is seen: from the video camera's side, a little off.

    Args:
        box: what to look at.
        aspect: width of the view over its height.

    Returns:
        Position and target (m).
    """
    forward = np.array(
        [
            math.sin(_AZIMUTH) * math.cos(_ELEVATION),
            math.sin(_ELEVATION),
            math.cos(_AZIMUTH) * math.cos(_ELEVATION),
        ]
    )
    down = np.array([0.0, 1.0, 0.0])
    right = np.cross(down, forward)
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    relative = (box.corners() - box.center) @ np.stack([right, down, forward], axis=1)
    reach_y = _FILL * math.tan(FIELD_OF_VIEW / 2.0)
    reach_x = reach_y * aspect
    distance = max(
        float((np.abs(relative[:, 0]) / reach_x - relative[:, 2]).max()),
        float((np.abs(relative[:, 1]) / reach_y - relative[:, 2]).max()),
    )
    return box.center - distance * forward, box.center


@dataclass(frozen=True)
class Lens:
    """A picture area around a frame whose middle is the optical axis, with a view's shape."""

    left: int
    top: int
    width: int
    height: int
    """All in px of the frame; left and top are what is added before the frame."""
    fov: float
    """Of the whole height (rad)."""


def lens_behind(K: Float[np.ndarray, "3 3"], width: int, height: int, aspect: float) -> Lens:
    """Find the view that shows the whole frame from the video camera.

    Args:
        K: intrinsics of the frame (px); its pixels count as square.
        width: of the frame (px).
        height: of the frame (px).
        aspect: width of the 3D view over its height.
    """
    across = max(K[0, 2], width - K[0, 2])
    down = max(K[1, 2], height - K[1, 2])
    across, down = max(across, down * aspect), max(down, across / aspect)
    return Lens(
        left=round(across - K[0, 2]),
        top=round(down - K[1, 2]),
        width=round(2.0 * across),
        height=round(2.0 * down),
        fov=2.0 * math.atan2(down, K[1, 1]),
    )


def behind_bodies(image: Image, lens: Lens) -> Image:
    """Lay a frame where the view's background shows it at the right place."""
    scale = _BACKGROUND_HEIGHT / lens.height
    canvas = PilImage.new(
        "RGB", (max(round(lens.width * scale), 1), _BACKGROUND_HEIGHT), BACKGROUND
    )
    size = (max(round(image.shape[1] * scale), 1), max(round(image.shape[0] * scale), 1))
    small = PilImage.fromarray(np.ascontiguousarray(image)).resize(
        size, PilImage.Resampling.BILINEAR
    )
    canvas.paste(small, (round(lens.left * scale), round(lens.top * scale)))
    return np.asarray(canvas)
