"""The room a synthetic person is filmed in: floor, walls, things along the walls, lights.

Stage frame: +y up, floor at y = 0, the person around the origin (m).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from neuhmr.people.room_textures import random_room_texture

ROOM_HALF = 5.0
"""Distance of the walls from the middle (m)."""
ROOM_HEIGHT = 3.4


@dataclass(frozen=True)
class Panel:
    """A textured rectangle of the room, or one side of a box in it."""

    corners: Float[np.ndarray, "4 3"]
    """Counter-clockwise seen from inside the room (m)."""
    texture: int
    """Index into the stage's textures."""
    repeats: tuple[float, float]
    """How often the texture fits along the first and second edge."""


@dataclass(frozen=True)
class Lamp:
    """One light; a directional one lights the room as a window or a row of lamps would."""

    direction: Float[np.ndarray, "3"]
    """Where its light goes."""
    color: Float[np.ndarray, "3"]
    intensity: float


@dataclass(frozen=True)
class Stage:
    """A room and its light."""

    panels: tuple[Panel, ...]
    textures: tuple[UInt8[np.ndarray, "_ _ 3"], ...]
    key: Lamp
    """The lamp that casts shadows."""
    fills: tuple[Lamp, ...]
    ambient: Float[np.ndarray, "3"]


def sample_stage(rng: np.random.Generator) -> Stage:
    """Draw a room."""
    textures = [random_room_texture(rng, "floor")]
    wall = random_room_texture(rng, "wall")
    textures += [wall, random_room_texture(rng, "wall") if rng.uniform() < 0.5 else wall]
    textures.append(np.full((4, 4, 3), 214, np.uint8))
    panels = [_floor(rng.uniform(1.2, 2.4)), _ceiling(len(textures) - 1)]
    panels += [_wall(side, 1 + side % 2, rng.uniform(1.6, 3.2)) for side in range(4)]
    for _ in range(int(rng.integers(3, 8))):
        textures.append(random_room_texture(rng, "thing"))
        if rng.uniform() < 0.5:
            panels.append(_picture(rng, len(textures) - 1))
        else:
            panels += _box(rng, len(textures) - 1)
    key, fills, ambient = _sample_lights(rng)
    return Stage(tuple(panels), tuple(textures), key, fills, ambient)


def _sample_lights(
    rng: np.random.Generator,
) -> tuple[Lamp, tuple[Lamp, ...], Float[np.ndarray, "3"]]:
    warmth = rng.uniform(-1.0, 1.0)
    azimuth = rng.uniform(0, 2 * np.pi)
    key_color = np.array([1.0, 0.96 - 0.02 * warmth, 0.92 - 0.10 * warmth])
    key = Lamp(_downwards(azimuth, rng.uniform(0.7, 1.25)), key_color, rng.uniform(1.9, 3.4))
    opposite = azimuth + np.pi + rng.uniform(-0.8, 0.8)
    fill_color = np.array([0.92 + 0.05 * warmth, 0.95, 1.0 - 0.04 * warmth])
    fills = (
        Lamp(_downwards(opposite, rng.uniform(0.2, 0.6)), fill_color, rng.uniform(0.7, 1.5)),
        Lamp(_downwards(azimuth + 1.5, 0.35), np.ones(3), rng.uniform(0.2, 0.8)),
    )
    ambient = rng.uniform(0.28, 0.44) * np.array([1.0, 0.99, 0.97])
    return key, fills, ambient


def _downwards(azimuth: float, elevation: float) -> Float[np.ndarray, "3"]:
    flat = np.cos(elevation)
    return -np.array([flat * np.sin(azimuth), np.sin(elevation), flat * np.cos(azimuth)])


def _floor(tile: float) -> Panel:
    h = ROOM_HALF
    corners = np.array([[-h, 0, h], [h, 0, h], [h, 0, -h], [-h, 0, -h]])
    return Panel(corners, 0, (2 * h / tile, 2 * h / tile))


def _ceiling(texture: int) -> Panel:
    h, y = ROOM_HALF, ROOM_HEIGHT
    corners = np.array([[-h, y, -h], [h, y, -h], [h, y, h], [-h, y, h]])
    return Panel(corners, texture, (1.0, 1.0))


def _wall(side: int, texture: int, tile: float) -> Panel:
    corners = np.array(
        [
            [-ROOM_HALF, 0, -ROOM_HALF],
            [ROOM_HALF, 0, -ROOM_HALF],
            [ROOM_HALF, ROOM_HEIGHT, -ROOM_HALF],
            [-ROOM_HALF, ROOM_HEIGHT, -ROOM_HALF],
        ]
    )
    return Panel(
        _turned(corners, side * np.pi / 2), texture, (2 * ROOM_HALF / tile, ROOM_HEIGHT / tile)
    )


def _picture(rng: np.random.Generator, texture: int) -> Panel:
    width, height = rng.uniform(0.5, 2.2), rng.uniform(0.5, 1.4)
    x, y = rng.uniform(-3.5, 3.5), rng.uniform(1.0, 1.9)
    z = -ROOM_HALF + 0.02
    corners = np.array(
        [[x, y, z], [x + width, y, z], [x + width, y + height, z], [x, y + height, z]]
    )
    return Panel(_turned(corners, rng.integers(4) * np.pi / 2), texture, (1.0, 1.0))


def _box(rng: np.random.Generator, texture: int) -> list[Panel]:
    """Stand a cupboard, table or crate against a wall."""
    width, height, depth = rng.uniform(0.5, 1.8), rng.uniform(0.4, 2.1), rng.uniform(0.3, 0.7)
    x, z = rng.uniform(-4.0, 2.5), -ROOM_HALF
    low, high = np.array([x, 0.0, z]), np.array([x + width, height, z + depth])
    angle = rng.integers(4) * np.pi / 2
    (x0, y0, z0), (x1, y1, z1) = low, high
    sides = (
        [[x0, y0, z1], [x1, y0, z1], [x1, y1, z1], [x0, y1, z1]],
        [[x1, y0, z1], [x1, y0, z0], [x1, y1, z0], [x1, y1, z1]],
        [[x0, y0, z0], [x0, y0, z1], [x0, y1, z1], [x0, y1, z0]],
        [[x0, y1, z1], [x1, y1, z1], [x1, y1, z0], [x0, y1, z0]],
    )
    return [Panel(_turned(np.array(side), angle), texture, (1.0, 1.0)) for side in sides]


def _turned(points: Float[np.ndarray, "4 3"], angle: float) -> Float[np.ndarray, "4 3"]:
    cos, sin = np.cos(angle), np.sin(angle)
    return points @ np.array([[cos, 0.0, -sin], [0.0, 1.0, 0.0], [sin, 0.0, cos]])
