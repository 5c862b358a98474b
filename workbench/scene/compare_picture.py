"""A frame's crop against its rendering: beside it, split, blinking, as a difference."""

import numpy as np
from PIL import Image as PilImage
from PIL import ImageDraw

from workbench.core.stage_view import CompareMode
from workbench.engine.exchange import Image
from workbench.scene.html_pictures import data_uri
from workbench.scene.pictures import (
    BACKGROUND,
    TILE_GAP,
    cut_to,
    heat_colors,
    label_font,
    person_box,
    resized,
)

SIZE = (400, 560)
"""(height, width) of a picture, the person upright in the middle (px)."""
_BESIDE = (369, (SIZE[1] - TILE_GAP) // 2)
_DIFFERENCE_GAIN = 1.6
_WHITE, _FAINT = (233, 236, 239), (110, 116, 124)


def compare_picture(
    crop: Image | None, rendering: Image | None, mode: CompareMode, split: float
) -> Image:
    """Lay a crop and its rendering out; what is missing stays dark.

    Args:
        crop: the person on black.
        rendering: the same view of the avatar, perhaps coarser.
        mode: how; blinking is not for one picture, and is shown side by side.
        split: left of this share of the width the crop is seen, right of it the rendering.
    """
    frame, rendered = fitted_pair(crop, rendering)
    if mode == "split" and frame is not None and rendered is not None:
        return _split(frame, rendered, split)
    if mode == "difference" and frame is not None and rendered is not None:
        return _centered(difference(frame, rendered), "difference, pale where it is large")
    picture = np.full((_BESIDE[0], SIZE[1], 3), BACKGROUND, np.uint8)
    for left, tile in ((0, frame), (_BESIDE[1] + TILE_GAP, rendered)):
        if tile is not None:
            picture[:, left : left + _BESIDE[1]] = resized(tile, _BESIDE)
    return _labeled(
        picture,
        (
            (8, "frame", frame is not None),
            (_BESIDE[1] + TILE_GAP + 8, "rendering", bool(rendered is not None)),
        ),
    )


def fitted_pair(crop: Image | None, rendering: Image | None) -> tuple[Image | None, Image | None]:
    """Bring both to one size and cut the black around the person away, the same in both."""
    if crop is None:
        return None, None
    if rendering is None:
        return cut_to(crop, person_box(crop)), None
    rendering = resized(rendering, (crop.shape[0], crop.shape[1]))
    box = person_box(np.maximum(crop, rendering))
    return cut_to(crop, box), cut_to(rendering, box)


def difference(one: Image, other: Image) -> Image:
    """Color the mean difference of the channels: dark where there is none."""
    error = np.abs(one.astype(np.float32) - other.astype(np.float32)).mean(axis=-1) / 255.0
    return heat_colors(np.clip(_DIFFERENCE_GAIN * error, 0.0, 1.0))


def free_picture(image: Image | None) -> Image:
    """Put a free view in the middle of a picture as large as the others."""
    words = "from where the 3D view stands"
    if image is None:
        return _labeled(np.full((*SIZE, 3), BACKGROUND, np.uint8), ((8, words, False),))
    return _centered(image, words)


def blink_html(crop: Image, rendering: Image) -> str:
    """Show both in one place, in turns; the page does it by itself."""
    frame, rendered = fitted_pair(crop, rendering)
    assert frame is not None and rendered is not None
    size = (2 * _BLINK[0], 2 * _BLINK[1])
    place = f"position:absolute;inset:0;margin:auto;height:{_BLINK[0]}px;width:{_BLINK[1]}px"
    sources = [data_uri(resized(picture, size), 88) for picture in (frame, rendered)]
    return (
        "<style>@keyframes nh-blink{0%,49%{opacity:1}50%,100%{opacity:0}}</style>"
        f'<div class="nh-blink" style="position:relative;height:{_BLINK[0]}px;margin:0 10px">'
        f'<img alt="rendering" src="{sources[1]}" style="{place}">'
        f'<img alt="frame" src="{sources[0]}" style="{place};animation:nh-blink 1.2s infinite">'
        "</div>"
    )


_BLINK = (236, 177)
"""(height, width) on the page (px)."""


def _split(frame: Image, rendered: Image, split: float) -> Image:
    size = (SIZE[0], SIZE[0] * frame.shape[1] // frame.shape[0])
    left, right = resized(frame, size), resized(rendered, size)
    edge = round(min(max(split, 0.0), 1.0) * size[1])
    mixed = right.copy()
    mixed[:, :edge] = left[:, :edge]
    mixed[:, max(edge - 1, 0) : edge + 1] = 255
    return _centered(mixed, "frame | rendering")


def _centered(image: Image, words: str) -> Image:
    width = min(SIZE[0] * image.shape[1] // image.shape[0], SIZE[1])
    picture = np.full((*SIZE, 3), BACKGROUND, np.uint8)
    left = (SIZE[1] - width) // 2
    picture[:, left : left + width] = resized(image, (SIZE[0], width))
    return _labeled(picture, ((8, words, True),))


def _labeled(picture: Image, labels: tuple[tuple[int, str, bool], ...]) -> Image:
    drawing = PilImage.fromarray(picture)
    pen = ImageDraw.Draw(drawing)
    for left, words, is_there in labels:
        color = _WHITE if is_there else _FAINT
        pen.text((left, 5), words, fill=color, font=label_font(17), stroke_width=2,
                 stroke_fill=(0, 0, 0))  # fmt: skip
    return np.asarray(drawing)
