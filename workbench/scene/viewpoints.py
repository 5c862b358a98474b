"""Where the 3D view stands: before the person, or at the video camera."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from PIL import Image as PilImage

from neuhmr.body.motion import Motion
from workbench.engine.exchange import Image
from workbench.engine.interface import Footage
from workbench.scene.pictures import BACKGROUND, resized

FIELD_OF_VIEW = math.radians(36.0)
"""Of the 3D view, vertically."""
_FILL = 0.82
"""Share of the view that the person may take."""
_AZIMUTH, _ELEVATION = math.radians(24.0), math.radians(9.0)
_MARGIN_M = 0.15
"""Flesh around the joints (m)."""
_BACKGROUND_HEIGHT = 640


def clip_points(footage: Footage, motion: Motion) -> Float[np.ndarray, "points 3"]:
    """Gather where the joints are in all frames (m); nothing where nobody was seen."""
    return footage.joints(motion)[motion.valid.numpy()].reshape(-1, 3)


def frame_points(footage: Footage, motion: Motion, frame: int) -> Float[np.ndarray, "points 3"]:
    """Gather where the joints are in one frame (m); nothing where nobody was seen."""
    posed = footage.pose(motion, frame)
    return np.zeros((0, 3)) if posed is None else posed.joints


def stand_before(
    points: Float[np.ndarray, "points 3"], aspect: float
) -> tuple[np.ndarray, np.ndarray]:
    """Find a place from which all points are seen: from the video camera's side, a little off.

    Args:
        points: what to look at (m), at least one.
        aspect: width of the view over its height.

    Returns:
        Position and target (m).
    """
    axes = _view_axes()
    seen = points @ axes
    reach_y = _FILL * math.tan(FIELD_OF_VIEW / 2.0)
    reach = np.array([reach_y * aspect, reach_y])
    # Each side's rays through the outermost points meet the opposite side's at the eye.
    low = (seen[:, :2] - _MARGIN_M + reach * seen[:, 2:]).min(axis=0)
    high = (seen[:, :2] + _MARGIN_M - reach * seen[:, 2:]).max(axis=0)
    eye = np.append((low + high) / 2.0, -float(((high - low) / (2.0 * reach)).max()))
    middle = float(seen[:, 2].min() + seen[:, 2].max()) / 2.0
    return axes @ eye, axes @ np.append(eye[:2], middle)


def _view_axes() -> Float[np.ndarray, "3 3"]:
    """Give the view's right, down and forward as columns."""
    forward = np.array(
        [
            math.sin(_AZIMUTH) * math.cos(_ELEVATION),
            math.sin(_ELEVATION),
            math.cos(_AZIMUTH) * math.cos(_ELEVATION),
        ]
    )
    right = np.cross([0.0, 1.0, 0.0], forward)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(forward, right), forward], axis=1)


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
    small = resized(image, (size[1], size[0]))
    canvas.paste(PilImage.fromarray(small), (round(lens.left * scale), round(lens.top * scale)))
    return np.asarray(canvas)
