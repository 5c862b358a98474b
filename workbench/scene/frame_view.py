"""The pictures of the left dock: the frame with its bodies, and the crop beside its rendering."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float
from PIL import Image as PilImage
from PIL import ImageDraw, ImageFont

from neuhmr.body.motion import Motion
from workbench.engine import Engine, Footage, Image, PaintedBody
from workbench.identity import SameObjects
from workbench.scene.quick_overlay import outline_overlay, quick_overlay
from workbench.session import SessionState

FRAME_WIDTH = 800
FRAME_MAX_HEIGHT = 520
BACKGROUND = (20, 21, 23)
_INITIAL = (0.80, 0.83, 0.86)
_OUTLINE = (1.0, 1.0, 1.0)
_REFINED = (0.25, 0.62, 0.98)
_TRUTH = (0.32, 0.81, 0.40)
TILE_GAP = 6
_DIFFERENCE_GAIN = 1.6


@dataclass(frozen=True, eq=False)
class FrameRequest:
    """Everything that decides what the big picture shows."""

    footage: Footage
    frame: int
    bodies: tuple[tuple[Motion, tuple[float, float, float], float], ...]
    """(motion, color, opacity), drawn in this order; without opacity only the outline."""
    is_quick: bool = False
    """Drawn in a few milliseconds, for a picture that is seen for a moment only."""

    @property
    def motions(self) -> SameObjects:
        """What the pictures of all frames have in common."""
        return SameObjects(self.footage, *(part for body in self.bodies for part in body))

    @property
    def key(self) -> SameObjects:
        """Equal for requests of the same picture."""
        parts = (part for body in self.bodies for part in body)
        return SameObjects(self.footage, self.frame, self.is_quick, *parts)

    def paint(self, engine: Engine) -> Image:
        """Decode, shrink and draw."""
        video = self.footage.video
        image = resized(video.frame(self.frame), fitted_size(video.height, video.width))
        solid, outlined = [], []
        for motion, color, opacity in self.bodies:
            posed = engine.pose(self.footage, motion, self.frame)
            if posed is not None:
                bodies = solid if opacity > 0.0 else outlined
                bodies.append(PaintedBody(posed.vertices, color, opacity))
        image = np.ascontiguousarray(image)
        camera = self.footage.camera.resized(image.shape[0], image.shape[1])
        K = (camera.K[self.frame] if camera.K.dim() == 3 else camera.K).numpy()
        if solid and not self.is_quick:
            image = engine.overlay(self.footage, image, self.frame, solid)
            solid = []
        faces = self.footage.faces
        for body in solid:
            image = quick_overlay(image, body.vertices, faces, K, body.color, body.opacity)
        for body in outlined:
            image = outline_overlay(image, body.vertices, faces, K, body.color)
        return letterbox(image, FRAME_WIDTH)


def frame_request(state: SessionState, is_quick: bool = False) -> FrameRequest | None:
    """Say what the big picture of a state is."""
    footage, view = state.footage, state.view
    if footage is None:
        return None
    bodies: list[tuple[Motion, tuple[float, float, float], float]] = []
    if view.show_truth and footage.truth is not None:
        bodies.append((footage.truth, _TRUTH, 0.5))
    refined = state.refined
    is_ghost = view.shown == "both" and refined is not None
    if footage.initial is not None and (view.shown != "refined" or refined is None):
        bodies.append(
            (footage.initial, _OUTLINE if is_ghost else _INITIAL, 0.0 if is_ghost else 0.6)
        )
    if refined is not None and view.shown != "initial":
        bodies.append((refined, _REFINED, 0.6))
    return FrameRequest(footage, view.frame, tuple(bodies), is_quick)


def fitted_size(height: int, width: int) -> tuple[int, int]:
    """Scale (height, width) to fill the dock's width, or its height where that comes first."""
    scale = min(FRAME_WIDTH / width, FRAME_MAX_HEIGHT / height)
    return max(1, round(height * scale)), max(1, round(width * scale))


def letterbox(image: Image, width: int) -> Image:
    """Center an upright picture between dark borders, so that the dock keeps its width."""
    if image.shape[1] >= width:
        return image
    wide = np.full((image.shape[0], width, 3), BACKGROUND, np.uint8)
    left = (width - image.shape[1]) // 2
    wide[:, left : left + image.shape[1]] = image
    return wide


@cache
def label_font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Load the font that comes with Pillow."""
    return ImageFont.load_default(size)


def rendering_strip(crop: Image | None, rendering: Image | None, tile: tuple[int, int]) -> Image:
    """Put the crop, its rendering and their difference side by side.

    Args:
        crop: the person on black.
        rendering: the same view of the avatar, perhaps coarser.
        tile: (height, width) of each (px).
    """
    height, width = tile
    strip = np.full((height, 3 * width + 2 * TILE_GAP, 3), BACKGROUND, np.uint8)
    tiles: list[tuple[str, Image | None]] = [("video", crop), ("rendering", rendering)]
    difference = None
    if crop is not None and rendering is not None:
        fitted = [resized(picture, tile).astype(np.float32) for picture in (crop, rendering)]
        error = np.abs(fitted[0] - fitted[1]).mean(axis=-1) / 255.0
        difference = heat_colors(np.clip(_DIFFERENCE_GAIN * error, 0.0, 1.0))
    tiles.append(("difference", difference))
    for index, (_, picture) in enumerate(tiles):
        left = index * (width + TILE_GAP)
        if picture is not None:
            strip[:, left : left + width] = resized(picture, tile)
    drawing = PilImage.fromarray(strip)
    pen = ImageDraw.Draw(drawing)
    for index, (name, picture) in enumerate(tiles):
        color = (233, 236, 239) if picture is not None else (110, 116, 124)
        pen.text((index * (width + TILE_GAP) + 8, 6), name, fill=color, font=label_font(15))
    return np.asarray(drawing)


def resized(image: Image, size: tuple[int, int]) -> Image:
    """Stretch to (height, width)."""
    if image.shape[:2] == size:
        return image
    target = (size[1], size[0])
    return np.asarray(
        PilImage.fromarray(np.ascontiguousarray(image)).resize(target, PilImage.Resampling.BILINEAR)
    )


def trimmed(image: Image, margin: float = 0.04) -> Image:
    """Cut black borders away, keeping the shape (height : width) of the picture.

    Args:
        image: a person on black.
        margin: what is left around, as a share of the person's height.
    """
    height, width = image.shape[:2]
    rows, columns = np.nonzero(image.max(axis=-1) > 12)
    if len(rows) == 0:
        return image
    top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    new_height = max(bottom - top, (right - left) * height / width) * (1.0 + 2.0 * margin)
    new_height = min(max(new_height, 8.0), float(height))
    new_width = new_height * width / height
    y = float(np.clip((top + bottom - new_height) / 2.0, 0.0, height - new_height))
    x = float(np.clip((left + right - new_width) / 2.0, 0.0, width - new_width))
    cut = image[round(y) : round(y + new_height), round(x) : round(x + new_width)]
    return np.ascontiguousarray(cut)


def heat_colors(values: Float[np.ndarray, "*shape"]) -> Image:
    """Map [0, 1] to black, violet, orange, pale yellow."""
    stops = np.array([0.0, 0.35, 0.7, 1.0])
    colors = np.array([[13, 14, 16], [92, 40, 130], [240, 110, 60], [252, 240, 180]], np.float64)
    channels = [np.interp(values, stops, colors[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).astype(np.uint8)
