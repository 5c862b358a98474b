"""Whether masks can be of a person at all; asked before any work, of a few frames."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool

from neuhmr.clip.masks import MaskSequence

LOOKED_AT = 12
"""Frames, evenly spread over those that show anybody."""
MOST_OF_PICTURE = 0.95
"""Share of the picture; nobody who can be told from the background covers more."""
MOST_OF_BOX = 0.97
"""Share of their box that people cover who stand straight is 0.4 to 0.7; lying down it is 0.8."""
LEAST_BOX = 400
"""Pixels of a box, below which every shape is a box."""


def mask_problem(masks: Sequence[Bool[np.ndarray, "_ _"]]) -> str | None:
    """Say why masks cannot be of a person; None where they can be.

    Args:
        masks: those of some frames, of any sizes; such that show nobody do not count.
    """
    shown = [mask for mask in masks if mask.any()]
    if not shown:
        return "show nobody in any frame"
    of_picture, of_box = zip(*map(_shares, shown), strict=True)
    if np.median(of_picture) > MOST_OF_PICTURE:
        return f"cover {np.median(of_picture):.0%} of the picture in most frames"
    if np.median(of_box) > MOST_OF_BOX:
        return "are filled boxes in most frames"
    return None


def sample_of(masks: MaskSequence) -> list[Bool[np.ndarray, "height width"]]:
    """Unpack a few masks, of frames that show somebody where there are such."""
    evenly = np.unique(np.linspace(0, len(masks) - 1, min(LOOKED_AT, len(masks))).round())
    found = [masks.mask(int(frame)) for frame in evenly]
    if any(mask.any() for mask in found):
        return found
    every = (masks.mask(frame) for frame in range(len(masks)))
    return [mask for mask in every if mask.any()][:LOOKED_AT]


def _shares(mask: Bool[np.ndarray, "height width"]) -> tuple[float, float]:
    """Of the picture, and of the box around it, that a mask covers; 0 for a tiny box."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    box = int((rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1))
    area = int(mask.sum())
    return area / mask.size, area / box if box >= LEAST_BOX else 0.0
