"""Masks as a segmenter would give them: edges off by a pixel or two, small holes, lost fingers."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool
from PIL import Image, ImageDraw, ImageFilter
from scipy.special import ndtr

_SOFTNESS = 2.0
"""Blur whose level sets stand for distances to the edge (px at 256 px)."""


@dataclass(frozen=True, kw_only=True)
class Segmenter:
    """How one segmenter errs."""

    bias: float = 0.0
    """How far all edges lie outside the true ones (px at 256 px)."""
    wobble: float = 0.7
    """Standard deviation of an edge's place (px at 256 px)."""
    grain: float = 14.0
    """Size of the wobbles (px at 256 px)."""
    defects: float = 0.15
    """Expected number of holes, and of things taken for a part of the person, in each picture."""


def sample_segmenter(rng: np.random.Generator) -> Segmenter:
    """Draw a segmenter, from nearly exact to poor."""
    return Segmenter(
        bias=float(rng.normal(0.1, 0.5)),
        wobble=float(rng.uniform(0.2, 1.1)),
        grain=float(rng.uniform(6.0, 24.0)),
        defects=float(rng.uniform(0.0, 0.35)),
    )


def segment(
    mask: Bool[np.ndarray, "height width"], segmenter: Segmenter, rng: np.random.Generator
) -> Bool[np.ndarray, "height width"]:
    """Disturb an exact mask; the same random numbers give the same errors."""
    height, width = mask.shape
    unit = max(height, width) / 256.0
    soft = Image.fromarray(mask.astype(np.uint8) * 255)
    soft = soft.filter(ImageFilter.GaussianBlur(_SOFTNESS * unit))
    cells = (max(2, round(width / unit / segmenter.grain)) + 1,
             max(2, round(height / unit / segmenter.grain)) + 1)  # fmt: skip
    noise = rng.standard_normal(cells[::-1]).astype(np.float32)
    field = Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)
    # Interpolation keeps about 0.7 of the deviation.
    offset = segmenter.bias + segmenter.wobble / 0.7 * np.asarray(field)
    edge = ndtr(-np.clip(offset, -2.5, 2.5) / _SOFTNESS)
    found = np.asarray(soft) / 255.0 > edge
    return _with_defects(found, segmenter, rng, unit)


def _with_defects(
    mask: Bool[np.ndarray, "height width"],
    segmenter: Segmenter,
    rng: np.random.Generator,
    unit: float,
) -> Bool[np.ndarray, "height width"]:
    image = Image.fromarray(mask.astype(np.uint8))
    draw = ImageDraw.Draw(image)
    edges = np.argwhere(mask[:, 1:] != mask[:, :-1])
    inside = np.argwhere(mask)
    for value, places in ((0, inside), (1, edges)):
        for _ in range(int(rng.poisson(segmenter.defects))):
            if not len(places):
                break
            row, column = places[int(rng.integers(len(places)))]
            ry, rx = rng.uniform(1.0, 4.5, 2) * unit
            draw.ellipse((column - rx, row - ry, column + rx, row + ry), fill=value)
    return np.asarray(image).astype(bool)
