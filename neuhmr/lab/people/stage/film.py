"""From renderings to what a user would have: a phone's pictures and a segmenter's masks."""

from typing import Literal

import numpy as np
from jaxtyping import Bool, UInt8

from neuhmr.lab.people.errors.mask_errors import Segmenter, sample_segmenter, segment
from neuhmr.lab.people.random_streams import stream
from neuhmr.lab.people.stage.phone_camera import (
    PhoneCamera,
    sample_conditions,
    sample_phone,
    take_picture,
)
from neuhmr.lab.people.stage.stage_renderer import Picture

CameraKind = Literal["phone", "ideal"]
MaskKind = Literal["segmented", "exact"]


class Film:
    """Takes pictures one after the other with one phone and one segmenter, drawn from a seed.

    It holds what was taken, and how many pictures that are, on which the phone's state depends.
    """

    def __init__(
        self, seed: int, frames: int, camera: CameraKind, masks: MaskKind, slowness: float = 12.0
    ):
        rng = stream(seed, "phone")
        self.phone = sample_phone(rng) if camera == "phone" else None
        phone = self.phone or PhoneCamera()
        self._conditions = sample_conditions(rng, phone, frames, slowness)
        self._noise = stream(seed, "noise")
        errors = stream(seed, "segmenter")
        self.segmenter: Segmenter | None = (
            sample_segmenter(errors) if masks == "segmented" else None
        )
        self._errors = errors
        self.images: list[UInt8[np.ndarray, "height width 3"]] = []
        self.masks: list[Bool[np.ndarray, "height width"]] = []
        """With the segmenter's errors, where there is one."""
        self.exact_masks: list[Bool[np.ndarray, "height width"]] = []

    def take(
        self, picture: Picture, keep_image: bool = True
    ) -> UInt8[np.ndarray, "height width 3"]:
        """Film the next picture, and keep its masks."""
        index = len(self.masks)
        image = picture.image
        if self.phone is not None:
            exposure = float(self._conditions.exposure[index])
            shake = self._conditions.shake[index]
            image = take_picture(picture, self.phone, exposure, shake, self._noise)
        exact = picture.mask
        found = exact if self.segmenter is None else segment(exact, self.segmenter, self._errors)
        self.exact_masks.append(exact)
        self.masks.append(found)
        if keep_image:
            self.images.append(image)
        return image
