"""Fabric colors as functions of a surface point: plain, stripes, checks, blobs, dots, prints."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import scipy.ndimage
from jaxtyping import Float

from neuhmr.lab.people.look.surface_points import SurfacePoints

Color = tuple[float, float, float]
"""sRGB in [0, 1]."""
PatternKind = Literal[
    "plain", "rings", "lines", "checks", "blobs", "dots", "blocks", "pinstripes", "print",
    "gradient", "argyle",
]  # fmt: skip
PATTERN_KINDS: tuple[PatternKind, ...] = get_args(PatternKind)


@dataclass(frozen=True)
class Fabric:
    """What a garment's surface looks like."""

    kind: PatternKind
    colors: tuple[Color, Color, Color]
    """Ground, figure, accent."""
    scale: float
    """Size of one repeat (m)."""
    seed: int


def fabric_colors(fabric: Fabric, points: SurfacePoints) -> Float[np.ndarray, "points 3"]:
    """Color each point as if the fabric covered the whole body."""
    ground, figure, accent = (np.array(color) for color in fabric.colors)
    share = _figure_share(fabric, points)[:, None]
    colors = ground + share * (figure - ground)
    if fabric.kind == "blobs":
        fine = noise_at(points.positions, fabric.scale * 0.7, fabric.seed + 1)
        colors += _step(fine, 0.75, 0.12)[:, None] * (accent - colors)
    if fabric.kind == "checks":
        thin = _stripes(points.positions[:, 1], fabric.scale * 2, 0.08)
        colors += 0.7 * thin[:, None] * (accent - colors)
    if fabric.kind == "print":
        _overprint(fabric, points, colors)
    return colors


def _overprint(fabric: Fabric, points: SurfacePoints, colors: np.ndarray) -> None:
    """Lay motifs of several sizes over each other, as flower prints and photographs have them."""
    tints = [np.array(color) for color in fabric.colors]
    for layer, size in enumerate((1.0, 0.6, 0.35)):
        noise = noise_at(points.positions, fabric.scale * 1.6 * size, fabric.seed + 11 * layer)
        tint = tints[(layer + 2) % 3] * (0.7 + 0.3 * layer)
        colors += _step(noise, 0.7, 0.25)[:, None] * (tint - colors)


def _figure_share(fabric: Fabric, points: SurfacePoints) -> np.ndarray:
    along, around = _fabric_axes(points)
    match fabric.kind:
        case "plain":
            return np.zeros(len(points))
        case "rings":
            return _stripes(along, fabric.scale, 0.5)
        case "lines":
            return _stripes(around, fabric.scale, 0.4)
        case "checks":
            rings = _stripes(along, fabric.scale * 1.5, 0.45)
            lines = _stripes(around, fabric.scale * 1.5, 0.45)
            return 0.5 * (rings + lines)
        case "blobs":
            return _step(noise_at(points.positions, fabric.scale * 1.6, fabric.seed), 0.1, 0.12)
        case "dots":
            return _dots(along, around, fabric.scale)
        case "pinstripes":
            return 0.8 * _stripes(around, 0.6 * fabric.scale, 0.12)
        case "print":
            return _step(noise_at(points.positions, fabric.scale * 2.0, fabric.seed), 0.3, 0.4)
        case "gradient":
            middle = points.joints[9, 1] - 0.25 + fabric.scale
            return np.clip(0.5 + (middle - points.positions[:, 1]) / 0.5, 0.0, 1.0)
        case "argyle":
            u, v = along / (3 * fabric.scale), around / (2 * fabric.scale)
            return _step(-np.abs(u % 1.0 - 0.5) - np.abs(v % 1.0 - 0.5), -0.5, 0.02)
        case "blocks":
            # Another color below a line across the chest, and on the sleeves.
            return np.maximum(
                _step(points.joints[9, 1] - along, 0.03 - fabric.scale, 0.004),
                (points.arm_share > 0.5) * float(fabric.seed % 2),
            )


def _fabric_axes(points: SurfacePoints) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates along the limb or trunk and around it (m)."""
    on_arm = points.arm_share > 0.5
    along = np.where(on_arm, np.abs(points.positions[:, 0]), points.positions[:, 1])
    radius = np.where(on_arm, 0.05, np.where(points.leg_share > 0.5, 0.075, 0.14))
    return along, points.limb_angle * radius


def _stripes(coordinate: np.ndarray, period: float, share: float) -> np.ndarray:
    phase = np.abs((coordinate / period) % 1.0 - 0.5) * 2.0
    return _step(phase, 1.0 - share, 0.004 / period)


def _dots(along: np.ndarray, around: np.ndarray, period: float) -> np.ndarray:
    row = np.floor(along / period)
    u = (along / period) % 1.0 - 0.5
    v = (around / period + 0.5 * row) % 1.0 - 0.5
    return _step(-np.hypot(u, v), -0.28, 0.003 / period)


def _step(values: np.ndarray, edge: float, softness: float) -> np.ndarray:
    """Rise from 0 to 1 at the edge, over about `softness`, so that texels do not flicker."""
    return 1.0 / (1.0 + np.exp(-np.clip((values - edge) / (0.25 * softness), -30, 30)))


def noise_at(
    positions: Float[np.ndarray, "points 3"], scale: float, seed: int
) -> Float[np.ndarray, " points"]:
    """Read smooth 3-D noise of about unit variance whose features are about `scale` (m) large."""
    rng = np.random.default_rng(seed)
    volume = rng.standard_normal((16, 16, 16)).astype(np.float32)
    shift = rng.uniform(0, 16, 3)
    coordinates = (positions / (0.5 * scale) + shift) % 16
    # Cubic interpolation of white noise keeps about 0.4 of its variance between the knots.
    return 1.4 * scipy.ndimage.map_coordinates(volume, coordinates.T, order=2, mode="grid-wrap")


def fractal_noise(
    positions: Float[np.ndarray, "points 3"], scale: float, seed: int, octaves: int = 3
) -> Float[np.ndarray, " points"]:
    """Sum noise of halving size and strength; about unit variance."""
    total = sum(
        noise_at(positions, scale * 0.5**k, seed + 101 * k) * 0.6**k for k in range(octaves)
    )
    return np.asarray(total) / np.sqrt(sum(0.36**k for k in range(octaves)))
