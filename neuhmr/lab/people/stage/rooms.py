"""Indoor stages: rooms, studios and halls, with things along the walls."""

import numpy as np

from neuhmr.lab.people.stage.backdrops import blurred_picture
from neuhmr.lab.people.stage.room_textures import plain_texture, random_room_texture
from neuhmr.lab.people.stage.stage import (
    Lamp,
    Panel,
    Stage,
    StageKind,
    downwards,
    sample_surroundings,
    turned,
)

ROOM_HALF = 5.0
"""Distance of the walls from the middle (m)."""
ROOM_HEIGHT = 3.4
ROOM_REACH = ROOM_HALF - 0.4
"""How far from the middle cameras can stand (m)."""


def furnished_room(rng: np.random.Generator) -> Stage:
    """Draw a living room, office or corridor."""
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
    for _ in range(int(rng.integers(0, 3))):
        textures.append(blurred_picture(rng))
        panels.append(_window(rng, len(textures) - 1))
    return _lit_stage("room", rng, panels, textures)


def studio(rng: np.random.Generator) -> Stage:
    """Draw a plain room: one color, hardly any texture, soft light."""
    tone = rng.uniform(0.25, 0.97) * (1.0 + 0.06 * rng.standard_normal(3))
    textures = [plain_texture(rng, tone), plain_texture(rng, tone * rng.uniform(0.8, 1.2))]
    panels = [_floor(4.0), _ceiling(1)]
    panels += [_wall(side, 1, 4.0) for side in range(4)]
    for _ in range(int(rng.integers(0, 3))):
        textures.append(random_room_texture(rng, "thing"))
        panels += _box(rng, len(textures) - 1)
    return _lit_stage("studio", rng, panels, textures)


def hall(rng: np.random.Generator) -> Stage:
    """Draw a gymnasium: boards, high windows in a row, lines on the floor."""
    textures = [random_room_texture(rng, "floor"), random_room_texture(rng, "wall")]
    textures.append(np.full((4, 4, 3), 190, np.uint8))
    panels = [_floor(3.5), _ceiling(2)]
    panels += [_wall(side, 1, 1.7) for side in range(4)]
    textures.append(blurred_picture(rng))
    for side in range(4):
        for x in (-4.0, -1.2, 1.6):
            y, z = 1.9, -ROOM_HALF + 0.02
            corners = np.array([[x, y, z], [x + 2.2, y, z], [x + 2.2, y + 1.2, z], [x, y + 1.2, z]])
            panels.append(Panel(turned(corners, side * np.pi / 2), 3, (1.0, 1.0), is_lit=False))
    return _lit_stage("hall", rng, panels, textures)


def _lit_stage(
    kind: StageKind, rng: np.random.Generator, panels: list[Panel], textures: list[np.ndarray]
) -> Stage:
    key, fills, ambient = _sample_lights(rng)
    floor = np.square(textures[0].reshape(-1, 3).mean(axis=0) / 255.0)
    above = rng.uniform(0.85, 1.15) * (1.0 + 0.05 * rng.standard_normal(3))
    below = rng.uniform(0.35, 0.8) + 0.35 * floor
    surroundings = sample_surroundings(rng, above, below)
    return Stage(
        kind, tuple(panels), tuple(textures), key, fills, ambient, surroundings, ROOM_REACH
    )


def _sample_lights(
    rng: np.random.Generator,
) -> tuple[Lamp, tuple[Lamp, ...], np.ndarray]:
    """Draw lamps between a soft ceiling and one hard spot."""
    warmth, hardness = rng.uniform(-1.0, 1.0), rng.uniform(0.0, 1.0)
    azimuth = rng.uniform(0, 2 * np.pi)
    key_color = np.array([1.0, 0.96 - 0.03 * warmth, 0.92 - 0.14 * warmth])
    key = Lamp(downwards(azimuth, rng.uniform(0.6, 1.35)), key_color, 0.5 + 2.9 * hardness)
    opposite = azimuth + np.pi + rng.uniform(-0.8, 0.8)
    fill_color = np.array([0.92 + 0.05 * warmth, 0.95, 1.0 - 0.04 * warmth])
    soft = 1.6 - hardness
    fills = (
        Lamp(downwards(opposite, rng.uniform(0.2, 0.6)), fill_color, soft * rng.uniform(0.6, 1.5)),
        Lamp(downwards(azimuth + 1.5, 0.35), np.ones(3), soft * rng.uniform(0.2, 0.9)),
    )
    ambient = rng.uniform(0.24, 0.40) * (0.6 + 0.8 * soft) * np.array([1.0, 0.99, 0.97])
    return key, fills, ambient


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
        turned(corners, side * np.pi / 2), texture, (2 * ROOM_HALF / tile, ROOM_HEIGHT / tile)
    )


def _picture(rng: np.random.Generator, texture: int) -> Panel:
    width, height = rng.uniform(0.5, 2.2), rng.uniform(0.5, 1.4)
    x, y = rng.uniform(-3.5, 3.5), rng.uniform(1.0, 1.9)
    z = -ROOM_HALF + 0.02
    corners = np.array(
        [[x, y, z], [x + width, y, z], [x + width, y + height, z], [x, y + height, z]]
    )
    return Panel(turned(corners, rng.integers(4) * np.pi / 2), texture, (1.0, 1.0))


def _window(rng: np.random.Generator, texture: int) -> Panel:
    """A picture that shines by itself."""
    width, height = rng.uniform(0.8, 2.6), rng.uniform(1.0, 1.8)
    x, y, z = rng.uniform(-4.0, 2.0), rng.uniform(0.8, 1.3), -ROOM_HALF + 0.03
    corners = np.array(
        [[x, y, z], [x + width, y, z], [x + width, y + height, z], [x, y + height, z]]
    )
    return Panel(turned(corners, rng.integers(4) * np.pi / 2), texture, (1.0, 1.0), is_lit=False)


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
    return [Panel(turned(np.array(side), angle), texture, (1.0, 1.0)) for side in sides]
