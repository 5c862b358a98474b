"""One joint of one frame, enlarged: where its appearance was looked for and found."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from PIL import Image as PilImage
from PIL import ImageDraw

from workbench.engine.interface import Image
from workbench.engine.optimizer import JointReport
from workbench.scene.pictures import heat_colors

_JOINT_WIDTH, _JOINT_HEIGHT = 520, 300
_LEAST_REACH_PX, _MOST_REACH_PX = 14.0, 90.0
"""What the joint's picture shows above and below it (px of the crop)."""
_ACCEPTED, _REJECTED = (64, 192, 87), (250, 82, 82)


def joint_picture(crop: Image, report: JointReport, joint: int) -> Image:
    """Zoom in on a joint: candidates colored by similarity, the winner ringed, a cross for now."""
    candidates = report.candidates.get(joint)
    center = report.projected[joint]
    reach = _LEAST_REACH_PX
    if candidates is not None:
        spread = float(np.abs(candidates - center).max()) + 3.0
        reach = min(max(spread, reach), _MOST_REACH_PX)
    zoom = _JOINT_HEIGHT / (2.0 * reach)
    window = _window(crop, center, reach)
    drawing = PilImage.fromarray((window.astype(np.float32) * 0.7).astype(np.uint8))
    pen = ImageDraw.Draw(drawing)
    middle = np.array([_JOINT_WIDTH, _JOINT_HEIGHT]) / 2.0

    def place(pixel: np.ndarray) -> np.ndarray:
        return (pixel - center) * zoom + middle

    if candidates is not None:
        _draw_candidates(pen, place, candidates, report.candidate_similarity[joint])
        if np.isfinite(report.winners[joint]).all():
            color = _ACCEPTED if report.matched[joint] else _REJECTED
            _ring(pen, place(report.winners[joint]), 10.0, color)
    _cross(pen, place(center), 9.0)
    return np.asarray(drawing)


def _window(crop: Image, center: np.ndarray, reach: float) -> Image:
    """Cut `reach` px above and below a position (px of the crop) and enlarge; black beyond."""
    half_width = reach * _JOINT_WIDTH / _JOINT_HEIGHT
    u, v = float(center[0]), float(center[1])
    box = (u - half_width, v - reach, u + half_width, v + reach)
    cut = PilImage.fromarray(np.ascontiguousarray(crop)).transform(
        (_JOINT_WIDTH, _JOINT_HEIGHT),
        PilImage.Transform.EXTENT,
        box,
        PilImage.Resampling.BILINEAR,
    )
    return np.asarray(cut)


def _draw_candidates(
    pen: ImageDraw.ImageDraw,
    place: Callable[[np.ndarray], np.ndarray],
    candidates: Float[np.ndarray, "candidates 2"],
    similarity: Float[np.ndarray, " candidates"],
) -> None:
    """Draw dots, the most similar ones last and brightest; those outside the image are left out."""
    known = similarity > -1.0
    if not known.any():
        return
    low, high = float(similarity[known].min()), float(similarity.max())
    shares = np.clip((similarity - low) / max(high - low, 1e-6), 0.0, 1.0)
    colors = heat_colors(0.2 + 0.8 * shares)
    for index in np.argsort(similarity):
        if known[index]:
            _dot(pen, place(candidates[index]), 4.0, tuple(int(c) for c in colors[index]))


def _dot(pen: ImageDraw.ImageDraw, at: np.ndarray, radius: float, color: tuple[int, ...]) -> None:
    pen.ellipse(_box(at, radius), fill=color)


def _ring(pen: ImageDraw.ImageDraw, at: np.ndarray, radius: float, color: tuple[int, ...]) -> None:
    pen.ellipse(_box(at, radius), outline=color, width=3)


def _cross(pen: ImageDraw.ImageDraw, at: np.ndarray, radius: float) -> None:
    u, v = float(at[0]), float(at[1])
    for width, color in ((5, (0, 0, 0)), (2, (255, 255, 255))):
        pen.line((u - radius, v, u + radius, v), fill=color, width=width)
        pen.line((u, v - radius, u, v + radius), fill=color, width=width)


def _box(at: np.ndarray, radius: float) -> tuple[float, float, float, float]:
    u, v = float(at[0]), float(at[1])
    return (u - radius, v - radius, u + radius, v + radius)
