"""What a synthetic person is filmed on: a room or a place outdoors, and its light.

Stage frame: +y up, floor at y = 0, the person around the origin (m).
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float, UInt8

StageKind = Literal["room", "studio", "street", "park", "hall", "meadow"]
STAGE_KINDS: tuple[StageKind, ...] = get_args(StageKind)


@dataclass(frozen=True)
class Panel:
    """A textured rectangle of the room, or one side of a box in it."""

    corners: Float[np.ndarray, "4 3"]
    """Counter-clockwise seen from inside the room (m)."""
    texture: int
    """Index into the stage's textures."""
    repeats: tuple[float, float]
    """How often the texture fits along the first and second edge."""
    is_lit: bool = True
    """False for windows, sky and whatever else shows its texture as it is."""


@dataclass(frozen=True)
class Lamp:
    """One light; a directional one lights the room as a window or a row of lamps would."""

    direction: Float[np.ndarray, "3"]
    """Where its light goes."""
    color: Float[np.ndarray, "3"]
    intensity: float


@dataclass(frozen=True)
class Surroundings:
    """Soft light from all around, as walls, sky and ground give it; scales what lamps give."""

    above: Float[np.ndarray, "3"]
    below: Float[np.ndarray, "3"]
    """Linear colors of what comes from the zenith and from the nadir; 1 changes nothing."""
    beside: Float[np.ndarray, "sides 3"]
    """Unit directions that point to bright windows or walls."""
    tints: Float[np.ndarray, "sides 3"]
    """Linear colors added by them."""
    occlusion: float
    """How dark the body makes its own hollows, in [0, 1]."""


@dataclass(frozen=True)
class Stage:
    """A place and its light."""

    kind: StageKind
    panels: tuple[Panel, ...]
    textures: tuple[UInt8[np.ndarray, "_ _ 3"], ...]
    key: Lamp
    """The lamp that casts shadows."""
    fills: tuple[Lamp, ...]
    ambient: Float[np.ndarray, "3"]
    surroundings: Surroundings
    reach: float
    """How far from the middle cameras can stand (m)."""

    @property
    def has_shadows(self) -> bool:
        """Soft light throws none worth the third of the time that they cost."""
        return self.key.intensity > 1.4


def sample_surroundings(
    rng: np.random.Generator, above: Float[np.ndarray, "3"], below: Float[np.ndarray, "3"]
) -> Surroundings:
    """Draw soft light around given colors of sky or ceiling and of the ground."""
    count = int(rng.integers(0, 4))
    azimuth, height = rng.uniform(0, 2 * np.pi, count), rng.uniform(-0.1, 0.6, count)
    beside = np.stack([np.sin(azimuth), height, np.cos(azimuth)], axis=1)
    beside = beside / np.linalg.norm(beside, axis=1, keepdims=True)
    tints = rng.uniform(0.05, 0.45, (count, 1)) * (1.0 + 0.15 * rng.standard_normal((count, 3)))
    return Surroundings(above, below, beside, tints, float(rng.uniform(0.3, 0.9)))


def downwards(azimuth: float, elevation: float) -> Float[np.ndarray, "3"]:
    """Shine from a direction (rad) towards the middle."""
    flat = np.cos(elevation)
    return -np.array([flat * np.sin(azimuth), np.sin(elevation), flat * np.cos(azimuth)])


def turned(points: Float[np.ndarray, "4 3"], angle: float) -> Float[np.ndarray, "4 3"]:
    """Turn points about the vertical axis (rad)."""
    cos, sin = np.cos(angle), np.sin(angle)
    return points @ np.array([[cos, 0.0, -sin], [0.0, 1.0, 0.0], [sin, 0.0, cos]])
