"""Sizes, colors and letters that all drawn pictures share."""

from functools import cache

import numpy as np
from jaxtyping import Float
from PIL import Image as PilImage
from PIL import ImageFont

from workbench.engine.exchange import Image

BACKGROUND = (20, 21, 23)
TILE_GAP = 6
"""Between pictures side by side (px)."""


def resized(image: Image, size: tuple[int, int]) -> Image:
    """Stretch to (height, width)."""
    if image.shape[:2] == size:
        return image
    target = (size[1], size[0])
    picture = PilImage.fromarray(np.ascontiguousarray(image))
    # With a gap of 1 whole pixels are averaged first: a third of the time for large frames.
    return np.asarray(picture.resize(target, PilImage.Resampling.BILINEAR, reducing_gap=1.0))


def trimmed(image: Image, margin: float = 0.04) -> Image:
    """Cut black borders away, keeping the shape (height : width) of the picture.

    Args:
        image: a person on black.
        margin: what is left around, as a share of the person's height.
    """
    return cut_to(image, person_box(image, margin))


def person_box(image: Image, margin: float = 0.04) -> tuple[int, int, int, int]:
    """Find what `trimmed` leaves: top, bottom, left and right (px)."""
    height, width = image.shape[:2]
    rows, columns = np.nonzero(image.max(axis=-1) > 12)
    if len(rows) == 0:
        return 0, height, 0, width
    top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    new_height = max(bottom - top, (right - left) * height / width) * (1.0 + 2.0 * margin)
    new_height = min(max(new_height, 8.0), float(height))
    new_width = new_height * width / height
    y = float(np.clip((top + bottom - new_height) / 2.0, 0.0, height - new_height))
    x = float(np.clip((left + right - new_width) / 2.0, 0.0, width - new_width))
    return round(y), round(y + new_height), round(x), round(x + new_width)


def cut_to(image: Image, box: tuple[int, int, int, int]) -> Image:
    """Cut a picture to top, bottom, left and right (px)."""
    top, bottom, left, right = box
    return np.ascontiguousarray(image[top:bottom, left:right])


@cache
def label_font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Load the font that comes with Pillow."""
    return ImageFont.load_default(size)


def heat_colors(values: Float[np.ndarray, "*shape"]) -> Image:
    """Map [0, 1] to black, violet, orange, pale yellow."""
    stops = np.array([0.0, 0.35, 0.7, 1.0])
    colors = np.array([[13, 14, 16], [92, 40, 130], [240, 110, 60], [252, 240, 180]], np.float64)
    channels = [np.interp(values, stops, colors[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).astype(np.uint8)
