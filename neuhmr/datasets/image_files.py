"""Images, masks and keypoint lists as captures keep them: one small file per camera and frame."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from PIL import Image
from torch import Tensor

from neuhmr.errors import DatasetError
from neuhmr.files import json_text
from neuhmr.files.file_kinds import require_file
from neuhmr.files.loading import DAMAGE

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")
_MOST_PIXELS = 100_000_000
"""Of one image; the largest sensors of cameras that film."""
PIXEL_CENTER = 0.5
"""Added to what OpenCV and OpenPose measure: they put a pixel's center at whole numbers."""


def read_image(path: Path) -> UInt8[Tensor, "height width 3"]:
    """Read an RGB image.

    Raises:
        DatasetError: there is no such image, or it is damaged.
    """
    return torch.from_numpy(np.array(_open(path).convert("RGB")))


def read_mask(path: Path) -> Bool[Tensor, "height width"]:
    """Read a mask: true wherever the first channel is not black.

    Raises:
        DatasetError: there is no such image, or it is damaged.
    """
    values = np.array(_open(path))
    return torch.from_numpy((values if values.ndim == 2 else values[..., 0]) > 0)


def image_size(path: Path) -> tuple[int, int]:
    """Read height and width of an image (px) without decoding it.

    Raises:
        DatasetError: there is no such image, or it is damaged.
    """
    _require_image(path)
    try:
        with Image.open(path) as image:
            return image.height, image.width
    except (*DAMAGE, Image.DecompressionBombError) as error:
        raise _unreadable(path, error) from error


def read_json(path: Path) -> Any:
    """Read a JSON file of a capture.

    Raises:
        DatasetError: there is no such file, or it is damaged.
    """
    return json_text.read_json(
        path, DatasetError, "JSON of a capture", "copy or make the file again"
    )


def keypoints_of_image(path: Path, content: Any) -> Float[Tensor, "25 3"]:
    """Pick the person out of the JSON of EasyMocap's `annots` or OpenPose.

    Of several people the one with the most confidence is taken. Keypoints at (0, 0) are missing,
    as is everybody where nobody was found.

    Raises:
        DatasetError: the content is of another kind, or its keypoints are not BODY_25.
    """
    try:
        if "annots" in content:
            found = [person["keypoints"] for person in content["annots"]]
        else:
            found = [person["pose_keypoints_2d"] for person in content["people"]]
        people = [np.asarray(person, np.float32).reshape(-1, 3) for person in found]
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(
            f"{path} holds no list of people with keypoints ({error!r}); expected `annots` of "
            "EasyMocap or `people` of OpenPose, make it with one of them."
        ) from error
    if not people:
        return torch.zeros(25, 3)
    best = max(people, key=lambda person: float(person[:, 2].sum()))
    if len(best) < 25:
        raise DatasetError(
            f"{path} holds {len(best)} keypoints, 25 were expected; run OpenPose with its BODY_25 "
            "model."
        )
    return as_keypoints(torch.from_numpy(best[:25].copy()))


def as_keypoints(raw: Float[Tensor, "25 3"]) -> Float[Tensor, "25 3"]:
    """Bring detections in OpenCV's pixels to ours; what is missing gets confidence 0."""
    missing = (raw[:, :2] == 0).all(dim=-1) | (raw[:, 2] <= 0) | ~raw.isfinite().all(dim=-1)
    moved = torch.cat([raw[:, :2] + PIXEL_CENTER, raw[:, 2:]], dim=-1)
    return torch.where(missing[:, None], 0.0, moved)


def _open(path: Path) -> Image.Image:
    _require_image(path)
    try:
        image = Image.open(path)
        if image.width * image.height > _MOST_PIXELS:
            raise ValueError(f"{image.width} x {image.height} pixels are more than can be used")
        image.load()
    except (*DAMAGE, Image.DecompressionBombError) as error:
        raise _unreadable(path, error) from error
    return image


def _require_image(path: Path) -> None:
    require_file(
        path,
        DatasetError,
        "an image of a capture",
        "every camera needs one for every frame, copy it again or leave the frame out everywhere",
    )


def _unreadable(path: Path, error: Exception) -> DatasetError:
    return DatasetError(
        f"{path} cannot be read as an image ({error}); every camera needs one for every frame, "
        "copy it again or leave the frame out everywhere."
    )
