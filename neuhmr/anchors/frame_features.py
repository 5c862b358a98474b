"""Features of all frames, kept where a ten-minute clip still fits."""

import logging
import math
import tempfile
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.clip.crops import PersonCrops
from neuhmr.ghn.renderable import HumanNetwork
from neuhmr.losses.finite_checks import require_finite_features
from neuhmr.progress import OnProgress, Progress, ignore_progress

logger = logging.getLogger(__name__)

MOST_IN_MEMORY = 512 * 2**20
"""Larger feature tables (bytes) are kept in an unnamed temporary file."""


@torch.no_grad()
def encode_frames(
    ghn: HumanNetwork,
    crops: PersonCrops,
    on_progress: OnProgress = ignore_progress,
    batch: int = 4,
) -> Float[Tensor, "frames channels feature_height feature_width"]:
    """Encode every frame once, in half precision.

    Half precision changes a cosine similarity by about 1e-3, which is less than what one pixel of
    movement changes, and halves 6 GB for ten minutes of video.

    Raises:
        NonFiniteError: a frame's features are not numbers.
    """
    num_frames = len(crops.frame_index)
    table: Tensor | None = None
    for start in range(0, num_frames, batch):
        on_progress(Progress("Encoding frames", start, num_frames))
        images = crops[start : start + batch].masked_images()
        encoded = ghn.image_features(images)
        for offset, frame in enumerate(encoded):
            require_finite_features(frame, int(crops.frame_index[start + offset]))
        if table is None:
            table = _allocate((num_frames, *encoded.shape[1:]), encoded.device)
        table[start : start + batch] = encoded.half()
    on_progress(Progress("Encoding frames", num_frames, num_frames))
    assert table is not None, "a clip has at least one frame"
    return table


def _allocate(shape: tuple[int, ...], device: torch.device) -> Tensor:
    """Reserve the table; too large for memory, in a file that vanishes with the process."""
    if device.type != "cpu" or 2 * math.prod(shape) <= MOST_IN_MEMORY:
        return torch.empty(shape, dtype=torch.float16, device=device)
    with tempfile.TemporaryDirectory(prefix="neuhmr-") as folder:
        path = Path(folder) / "features.bin"
        table = np.memmap(path, np.float16, mode="w+", shape=shape)
        logger.info("Features of %d frames are kept on disk", shape[0])
        # The mapping outlives the name: the space is freed when the tensor is.
        return torch.from_numpy(table)
