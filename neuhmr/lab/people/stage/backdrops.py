"""Image-like pictures for what is far away: trees, houses, sky, and whatever is out of focus.

Photographs have detail of all sizes because near things hide far ones. Shapes of random size
painted over each other ("dead leaves") have the same statistics.
"""

import colorsys

import numpy as np
import scipy.ndimage
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw

Picture = Float[np.ndarray, "height width 3"]


def dead_leaves(
    rng: np.random.Generator,
    size: tuple[int, int],
    colors: Float[np.ndarray, "colors 3"],
    count: int,
    largest: float,
) -> Picture:
    """Paint ellipses of heavy-tailed size in shades of a few colors over each other.

    Args:
        rng: where everything comes from.
        size: height and width (px).
        colors: sRGB in [0, 1] to draw from.
        count: number of shapes.
        largest: radius of the largest (px).
    """
    height, width = size
    image = Image.new("RGB", (width, height), _rgb(colors[0]))
    draw = ImageDraw.Draw(image)
    # Radii with density r^-3, largest first, so that small ones are not hidden.
    radius = np.sort(largest / np.sqrt(1.0 + rng.uniform(0, 1, count) * 60.0))[::-1]
    place = rng.uniform(0, 1, (count, 2)) * [width, height]
    shade = 1.0 + 0.22 * rng.standard_normal(count)
    pick = rng.integers(len(colors), size=count)
    stretch = np.exp(0.5 * rng.standard_normal(count))
    for i in range(count):
        rx, ry = radius[i] * stretch[i], radius[i] / stretch[i]
        x, y = place[i]
        draw.ellipse((x - rx, y - ry, x + rx, y + ry), fill=_rgb(colors[pick[i]] * shade[i]))
    return np.asarray(image).astype(np.float64) / 255.0


def blurred_picture(rng: np.random.Generator) -> UInt8[np.ndarray, "size size 3"]:
    """Paint something bright and out of focus, as a window shows it."""
    colors = _palette(rng, 5, rng.uniform(), 0.4, (0.45, 1.0))
    image = dead_leaves(rng, (128, 128), colors, 120, 50.0)
    image = scipy.ndimage.gaussian_filter(image, (rng.uniform(1.5, 5.0),) * 2 + (0,))
    return to_bytes(image * 1.15)


def panorama(
    rng: np.random.Generator, style: str, height: int = 160, width: int = 1024
) -> UInt8[np.ndarray, "height width 3"]:
    """Paint what stands around an outdoor stage, sky above.

    Args:
        rng: where everything comes from.
        style: "street" for houses, "park" for trees, "meadow" for hills.
        height: of the picture (px); its lower edge is the ground.
        width: all the way around (px).
    """
    image = _sky(rng, height, width)
    for distance in (1.0, 0.6, 0.0):
        if style == "street":
            _houses(rng, image, distance)
        elif style == "park":
            _trees(rng, image, distance)
        else:
            _hills(rng, image, distance)
    blur = rng.uniform(0.3, 1.6)
    edges = ("nearest", "wrap", "nearest")
    return to_bytes(
        scipy.ndimage.gaussian_filter(image, (blur, blur, 0), mode=edges)  # pyright: ignore[reportArgumentType]
    )


def to_bytes(image: Picture) -> UInt8[np.ndarray, "height width 3"]:
    """Turn sRGB in [0, 1] into bytes."""
    return (np.clip(image, 0.02, 1.0) * 255.0 + 0.5).astype(np.uint8)


def _rgb(color: np.ndarray) -> tuple[int, int, int]:
    red, green, blue = (np.clip(color, 0.0, 1.0) * 255).astype(int).tolist()
    return red, green, blue


def _palette(
    rng: np.random.Generator, count: int, hue: float, spread: float, values: tuple[float, float]
) -> Float[np.ndarray, "count 3"]:
    return np.array(
        [
            colorsys.hsv_to_rgb(
                (hue + spread * rng.uniform(-0.5, 0.5)) % 1.0,
                rng.uniform(0.05, 0.6),
                rng.uniform(*values),
            )
            for _ in range(count)
        ]
    )


