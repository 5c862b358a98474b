"""Focal lengths that phones and cameras write into their videos."""

import contextlib
from collections.abc import Mapping

import numpy as np

_FILM_DIAGONAL = float(np.hypot(36.0, 24.0))
"""Of the film that equivalent focal lengths are told for (mm)."""
_EQUIVALENTS = (
    "com.apple.quicktime.camera.focal_length.35mm_equivalent",
    "com.android.capture.focal_length_35mm",
    "focallengthin35mmfilm",
    "focallengthin35mmformat",
)
_PLAUSIBLE = (8.0, 600.0)
"""Equivalent focal lengths (mm) of lenses that somebody films with."""


def focal_from_metadata(metadata: Mapping[str, str], height: int, width: int) -> float | None:
    """Find the focal length (px) that a file's metadata tells; None where it does not.

    Equivalent focal lengths are told for the diagonal of 35 mm film.
    """
    named = {key.lower().replace("exif:", ""): value for key, value in metadata.items()}
    for key in _EQUIVALENTS:
        if key in named:
            with contextlib.suppress(ValueError):
                equivalent = float(named[key].split()[0])
                if _PLAUSIBLE[0] <= equivalent <= _PLAUSIBLE[1]:
                    return equivalent / _FILM_DIAGONAL * float(np.hypot(height, width))
    return None
