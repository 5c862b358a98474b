"""One joint of one frame, enlarged: where its appearance was looked for and found."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from PIL import Image as PilImage
from PIL import ImageDraw

from workbench.engine.exchange import Image
from workbench.engine.optimizer import JointReport
from workbench.scene.html_pictures import window_around
from workbench.scene.pictures import heat_colors

_JOINT_WIDTH, _JOINT_HEIGHT = 560, 280
_LEAST_REACH_PX, _MOST_REACH_PX = 14.0, 90.0
"""What the joint's picture shows above and below it (px of the crop)."""
_HEAT = 0.6
"""How much of a pixel the similarity map takes."""
_ACCEPTED, _REJECTED = (64, 192, 87), (250, 82, 82)


def joint_picture(
    crop: Image,
    report: JointReport,
    joint: int,
    similarity: Float[np.ndarray, "rows columns"] | None = None,
) -> Image:
    """Zoom in on a joint: candidates colored by similarity, the winner ringed, a cross for now.

    Args:
        crop: of the report's frame.
        report: the joints' matches.
        joint: which one.
        similarity: of the crop to the joint's descriptor, laid over it.
    """
    candidates = report.candidates.get(joint)
    center = report.projected[joint]
    reach = _reach(candidates, center)
    zoom = _JOINT_HEIGHT / (2.0 * reach)
    size = (_JOINT_HEIGHT, _JOINT_WIDTH)
    window = window_around(crop, center, reach, size)
    if similarity is None:
        window = (window.astype(np.float32) * 0.7).astype(np.uint8)
    else:
        window = _with_heat(window, crop, similarity, center, reach)
    drawing = PilImage.fromarray(window)
    pen = ImageDraw.Draw(drawing)
    middle = np.array([_JOINT_WIDTH, _JOINT_HEIGHT]) / 2.0

    def place(pixel: np.ndarray) -> np.ndarray:
        return (pixel - center) * zoom + middle

    if candidates is not None:
        _draw_candidates(pen, place, candidates, report.candidate_similarity[joint])
        if np.isfinite(report.winners[joint]).all():
            color = _ACCEPTED if report.matched[joint] else _REJECTED
            winner = place(report.winners[joint])
            pen.line((*middle.tolist(), *winner.tolist()), fill=color, width=2)
            _ring(pen, winner, 10.0, color)
    _cross(pen, place(center), 9.0)
    return np.asarray(drawing)


def _reach(candidates: Float[np.ndarray, "candidates 2"] | None, center: np.ndarray) -> float:
    """Say how much is shown above and below a joint, so that all candidates are in it (px)."""
    if candidates is None:
        return _LEAST_REACH_PX
    spread = float(np.abs(candidates - center).max()) + 3.0
    return min(max(spread, _LEAST_REACH_PX), _MOST_REACH_PX)


def _with_heat(
    window: Image,
    crop: Image,
    similarity: Float[np.ndarray, "rows columns"],
    center: np.ndarray,
    reach: float,
) -> Image:
    """Lay heat over a window: dark where it is least similar in it, pale where most."""
    height, width = crop.shape[:2]
    # A map covers its crop edge to edge, so both kinds of pixels have their centers at +0.5.
    fine = PilImage.fromarray(similarity.astype(np.float32)).resize(
        (width, height), PilImage.Resampling.BILINEAR
    )
    cut = window_around(np.asarray(fine), center, reach, (window.shape[0], window.shape[1]))
    low, high = float(cut.min()), float(cut.max())
    heat = heat_colors((cut - low) / max(high - low, 1e-6))
    mixed = (1.0 - _HEAT) * window.astype(np.float32) + _HEAT * heat.astype(np.float32)
    return mixed.astype(np.uint8)


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
    pen.ellipse(_box(at, radius), fill=color, outline=(0, 0, 0))


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