def _sky(rng: np.random.Generator, height: int, width: int) -> Picture:
    zenith = np.array(colorsys.hsv_to_rgb(rng.uniform(0.55, 0.62), rng.uniform(0, 0.6), 0.85))
    horizon = np.array([0.93, 0.93, 0.92]) * rng.uniform(0.8, 1.0)
    share = np.linspace(0.0, 1.0, height)[:, None, None]
    edges = ("nearest", "wrap")
    clouds = scipy.ndimage.gaussian_filter(
        rng.standard_normal((height, width)),
        (8, 24),
        mode=edges,  # pyright: ignore[reportArgumentType]
    )
    clouds = np.clip(clouds / clouds.std() * 0.4 + rng.uniform(-0.3, 0.5), 0, 1)[..., None]
    image = (zenith + share * (horizon - zenith)) * np.ones((1, width, 1))
    return image + clouds * (0.95 - image)


def _outline(rng: np.random.Generator, width: int, rough: float) -> Float[np.ndarray, " width"]:
    """A wrapping random profile of unit deviation."""
    total = np.zeros(width)
    for scale in (80.0, 25.0, 8.0, 2.5):
        noise = scipy.ndimage.gaussian_filter1d(rng.standard_normal(width), scale, mode="wrap")
        total += noise / noise.std() * (scale / 80.0) ** (1.2 - rough)
    return total / total.std()


def _trees(rng: np.random.Generator, image: Picture, distance: float) -> None:
    height, width = image.shape[:2]
    colors = _palette(rng, 6, rng.uniform(0.18, 0.34), 0.12, (0.12, 0.55))
    leaves = dead_leaves(rng, (height, width), colors, 700, 26.0 - 14.0 * distance)
    top = height * (0.32 + 0.16 * distance) + 0.13 * height * _outline(rng, width, 0.7)
    rows = np.arange(height)[:, None]
    covered = rows > top[None]
    # Trunks show under the crowns.
    trunks = _outline(rng, width, 0.9) > 1.4
    low = rows > height * 0.70
    leaves = np.where((low & trunks[None])[..., None], leaves * 0.4 + 0.04, leaves)
    haze = 0.35 * distance
    image[covered] = (leaves * (1 - haze) + 0.85 * haze)[covered]


def _hills(rng: np.random.Generator, image: Picture, distance: float) -> None:
    height, width = image.shape[:2]
    colors = _palette(rng, 5, rng.uniform(0.14, 0.30), 0.10, (0.3, 0.7))
    fields = dead_leaves(rng, (height, width), colors, 300, 30.0)
    top = height * (0.80 - 0.12 * distance) + 0.05 * height * _outline(rng, width, 0.1)
    covered = np.arange(height)[:, None] > top[None]
    haze = 0.5 * distance
    image[covered] = (fields * (1 - haze) + np.array([0.75, 0.8, 0.88]) * haze)[covered]


def _houses(rng: np.random.Generator, image: Picture, distance: float) -> None:
    height, width = image.shape[:2]
    column = 0
    while column < width:
        wide = int(rng.integers(40, 130))
        if rng.uniform() < (0.8 if distance > 0.5 else 0.55):
            top = int(height * rng.uniform(0.05, 0.65) * (1.0 - 0.3 * distance))
            _house(rng, image[top:, column : column + wide], distance)
        column += wide + int(rng.integers(0, 30))


def _house(rng: np.random.Generator, front: Picture, haze: float) -> None:
    height, width = front.shape[:2]
    wall = _palette(rng, 1, rng.uniform(), 0.2, (0.35, 0.9))[0]
    glass = np.array([0.25, 0.30, 0.36]) * rng.uniform(0.5, 1.7)
    rows, columns = np.mgrid[0:height, 0:width]
    pitch_y, pitch_x = rng.integers(12, 26), rng.integers(9, 22)
    is_glass = (rows % pitch_y > 0.35 * pitch_y) & (columns % pitch_x > 0.4 * pitch_x)
    lit = 1.0 + 0.5 * rng.standard_normal((height // pitch_y + 1, width // pitch_x + 1))
    panes = glass * lit[rows // pitch_y, columns // pitch_x].clip(0.2, 2.5)[..., None]
    image = np.where(is_glass[..., None], panes, wall * rng.uniform(0.9, 1.1))
    front[:] = image * (1 - 0.3 * haze) + 0.8 * 0.3 * haze
