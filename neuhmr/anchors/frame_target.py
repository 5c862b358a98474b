"""What one frame should look like at the rays that are cast."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.clip.crops import PersonCrops
from neuhmr.tensor_struct import TensorStruct


@dataclass(frozen=True)
class FrameTarget(TensorStruct):
    """Rays of one frame with the colors and the mask found there."""

    pixels: Float[Tensor, "rays 2"]
    """Pixel centers (px of the crop)."""
    colors: Float[Tensor, "rays 3"]
    """Black outside the mask, in [0, 1]."""
    mask: Float[Tensor, " rays"]
    """1 on the person, 0 elsewhere."""


def frame_target(
    crops: PersonCrops, row: int, stride: int, generator: torch.Generator | None = None
) -> FrameTarget:
    """Read a frame at every `stride`-th pixel of each axis.

    Args:
        crops: the frames.
        row: which one.
        stride: 1 for all pixels.
        generator: draws where the first ray lies within the stride, so that over the steps all
            pixels are seen; the middle of it if None.
    """
    if generator is None:
        top, left = stride // 2, stride // 2
    else:
        top, left = (int(n) for n in torch.randint(stride, (2,), generator=generator))
    image = crops[row : row + 1].masked_images()[0, :, top::stride, left::stride]
    grid = crops.cameras[row].pixel_grid()[top::stride, left::stride]
    return FrameTarget(
        pixels=grid.reshape(-1, 2),
        colors=image.permute(1, 2, 0).reshape(-1, 3),
        mask=crops.masks[row, top::stride, left::stride].reshape(-1),
    )
