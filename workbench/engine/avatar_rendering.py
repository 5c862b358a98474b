"""What a rendering of the avatar is to the window."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

QUALITY_STRIDE = 4
"""How well a frame renders is measured at every so many pixels of each axis."""


@dataclass(frozen=True, kw_only=True, eq=False)
class AvatarRendering:
    """The person in the crop of a frame."""

    image: UInt8[np.ndarray, "height width 3"]
    depth: Float[np.ndarray, "height width"]
    """D, from the camera (m); NaN where the ray met no body."""


@dataclass(frozen=True)
class FrameQuality:
    """How well a frame's rendering explains the picture."""

    psnr_db: float
    """Of the colors, over the pixels of the mask (dB)."""
    iou: float
    """Soft intersection over union of the rendered silhouette and the mask, in [0, 1]."""
