"""Focal lengths that phones and cameras write into their videos and pictures."""

import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Exif

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
_EXIF_IFD = 0x8769
_FOCAL_LENGTH, _FILM_FOCAL = 0x920A, 0xA405
_PLANE_RESOLUTION, _PLANE_UNIT = 0xA20E, 0xA210
_EXIF_WIDTH, _EXIF_HEIGHT = 0xA002, 0xA003
_UNITS = {2: 25.4, 3: 10.0, 4: 1.0}
"""EXIF's units of resolution (mm); inches where none is named."""
_SAME_ZOOM = 1.01
"""Focal lengths of pictures that differ by less are one."""


@dataclass(frozen=True)
class Lens:
    """A focal length that a clip tells of itself."""

    focal: float
    """(px)."""
    source: str
    """Who says so, such as "the video's metadata"."""

    @staticmethod
    def of_metadata(metadata: Mapping[str, str], height: int, width: int) -> "Lens | None":
        """Find what a video's metadata tells; None where it does not."""
        named = {key.lower().replace("exif:", ""): value for key, value in metadata.items()}
        for key in _EQUIVALENTS:
            if key in named:
                with contextlib.suppress(ValueError):
                    focal = _of_film(float(named[key].split()[0]), height, width)
                    if focal is not None:
                        return Lens(focal, "the video's metadata")
        return None

    @staticmethod
    def of_exif(exif: "Exif", height: int, width: int) -> "Lens | None":
        """Find what a picture's EXIF tells; None where it does not, or what cannot be.

        The equivalent for 35 mm film comes first; else the focal length in millimeters times the
        pixels on a millimeter of the sensor, which were counted before a picture was scaled.

        Args:
            exif: of the picture.
            height: upright (px).
            width: upright (px).
        """
        tags = exif.get_ifd(_EXIF_IFD)
        focal = _of_film(_number(tags.get(_FILM_FOCAL)), height, width)
        if focal is None:
            per_unit, unit = _number(tags.get(_PLANE_RESOLUTION)), tags.get(_PLANE_UNIT, 2)
            # Counted along the sensor's rows, whichever way up the picture is.
            sensor = max(_number(tags.get(_EXIF_WIDTH)), _number(tags.get(_EXIF_HEIGHT)))
            scale = max(height, width) / sensor if sensor > 0.0 else 1.0
            if unit in _UNITS:
                focal = _number(tags.get(_FOCAL_LENGTH)) * per_unit / _UNITS[unit] * scale
        if focal is None or not _is_plausible(focal, height, width):
            return None
        return Lens(focal, "the pictures' EXIF")


def lens_of_pictures(lenses: Sequence[Lens | None]) -> Lens | None:
    """Take the lens of a clip's pictures: the middle one, and None where not all tell one."""
    focals = sorted(lens.focal for lens in lenses if lens is not None)
    if not focals or len(focals) < len(lenses):
        return None
    source = "the pictures' EXIF"
    if focals[-1] > _SAME_ZOOM * focals[0]:
        source += f" (from {focals[0]:.0f} to {focals[-1]:.0f} px)"
    return Lens(focals[len(focals) // 2], source)


def _of_film(equivalent: float, height: int, width: int) -> float | None:
    """Scale from the diagonal of 35 mm film to that of the picture; None for no lens."""
    if not _PLAUSIBLE[0] <= equivalent <= _PLAUSIBLE[1]:
        return None
    return equivalent / _FILM_DIAGONAL * float(np.hypot(height, width))


def _is_plausible(focal: float, height: int, width: int) -> bool:
    low, high = (limit / _FILM_DIAGONAL * float(np.hypot(height, width)) for limit in _PLAUSIBLE)
    return low * (1.0 - 1e-9) <= focal <= high * (1.0 + 1e-9)


def _number(value: object) -> float:
    """Read a number of EXIF's many kinds; 0 for what is none."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, ArithmeticError):
        return 0.0
    return number if math.isfinite(number) else 0.0
