"""A person's mask over a frame: what it takes for the person is tinted, the rest darkened."""

import numpy as np
from jaxtyping import Bool
from PIL import Image as PilImage

from workbench.engine.exchange import Image

COLOR = (240, 101, 149)
_TINT, _OUTSIDE = 0.4, 0.55


def frame_mask(image: Image, mask: Bool[np.ndarray, "_ _"]) -> Image:
    """Lay a mask of any size of the same shape over a frame."""
    size = (image.shape[1], image.shape[0])
    drawn = PilImage.fromarray(mask.astype(np.uint8) * 255).resize(size, PilImage.Resampling.BOX)
    share = np.asarray(drawn, np.float32)[..., None] / 255.0
    tinted = (1.0 - _TINT) * image + _TINT * np.array(COLOR, np.float32)
    return (share * tinted + (1.0 - share) * _OUTSIDE * image).astype(np.uint8)
