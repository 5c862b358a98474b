"""Heatmaps and keypoints over pictures: the video's frame, the person's crop, a free view."""

import numpy as np
from jaxtyping import Float
from PIL import Image as PilImage
from PIL import ImageDraw

from workbench.engine.exchange import Image
from workbench.engine.keypoint_report import KeypointReport, ViewHeatmaps, strongest
from workbench.scene.pictures import BACKGROUND, TILE_GAP, heat_colors, label_font, resized

FOUND_COLOR = (255, 224, 102)
_LINE_COLOR = (255, 255, 255)
_EDGE_COLOR = (13, 14, 16)
_PICTURE_WIDTH, _PICTURE_HEIGHT = 540, 500
_VIEW_TILE = (352, 264)
_CROP_BRIGHTNESS = 0.75
_VIEW_BRIGHTNESS = 0.45
_OPAQUE_FROM = 0.6
"""Heat at which the color below is hidden as far as it ever is."""
_MOST_OPACITY = 0.8
_MARGIN_PX = 14.0
"""What the crop's picture shows around the keypoints (px of the crop)."""
_LEAST_REACH_PX = 30.0
"""What it shows at least above and below its middle, so that one keypoint is seen in its place."""


def heat_over(image: Image, heat: Float[np.ndarray, "height width"]) -> Image:
    """Blend a heatmap of the same size over a picture."""
    assert image.shape[:2] == heat.shape, (image.shape, heat.shape)
    opacity = _MOST_OPACITY * np.clip(heat / _OPAQUE_FROM, 0.0, 1.0)[..., None]
    colors = heat_colors(0.3 + 0.7 * np.clip(heat, 0.0, 1.0))
    return (image * (1.0 - opacity) + colors * opacity).astype(np.uint8)


def resampled_heat(
    heat: Float[np.ndarray, "height width"],
    origin: Float[np.ndarray, "2"],
    step: Float[np.ndarray, "2"],
    size: tuple[int, int],
) -> Float[np.ndarray, "rows columns"]:
    """Read a heatmap on another grid; 0 outside.

    Args:
        heat: the heatmap.
        origin: where the grid's top left corner lies in the heatmap (px).
        step: width and height of the grid's pixels there (px).
        size: (height, width) of the grid.
    """
    picture = PilImage.fromarray(heat.astype(np.float32), mode="F")
    affine = (step[0], 0.0, origin[0], 0.0, step[1], origin[1])
    target = (size[1], size[0])
    grid = picture.transform(
        target, PilImage.Transform.AFFINE, affine, PilImage.Resampling.BILINEAR
    )
    return np.asarray(grid)


def frame_heat(
    image: Image,
    report: KeypointReport,
    keypoint: int | None,
    video_width: int,
    body_color: tuple[int, int, int],
) -> Image:
    """Draw heatmaps and keypoints over a frame of the video of any size."""
    zoom = image.shape[1] / video_width
    step = 1.0 / (zoom * report.pixel_size)
    origin = report.in_box(np.zeros((1, 2)))[0]
    size = (image.shape[0], image.shape[1])
    heat = resampled_heat(strongest(report.heatmaps, keypoint), origin, step, size)
    chosen = _chosen(report, keypoint)
    return draw_keypoints(
        heat_over(image, heat),
        report.found[chosen] * zoom,
        report.projected[chosen] * zoom,
        radius=3.5,
        body_color=body_color,
    )


