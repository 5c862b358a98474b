"""Cleaning of person masks: specks off, small holes closed."""

import numpy as np
from jaxtyping import Bool, Int
from scipy import ndimage

HOLE_SHARE = 0.005
"""A hole up to this share of the person's area is a fault of the mask; a larger one is a gap that
one can see through, between an arm and the trunk."""
SPECK_SHARE = 0.02
"""A piece below this share of the largest one is a speck; larger ones may be a limb that is cut
off by something in front."""


def clean_mask(mask: Bool[np.ndarray, "height width"]) -> Bool[np.ndarray, "height width"]:
    """Keep the largest pieces of a mask and close its small holes."""
    top, bottom, left, right = _bounds(mask)
    if bottom == top:
        return mask.copy()
    # One empty pixel on each side keeps the outside in one piece, so that no hole touches it.
    window = np.pad(mask[top:bottom, left:right], 1)
    pieces = _label_pieces(window)
    areas = np.bincount(pieces.ravel())
    areas[0] = 0  # The outside is no piece.
    kept = areas >= SPECK_SHARE * areas.max()
    person = kept[pieces]
    holes = _label_pieces(~person)
    hole_areas = np.bincount(holes.ravel())
    closed = hole_areas <= HOLE_SHARE * person.sum()
    # Pixels of the person carry label 0 in `holes`; the outside is the piece at the corner.
    closed[[0, holes[0, 0]]] = False
    cleaned = np.zeros_like(mask)
    cleaned[top:bottom, left:right] = (person | closed[holes])[1:-1, 1:-1]
    return cleaned


def _label_pieces(mask: Bool[np.ndarray, "height width"]) -> Int[np.ndarray, "height width"]:
    """Number the pieces of a mask that hang together by edges from 1; 0 is outside."""
    labels = np.zeros(mask.shape, np.int32)
    ndimage.label(mask, output=labels)
    return labels


def _bounds(mask: Bool[np.ndarray, "height width"]) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size == 0:
        return 0, 0, 0, 0
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
