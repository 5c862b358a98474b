"""Small pictures inside HTML, where each is clickable on its own."""

import base64
import io

import numpy as np
from PIL import Image as PilImage

from workbench.engine.exchange import Image


def data_uri(image: Image, quality: int = 82) -> str:
    """Write a picture as the source of an HTML image."""
    stream = io.BytesIO()
    PilImage.fromarray(np.ascontiguousarray(image)).save(stream, "JPEG", quality=quality)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def window_around(
    image: np.ndarray, center: np.ndarray, reach: float, size: tuple[int, int]
) -> np.ndarray:
    """Cut `reach` px above and below a position (px) and enlarge; black beyond.

    Args:
        image: a picture, or a map of numbers.
        center: (across, down).
        reach: half the height of what is cut.
        size: (height, width) of the result.
    """
    half_width = reach * size[1] / size[0]
    u, v = float(center[0]), float(center[1])
    box = (u - half_width, v - reach, u + half_width, v + reach)
    cut = PilImage.fromarray(np.ascontiguousarray(image)).transform(
        (size[1], size[0]), PilImage.Transform.EXTENT, box, PilImage.Resampling.BILINEAR
    )
    return np.asarray(cut)
