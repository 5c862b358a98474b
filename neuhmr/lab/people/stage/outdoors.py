"""Outdoor stages: a street, a park, a meadow under the sun or a covered sky."""

import numpy as np
import scipy.ndimage

from neuhmr.lab.people.stage.backdrops import panorama, to_bytes
from neuhmr.lab.people.stage.stage import (
    Lamp,
    Panel,
    Stage,
    StageKind,
    downwards,
    sample_surroundings,
)

_HORIZON = 14.0
"""Distance of the painted surroundings (m)."""
_WALL_HEIGHT = 8.0
_SIDES = 8
_REACH = 8.0


def outdoor_stage(rng: np.random.Generator, kind: StageKind) -> Stage:
    """Draw a "street", "park" or "meadow"."""
    ground = _ground(rng, kind)
    around = panorama(rng, kind)
    width = around.shape[1] // _SIDES
    textures = [ground] + [around[:, i * width : (i + 1) * width] for i in range(_SIDES)]
    panels = [_floor(float(rng.uniform(1.5, 4.0)))]
    panels += [_side(i) for i in range(_SIDES)]
    # From full sun to a covered sky.
    sun = float(rng.uniform(0.0, 1.0))
    azimuth, warmth = rng.uniform(0, 2 * np.pi), rng.uniform(-0.3, 1.0)
    key_color = np.array([1.0, 0.97 - 0.04 * warmth, 0.93 - 0.16 * warmth])
    key = Lamp(downwards(azimuth, rng.uniform(0.65, 1.3)), key_color, 0.4 + 3.8 * sun)
    sky = np.array([0.90, 0.97, 1.08]) * rng.uniform(0.9, 1.15)
    fill = Lamp(downwards(azimuth + np.pi, 0.9), sky, rng.uniform(0.3, 0.8) * (1.5 - sun))
    ambient = rng.uniform(0.30, 0.42) * (1.5 - 0.8 * sun) * sky
    earth = np.square(ground.reshape(-1, 3).mean(axis=0) / 255.0)
    below = rng.uniform(0.35, 0.7) + 0.4 * earth
    surroundings = sample_surroundings(rng, rng.uniform(0.9, 1.15) * np.ones(3), below)
    return Stage(kind, tuple(panels), tuple(textures), key, (fill,), ambient, surroundings, _REACH)


def _floor(tile: float) -> Panel:
    h = _HORIZON + 1.0
    corners = np.array([[-h, 0, h], [h, 0, h], [h, 0, -h], [-h, 0, -h]])
    return Panel(corners, 0, (2 * h / tile, 2 * h / tile))


def _side(index: int) -> Panel:
    """One of the flat pieces of the painted horizon, seen from inside."""
    low, high = (2 * np.pi * (index + k) / _SIDES for k in (0, 1))
    radius = _HORIZON / np.cos(np.pi / _SIDES)
    (x0, z0), (x1, z1) = ((radius * np.sin(a), -radius * np.cos(a)) for a in (low, high))
    bottom, top = -0.3, _WALL_HEIGHT
    corners = np.array([[x0, bottom, z0], [x1, bottom, z1], [x1, top, z1], [x0, top, z0]])
    return Panel(corners, 1 + index, (1.0, 1.0), is_lit=False)


def _ground(rng: np.random.Generator, kind: StageKind) -> np.ndarray:
    size = 256

    def noise(sigma: float) -> np.ndarray:
        field = scipy.ndimage.gaussian_filter(rng.standard_normal((size, size)), sigma, mode="wrap")
        return field / field.std()

    if kind == "street":
        base = rng.uniform(0.3, 0.7) * (1.0 + 0.04 * rng.standard_normal(3))
        image = base * (1.0 + 0.10 * noise(0.7) + 0.06 * noise(20.0))[..., None]
        if rng.uniform() < 0.5:
            rows, columns = np.mgrid[0:size, 0:size]
            shifted = columns + 32 * ((rows // 32) % 2)
            image[(rows % 32 < 2) | (shifted % 64 < 2)] *= 0.6
        return to_bytes(image)
    green = np.array([rng.uniform(0.22, 0.5), rng.uniform(0.36, 0.55), rng.uniform(0.12, 0.25)])
    image = green * (1.0 + 0.20 * noise(0.8) + 0.12 * noise(6.0) + 0.10 * noise(30.0))[..., None]
    earth = np.array([0.42, 0.34, 0.24])
    bare = np.clip(noise(18.0) - rng.uniform(0.4, 1.6), 0.0, 1.0)[..., None]
    image = image + bare * (earth * (1 + 0.1 * noise(1.0))[..., None] - image)
    if kind == "meadow":
        blossom = noise(0.9) > 2.3
        image[blossom] = rng.uniform(0.6, 1.0, 3)
    return to_bytes(image)
