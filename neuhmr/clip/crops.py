"""One person cut out of a video: small images, masks and the cameras that belong to them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, UInt8
from scipy.sparse import csr_array
from torch import Tensor

from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import SmplModel
from neuhmr.clip.clip import Clip
from neuhmr.clip.crop_windows import follow_boxes, person_boxes
from neuhmr.errors import ClipError
from neuhmr.geometry.cameras import Camera
from neuhmr.progress import OnProgress, Progress
from neuhmr.tensor_struct import TensorStruct

FallbackMask = Callable[[int, Camera], Bool[Tensor, "height width"]]
"""Draws the silhouette of a row of the motion as its crop's camera sees it."""
_DILATION_SHARE = 1 / 80
"""Clothes and hair beyond the body's surface, as a share of the crop's height."""


@dataclass(frozen=True)
class PersonCrops(TensorStruct):
    """Crops of one person, one per row of the motion they were cut along."""

    images: UInt8[Tensor, "frames 3 height width"]
    """RGB with its background; black beyond the edge of the video."""
    masks: Float[Tensor, "frames height width"]
    """Share of each pixel that is the person, in [0, 1]; 0 in rows that are not valid."""
    cameras: Camera
    """K (frames, 3, 3) of the crops."""
    boxes: Float[Tensor, "frames 4"]
    """left, top, width, height of each crop (px of the video)."""
    frame_index: Int[Tensor, " frames"]
    """Video frame of each row."""

    def __len__(self) -> int:
        return self.images.shape[0]

    def masked_images(self) -> Float[Tensor, "frames 3 height width"]:
        """Put the person on black, colors in [0, 1]."""
        return self.images.to(self.masks.dtype) / 255.0 * self.masks[..., None, :, :]


def crop_person(
    clip: Clip,
    motion: Motion,
    model: SmplModel,
    height: int = 240,
    width: int = 180,
    margin: float = 0.12,
    on_frame: OnProgress | None = None,
    fallback_mask: FallbackMask | None = None,
) -> PersonCrops:
    """Cut a person out along a motion, one frame in memory at a time.

    Each window holds the mask and the projected body with the margin on each side (a share of
    their box), and moves smoothly. Pixels are area averages, and each crop's camera is exact.
    Where the clip has no masks, the projected body, a little widened, stands in.

    Args:
        clip: video, camera and masks.
        motion: where the person is about; its rows become the rows of the crops.
        model: the body of `motion`.
        height: of the crops (px).
        width: of the crops (px).
        margin: space around the person on each side, as a share of its box.
        on_frame: called after each crop.
        fallback_mask: draws the projected body where the clip has no masks.

    Raises:
        ClipError: no masks and no `fallback_mask`, or the person is never in view.
    """
    if clip.masks is None and fallback_mask is None:
        raise ClipError(
            f"{clip.video.path} has no person masks, a mask file was expected beside it; make one "
            "with `neuhmr init --masks-out` or pass --masks."
        )
    boxes = person_boxes(clip, motion, model)
    frame_index = motion.frame_index.cpu()
    windows = follow_boxes(boxes, frame_index.numpy(), width / height, margin)
    cameras = window_cameras(clip.cameras_at(frame_index), windows, height, width)
    images = torch.zeros(len(motion), 3, height, width, dtype=torch.uint8)
    masks = torch.zeros(len(motion), height, width)
    indices, is_valid = frame_index.tolist(), motion.valid.tolist()
    for row, frame in enumerate(clip.video.select(indices)):
        window = Window(windows[row], frame.shape[0], frame.shape[1], height, width)
        images[row] = window.cut(torch.from_numpy(frame)).round().clamp(0, 255).to(torch.uint8)
        if is_valid[row]:
            if clip.masks is not None:
                mask = torch.from_numpy(clip.masks.mask(indices[row]))
                masks[row] = window.cut(mask[..., None])[0]
            else:
                assert fallback_mask is not None, "checked on entry"
                masks[row] = _widen(fallback_mask(row, cameras[row]).cpu()) * window.coverage()
        if on_frame is not None:
            on_frame(Progress("Cutting out the person", row + 1, len(indices)))
    return PersonCrops(
        images, masks.clamp(0.0, 1.0), cameras, torch.from_numpy(windows).float(), frame_index
    )


