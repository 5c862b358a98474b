"""Tileable textures for floors, walls and things."""

import colorsys
from typing import Literal

import numpy as np
import scipy.ndimage
from jaxtyping import Float, UInt8

SIZE = 256
Use = Literal["floor", "wall", "thing"]


def random_room_texture(rng: np.random.Generator, use: Use) -> UInt8[np.ndarray, "size size 3"]:
    """Draw a texture that suits the use."""
    kinds = {
        "floor": ("planks", "tiles", "carpet", "stone", "planks"),
        "wall": ("plaster", "bricks", "stripes", "plaster", "panels"),
        "thing": ("shelf", "painting", "planks", "plaster", "painting"),
    }[use]
    kind = kinds[int(rng.integers(len(kinds)))]
    image = _PAINTERS[kind](rng)
    return (np.clip(image, 0.02, 0.98) * 255.0 + 0.5).astype(np.uint8)


def plain_texture(
    rng: np.random.Generator, color: Float[np.ndarray, "3"]
) -> UInt8[np.ndarray, "size size 3"]:
    """Paint one color with hardly visible clouds."""
    image = color * (1.0 + 0.012 * _noise(rng, 24.0))[..., None]
    return (np.clip(image, 0.02, 0.98) * 255.0 + 0.5).astype(np.uint8)


def _soft_color(rng: np.random.Generator, low: float, high: float) -> Float[np.ndarray, "3"]:
    hue, saturation = rng.uniform(), rng.uniform(0.02, 0.35)
    return np.array(colorsys.hsv_to_rgb(hue, saturation, rng.uniform(low, high)))


def _vivid_color(rng: np.random.Generator, low: float, high: float) -> Float[np.ndarray, "3"]:
    hue, saturation = rng.uniform(), rng.uniform(0.2, 0.8)
    return np.array(colorsys.hsv_to_rgb(hue, saturation, rng.uniform(low, high)))


def _wood_color(rng: np.random.Generator) -> Float[np.ndarray, "3"]:
    return np.array(
        colorsys.hsv_to_rgb(rng.uniform(0.05, 0.11), rng.uniform(0.2, 0.6), rng.uniform(0.3, 0.8))
    )


def _noise(rng: np.random.Generator, sigma: float | tuple[float, float]) -> np.ndarray:
    """Wrapping Gaussian noise of unit variance."""
    noise = scipy.ndimage.gaussian_filter(rng.standard_normal((SIZE, SIZE)), sigma, mode="wrap")
    return noise / noise.std()


