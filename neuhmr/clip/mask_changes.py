"""What the user does to masks that were read: turn them inside out, make them larger or smaller."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from neuhmr.errors import ClipError

MOST_GROWTH = 50
"""Pixels, either way; what asks for more is another mask."""


@dataclass(frozen=True, kw_only=True)
class MaskChanges:
    """Changes of every mask of a clip."""

    invert: bool = False
    """Black is the person."""
    grow: int = 0
    """Pixels that the outline moves outward, after inverting; inward if negative."""

    def __post_init__(self) -> None:
        if not -MOST_GROWTH <= self.grow <= MOST_GROWTH:
            raise ClipError(
                f"--grow-masks is {self.grow}, pixels from {-MOST_GROWTH} to {MOST_GROWTH} were "
                "expected; change it."
            )

    def apply(self, mask: Bool[np.ndarray, "height width"]) -> Bool[np.ndarray, "height width"]:
        """Change one mask; the picture's edge is no outline."""
        changed = ~mask if self.invert else mask
        if self.grow == 0 or not changed.any():
            return changed
        from scipy import ndimage  # Slow to import, and few ask for it.

        rows, columns = (np.flatnonzero(changed.any(axis=axis)) for axis in (1, 0))
        reach = max(self.grow, 0) + 1
        window = tuple(
            slice(max(int(found[0]) - reach, 0), int(found[-1]) + reach + 1)
            for found in (rows, columns)
        )
        inside, grown = changed[window], np.zeros_like(changed)
        if self.grow > 0:
            grown[window] = np.asarray(ndimage.distance_transform_edt(~inside)) <= self.grow
        elif inside.all():
            grown[window] = True  # No outline is in the picture.
        else:
            grown[window] = np.asarray(ndimage.distance_transform_edt(inside)) > -self.grow
        return grown


UNCHANGED = MaskChanges()
"""As they were read."""