def window_cameras(
    cameras: Camera, windows: Float[np.ndarray, "frames 4"], height: int, width: int
) -> Camera:
    """Give the cameras that see windows (left, top, width, height; px) at a new resolution."""
    left, top, window_width, window_height = torch.from_numpy(windows).unbind(dim=-1)
    K = cameras.K.double().clone()
    K[:, 0, 2] -= left
    K[:, 1, 2] -= top
    K[:, 0] *= (width / window_width)[:, None]
    K[:, 1] *= (height / window_height)[:, None]
    return Camera(K.to(cameras.K.dtype), height, width)


class Window:
    """Resampling of one window of an image to a fixed size.

    Each output pixel averages the area it covers, and where the window is enlarged, the area of
    one input pixel around its center, which is linear interpolation. So nothing aliases, and a
    pixel center u lands at (u - left) * width / window_width with no half-pixel shift.
    """

    def __init__(
        self,
        window: Float[np.ndarray, "4"],
        image_height: int,
        image_width: int,
        height: int,
        width: int,
    ) -> None:
        self._size = (height, width)
        left, top, window_width, window_height = (float(number) for number in window)
        self._columns, self._across = _area_weights(left, window_width, image_width, width)
        self._rows, self._down = _area_weights(top, window_height, image_height, height)

    def cut(
        self, image: UInt8[Tensor, "rows columns channels"] | Bool[Tensor, "rows columns channels"]
    ) -> Float[Tensor, "channels height width"]:
        """Resample the window; beyond the edge of the image all is 0."""
        part = image.numpy()[self._rows, self._columns].astype(np.float32)
        num_rows, num_columns, channels = part.shape
        height, width = self._size
        rows = self._down @ part.reshape(num_rows, num_columns * channels)
        rows = rows.reshape(height, num_columns, channels).transpose(1, 0, 2)
        columns = self._across @ rows.reshape(num_columns, height * channels)
        columns = columns.reshape(width, height, channels)
        return torch.from_numpy(columns.transpose(2, 1, 0).copy())

    def coverage(self) -> Float[Tensor, "height width"]:
        """Tell how much of each output pixel lies inside the image, in [0, 1]."""
        down, across = self._down.sum(axis=1), self._across.sum(axis=1)
        return torch.from_numpy(np.outer(down, across))


def _area_weights(
    start: float, length: float, num_inputs: int, num_outputs: int
) -> tuple[slice, csr_array]:
    """Weigh the input pixels under each output pixel along one axis.

    Returns which inputs are touched, and the share that each has in each output, (outputs, inputs)
    and mostly zero.
    """
    step = length / num_outputs
    centers = start + (np.arange(num_outputs) + 0.5) * step
    reach = max(step, 1.0) / 2
    first = min(max(int(np.floor(start - reach)), 0), num_inputs)
    last = max(min(int(np.ceil(start + length + reach)), num_inputs), first)
    edges = np.arange(first, last)
    low = np.maximum((centers - reach)[:, None], edges)
    high = np.minimum((centers + reach)[:, None], edges + 1)
    weights = np.clip(high - low, 0.0, None) / (2 * reach)
    return slice(first, last), csr_array(weights.astype(np.float32))


def _widen(mask: Bool[Tensor, "height width"]) -> Float[Tensor, "height width"]:
    """Dilate a silhouette of the bare body to hold clothes and hair."""
    radius = max(round(mask.shape[0] * _DILATION_SHARE), 1)
    return torch.nn.functional.max_pool2d(
        mask.float()[None], kernel_size=2 * radius + 1, stride=1, padding=radius
    )[0]
