"""The depth test around a joint, pixel by pixel: what is near enough to it, before, or behind."""

import numpy as np
from jaxtyping import Float
from PIL import Image as PilImage
from PIL import ImageDraw

from workbench.engine.depth_tests import DepthWindow
from workbench.engine.exchange import Image
from workbench.scene.html_pictures import window_around
from workbench.scene.pictures import BACKGROUND, TILE_GAP, label_font, resized

TILE_PX = 280
BEFORE, NEAR, BEHIND = (235, 86, 28), (81, 207, 102), (132, 94, 247)
"""Colors of what hides the joint, of what is within the tolerance, and of what lies behind it."""


def depth_picture(crop: Image, window: DepthWindow, joint_depth: float, epsilon: float) -> Image:
    """Put the frame around a joint beside the rendered depth there.

    Args:
        crop: of the window's frame.
        window: rendered depths around the joint.
        joint_depth: z of the joint itself (m).
        epsilon: how far the surface may be from it (m).
    """
    tile = (TILE_PX, TILE_PX)
    picture = np.full((TILE_PX, 2 * TILE_PX + TILE_GAP, 3), BACKGROUND, np.uint8)
    picture[:, :TILE_PX] = window_around(crop, window.center, window.reach, tile)
    colors = depth_colors(window.depths, joint_depth, epsilon)
    picture[:, TILE_PX + TILE_GAP :] = resized(colors, tile)
    drawing = PilImage.fromarray(picture)
    pen = ImageDraw.Draw(drawing)
    for left, words in ((0, "frame"), (TILE_PX + TILE_GAP, "rendered depth D")):
        pen.text((left + 8, 5), words, fill=(233, 236, 239), font=label_font(17))
        _cross(pen, left + TILE_PX / 2, TILE_PX / 2)
    return np.asarray(drawing)


def depth_colors(
    depths: Float[np.ndarray, "rows columns"], joint_depth: float, epsilon: float
) -> Image:
    """Color depths by the test against a joint's; nearer ones are brighter, none is dark."""
    colors = np.full((*depths.shape, 3), BACKGROUND, np.uint8)
    known = ~np.isnan(depths)
    if not known.any():
        return colors
    offset = depths - joint_depth
    base = np.zeros((*depths.shape, 3))
    base[known & (offset <= -epsilon)] = BEFORE
    base[known & (np.abs(offset) < epsilon)] = NEAR
    base[known & (offset >= epsilon)] = BEHIND
    low, high = np.nanmin(depths), np.nanmax(depths)
    shades = 1.0 - 0.55 * (depths - low) / max(high - low, 0.05)
    colors[known] = (base * shades[..., None])[known].astype(np.uint8)
    return colors


def _cross(pen: ImageDraw.ImageDraw, u: float, v: float) -> None:
    for width, color in ((5, (0, 0, 0)), (2, (255, 255, 255))):
        pen.line((u - 9, v, u + 9, v), fill=color, width=width)
        pen.line((u, v - 9, u, v + 9), fill=color, width=width)
