"""COCO's run lengths: how many pixels outside, then inside, then outside, column by column.

As a list of numbers, or as text with 5 bits a character, in which from the third number on only
the difference to the last but one is written.
"""

from typing import Any

import numpy as np
from jaxtyping import Bool

from neuhmr.clip.mask_files.found import MOST_PIXELS, UnusableMasks

_FIRST_CHARACTER = 48
_BITS = 5
_MORE, _SIGN = 0x20, 0x10
_MOST_CHARACTERS_A_NUMBER = 7


def is_run_lengths(value: Any) -> bool:
    """Tell a mask in that form."""
    return isinstance(value, dict) and "size" in value and "counts" in value


def draw_run_lengths(value: dict[str, Any]) -> Bool[np.ndarray, "height width"]:
    """Draw a mask.

    Raises:
        UnusableMasks: the numbers do not fill a picture of that size.
    """
    height, width = (int(size) for size in value["size"])
    if not (0 < height and 0 < width and height * width <= MOST_PIXELS):
        raise UnusableMasks(f"has a mask of {height} x {width} pixels")
    counts = value["counts"]
    if isinstance(counts, str | bytes):
        counts = _numbers(counts.encode("latin-1") if isinstance(counts, str) else counts)
    runs = np.asarray(counts, np.int64)
    if runs.ndim != 1 or (runs < 0).any() or int(runs.sum()) != height * width:
        raise UnusableMasks(f"has run lengths that do not fill {height} x {width} pixels")
    is_inside = np.arange(len(runs)) % 2 == 1
    return np.repeat(is_inside, runs).reshape(width, height).T


def _numbers(text: bytes) -> list[int]:
    numbers: list[int] = []
    place = 0
    while place < len(text):
        value = 0
        for character in range(_MOST_CHARACTERS_A_NUMBER):
            if place >= len(text):
                raise UnusableMasks("has run lengths that are cut off")
            bits = text[place] - _FIRST_CHARACTER
            place += 1
            value |= (bits & 0x1F) << (_BITS * character)
            if not bits & _MORE:
                if bits & _SIGN:
                    value |= -1 << (_BITS * (character + 1))
                break
        else:
            raise UnusableMasks("has run lengths that are no COCO text")
        numbers.append(value + (numbers[-2] if len(numbers) > 2 else 0))
    return numbers
