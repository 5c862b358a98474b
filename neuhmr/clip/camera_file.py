"""Camera files: the intrinsics of a clip as JSON.

`{"K": 3x3 or frames x 3x3 (px), "height": rows, "width": columns}`, pixel centers at +0.5.
"""

import json
import logging
from pathlib import Path

import numpy as np
import torch

from neuhmr.clip.atomic import atomic_path
from neuhmr.clip.intrinsics import MOST_PIXELS, check_intrinsics
from neuhmr.errors import ClipError, NeuhmrError
from neuhmr.files.json_text import read_json
from neuhmr.geometry.cameras import Camera

logger = logging.getLogger(__name__)

_EXPECTED = 'a camera file (JSON: {"K": 3x3 or frames x 3x3, "height": ..., "width": ...})'
_REMEDY = "correct it, or leave --camera out to use a guessed focal length"


def read_camera(path: Path, num_frames: int, height: int, width: int) -> Camera:
    """Read the camera of a clip of `num_frames` frames of `height` x `width` pixels.

    A camera of another resolution with the same aspect is scaled to the clip's.

    Raises:
        ClipError: no such file, another kind of file, or a camera that cannot be this clip's.
    """
    data = read_json(path, ClipError, _EXPECTED, _REMEDY)
    missing = [k for k in ("K", "height", "width") if not isinstance(data, dict) or k not in data]
    if missing:
        raise ClipError(f"{path} lacks {', '.join(missing)}, {_EXPECTED} was expected; {_REMEDY}.")
    sizes = (data["height"], data["width"])
    if not all(type(size) is int and 0 < size <= MOST_PIXELS for size in sizes):
        raise ClipError(
            f"{path} has height {sizes[0]!r} and width {sizes[1]!r}, two whole numbers from 1 "
            f"to {MOST_PIXELS} were expected; {_REMEDY}."
        )
    try:
        K = np.array(data["K"], np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ClipError(
            f"{path} has a K that is no array of numbers, 3x3 or {num_frames}x3x3 was expected; "
            f"{_REMEDY}."
        ) from error
    check_intrinsics(path, K, ClipError, _REMEDY)
    camera = Camera(torch.from_numpy(K.astype(np.float32)), sizes[0], sizes[1])
    if camera.K.dim() == 3 and camera.K.shape[0] != num_frames:
        raise ClipError(
            f"{path} holds {camera.K.shape[0]} cameras but the clip has {num_frames} frames; give "
            "one K for all frames or one per frame."
        )
    return fit_camera(camera, path, height, width, ClipError, _REMEDY)


def write_camera(path: Path, camera: Camera) -> None:
    """Write a camera file whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    data = {"K": camera.K.tolist(), "height": camera.height, "width": camera.width}
    with atomic_path(path) as partial:
        partial.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def fit_camera(
    camera: Camera,
    path: Path,
    height: int,
    width: int,
    error: type[NeuhmrError],
    remedy: str,
) -> Camera:
    """Scale a camera to a clip of the same aspect.

    Raises:
        NeuhmrError: of the class `error`: the aspects differ.
    """
    if (camera.height, camera.width) == (height, width):
        return camera
    # Encoders round sizes to even numbers, hence the tolerance of 2 px.
    if abs(camera.width * height / camera.height - width) > 2.0:
        raise error(
            f"{path} has a camera of {camera.height} x {camera.width} pixels (height x width) but "
            f"the clip has {height} x {width}; {remedy}."
        )
    logger.info("%s: its camera is scaled to %d x %d.", path, height, width)
    return camera.resized(height, width)