def _planks(rng: np.random.Generator) -> np.ndarray:
    count = int(rng.choice([4, 8]))
    rows, columns = np.mgrid[0:SIZE, 0:SIZE]
    plank = rows * count // SIZE
    shift = rng.integers(0, SIZE, count)[plank]
    half = ((columns + shift) % SIZE) // (SIZE // 2)
    tone = (1.0 + 0.10 * rng.standard_normal((count, 2)))[plank, half]
    grain = 0.05 * _noise(rng, (1.0, 18.0)) + 0.03 * _noise(rng, (3.0, 30.0))
    image = _wood_color(rng) * (tone + grain)[..., None]
    gap = (rows * count % SIZE < count * 2) | ((columns + shift) % (SIZE // 2) < 2)
    return np.where(gap[..., None], 0.45 * image, image)


def _tiles(rng: np.random.Generator) -> np.ndarray:
    count = int(rng.choice([2, 4]))
    rows, columns = np.mgrid[0:SIZE, 0:SIZE]
    u, v = rows * count // SIZE, columns * count // SIZE
    first, second = _soft_color(rng, 0.4, 0.9), _soft_color(rng, 0.3, 0.9)
    mixed = rng.uniform() < 0.5
    is_second = ((u + v) % 2 == 1) & mixed
    image = np.where(is_second[..., None], second, first) * np.ones((SIZE, SIZE, 1))
    image = image * (1.0 + 0.05 * rng.standard_normal((count, count))[u, v])[..., None]
    image *= 1.0 + 0.03 * _noise(rng, 4.0)[..., None]
    gap = (rows * count % SIZE < 3 * count) | (columns * count % SIZE < 3 * count)
    return np.where(gap[..., None], 0.6 * image + 0.1, image)


def _carpet(rng: np.random.Generator) -> np.ndarray:
    color = _soft_color(rng, 0.25, 0.7)
    return color * (1.0 + 0.05 * _noise(rng, 0.8) + 0.05 * _noise(rng, 12.0))[..., None]


def _stone(rng: np.random.Generator) -> np.ndarray:
    veins = np.exp(-np.square(_noise(rng, 9.0) / 0.12))
    color = _soft_color(rng, 0.4, 0.8)
    return color * (1.0 + 0.08 * _noise(rng, 5.0) - 0.2 * veins)[..., None]


def _plaster(rng: np.random.Generator) -> np.ndarray:
    color = _soft_color(rng, 0.5, 0.95)
    return color * (1.0 + 0.015 * _noise(rng, 2.0) + 0.03 * _noise(rng, 40.0))[..., None]


def _bricks(rng: np.random.Generator) -> np.ndarray:
    rows, columns = np.mgrid[0:SIZE, 0:SIZE]
    course = rows // 32
    shifted = (columns + 32 * (course % 2)) % SIZE
    brick = shifted // 64
    tone = 1.0 + 0.12 * rng.standard_normal((8, 4))[course, brick]
    color = np.array(
        colorsys.hsv_to_rgb(rng.uniform(0.0, 0.1), rng.uniform(0.1, 0.6), rng.uniform(0.4, 0.85))
    )
    image = color * (tone + 0.05 * _noise(rng, 2.0))[..., None]
    gap = (rows % 32 < 4) | (shifted % 64 < 4)
    return np.where(gap[..., None], 0.62 + 0.02 * _noise(rng, 1.0)[..., None], image)


def _stripes(rng: np.random.Generator) -> np.ndarray:
    columns = np.arange(SIZE) * int(rng.choice([4, 8, 16])) // SIZE
    first, second = _soft_color(rng, 0.5, 0.95), _soft_color(rng, 0.45, 0.95)
    row = np.where((columns % 2 == 1)[:, None], first, second)
    return np.tile(row[None], (SIZE, 1, 1)) * (1.0 + 0.015 * _noise(rng, 3.0))[..., None]


def _panels(rng: np.random.Generator) -> np.ndarray:
    image = _plaster(rng)
    low = _wood_color(rng) * (1.0 + 0.04 * _noise(rng, (14.0, 1.0)))[..., None]
    columns = np.arange(SIZE)
    low[:, columns % 64 < 3] *= 0.6
    image[SIZE * 6 // 10 :] = low[SIZE * 6 // 10 :]
    return image


def _shelf(rng: np.random.Generator) -> np.ndarray:
    image = np.tile(_wood_color(rng) * 0.5, (SIZE, SIZE, 1))
    for shelf in range(4):
        column = 6
        while column < SIZE - 14:
            width = int(rng.integers(6, 18))
            height = int(rng.integers(36, 56))
            bottom = (shelf + 1) * 64 - 5
            color = _vivid_color(rng, 0.3, 0.9)
            image[bottom - height : bottom, column : column + width - 1] = color
            column += width
    return image * (1.0 + 0.02 * _noise(rng, 1.5))[..., None]


def _painting(rng: np.random.Generator) -> np.ndarray:
    image = np.tile(_soft_color(rng, 0.3, 0.9), (SIZE, SIZE, 1))
    for _ in range(int(rng.integers(3, 9))):
        field = _noise(rng, rng.uniform(12.0, 45.0))
        color = _vivid_color(rng, 0.2, 0.95)
        share = 1.0 / (1.0 + np.exp(-12.0 * (field - rng.uniform(0.2, 1.0))))
        image = image + share[..., None] * (color - image)
    frame = np.ones((SIZE, SIZE), bool)
    frame[10:-10, 10:-10] = False
    return np.where(frame[..., None], _wood_color(rng) * 0.5, image)


_PAINTERS = {
    "planks": _planks, "tiles": _tiles, "carpet": _carpet, "stone": _stone, "plaster": _plaster,
    "bricks": _bricks, "stripes": _stripes, "panels": _panels, "shelf": _shelf,
    "painting": _painting,
}  # fmt: skip