def keypoint_picture(
    crop: Image, report: KeypointReport, keypoint: int | None, body_color: tuple[int, int, int]
) -> Image:
    """Enlarge the person, or the surroundings of one keypoint, with heatmaps and keypoints."""
    chosen = _chosen(report, keypoint)
    found, projected = report.in_box(report.found)[chosen], report.in_box(report.projected)[chosen]
    origin, zoom = _window(np.concatenate([found, projected]))
    size = (_PICTURE_HEIGHT, _PICTURE_WIDTH)
    box = (*origin, *(origin + np.array([_PICTURE_WIDTH, _PICTURE_HEIGHT]) / zoom))
    window = PilImage.fromarray(np.ascontiguousarray(crop)).transform(
        (size[1], size[0]), PilImage.Transform.EXTENT, box, PilImage.Resampling.BILINEAR
    )
    dimmed = (np.asarray(window, np.float32) * _CROP_BRIGHTNESS).astype(np.uint8)
    step = np.full(2, 1.0 / zoom)
    heat = resampled_heat(strongest(report.heatmaps, keypoint), origin, step, size)
    return draw_keypoints(
        heat_over(dimmed, heat),
        (found - origin) * zoom,
        (projected - origin) * zoom,
        radius=5.0,
        body_color=body_color,
    )


def _chosen(report: KeypointReport, keypoint: int | None) -> list[int]:
    return list(range(len(report.found))) if keypoint is None else [keypoint]


def _window(points: Float[np.ndarray, "points 2"]) -> tuple[Float[np.ndarray, "2"], float]:
    """Fit points into the picture: its top left corner (px of the crop) and its zoom."""
    known = points[np.isfinite(points).all(axis=1)]
    low, high = known.min(axis=0) - _MARGIN_PX, known.max(axis=0) + _MARGIN_PX
    middle, half = (low + high) / 2.0, (high - low) / 2.0
    aspect = _PICTURE_WIDTH / _PICTURE_HEIGHT
    reach = max(float(half[1]), float(half[0]) / aspect, _LEAST_REACH_PX)
    return middle - reach * np.array([aspect, 1.0]), _PICTURE_HEIGHT / (2.0 * reach)


def draw_keypoints(
    image: Image,
    found: Float[np.ndarray, "points 2"],
    projected: Float[np.ndarray, "points 2"],
    radius: float,
    body_color: tuple[int, int, int],
) -> Image:
    """Draw dots for found keypoints and for the body's own, and a line between each two.

    Args:
        image: the picture.
        found: in its pixels; NaN where nothing was found.
        projected: in its pixels.
        radius: of the dots (px).
        body_color: of the body's own keypoints.
    """
    drawing = PilImage.fromarray(np.ascontiguousarray(image))
    pen = ImageDraw.Draw(drawing)
    is_found = np.isfinite(found).all(axis=1)
    for start, end in zip(found[is_found], projected[is_found], strict=True):
        ends = (float(start[0]), float(start[1]), float(end[0]), float(end[1]))
        pen.line(ends, fill=_EDGE_COLOR, width=round(radius))
        pen.line(ends, fill=_LINE_COLOR, width=max(round(radius / 3.0), 1))
    for points, color in ((projected, body_color), (found[is_found], FOUND_COLOR)):
        for u, v in points.tolist():
            box = (u - radius, v - radius, u + radius, v + radius)
            pen.ellipse(box, fill=color, outline=_EDGE_COLOR)
    return np.asarray(drawing)


def view_picture(view: ViewHeatmaps, keypoint: int | None) -> Image:
    """Put the color of a free view beside its heatmaps."""
    height, width = _VIEW_TILE
    color = resized(view.image, _VIEW_TILE)
    heat = strongest(view.heatmaps, keypoint)
    step = np.array([heat.shape[1] / width, heat.shape[0] / height])
    heat = resampled_heat(heat, np.zeros(2), step, _VIEW_TILE)
    dimmed = (color * _VIEW_BRIGHTNESS).astype(np.uint8)
    strip = np.full((height, 2 * width + TILE_GAP, 3), BACKGROUND, np.uint8)
    strip[:, :width] = color
    strip[:, width + TILE_GAP :] = heat_over(dimmed, heat)
    drawing = PilImage.fromarray(strip)
    pen = ImageDraw.Draw(drawing)
    for left, name in ((0, "rendering"), (width + TILE_GAP, "heatmaps")):
        pen.text((left + 8, 6), name, fill=(233, 236, 239), font=label_font(15))
    return np.asarray(drawing)
