"""Crop windows of fixed aspect that follow a person smoothly through a video."""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import SmplModel
from neuhmr.clip.clip import Clip
from neuhmr.errors import ClipError

SMOOTHING_FRAMES = 4.0
"""Standard deviation of the Gaussian over the window's center and size (frames)."""
_NEAREST_DEPTH = 0.1
"""Vertices nearer than this (m) or behind the camera project to nonsense."""
_LARGEST_OVERHANG = 0.5
"""How far a projected body may reach beyond the image, as a share of it: wrong poses can put a
vertex next to the camera, and such a box would shrink the person to a dot."""
_ROWS_AT_ONCE = 32


def person_boxes(clip: Clip, motion: Motion, model: SmplModel) -> Float[np.ndarray, "rows 4"]:
    """Bound the person in every row of a motion: its mask united with its projected vertices.

    Returns left, top, right, bottom (px of the video); NaN where the row is invalid or nothing of
    the person can be seen.
    """
    boxes = np.full((len(motion), 4), np.nan)
    for start in range(0, len(motion), _ROWS_AT_ONCE):
        part = motion[start : start + _ROWS_AT_ONCE]
        boxes[start : start + len(part)] = _vertex_boxes(clip, part, model).numpy()
    if clip.masks is not None:
        for row, frame in enumerate(motion.frame_index.tolist()):
            mask = clip.masks.mask(frame)
            if mask.any() and bool(motion.valid[row]):
                boxes[row] = _unite(boxes[row], _mask_box(mask))
    boxes[~motion.valid.cpu().numpy()] = np.nan
    return boxes


def follow_boxes(
    boxes: Float[np.ndarray, "rows 4"],
    frame_index: Int[np.ndarray, " rows"],
    aspect: float,
    margin: float,
) -> Float[np.ndarray, "rows 4"]:
    """Lay a window of one aspect around every box, moving and growing smoothly.

    The window contains its box with the margin in every row, however fast the person moves. Rows
    of NaN get windows interpolated from their neighbors.

    Args:
        boxes: left, top, right, bottom (px).
        frame_index: video frame of each row; ascending.
        aspect: width / height of the windows.
        margin: space on each side, as a share of the box's own width and height.

    Returns:
        left, top, width, height (px).

    Raises:
        ClipError: every row is NaN.
    """
    known = np.isfinite(boxes).all(axis=1)
    if not known.any():
        raise ClipError(
            "the person is not visible in any frame of the poses, at least one was expected; "
            "check the poses and the camera, they may belong to another clip."
        )
    # Work on all frames between the first and the last, so that gaps count for what they last.
    frames = np.arange(frame_index[0], frame_index[-1] + 1)
    left, top, right, bottom = (
        np.interp(frames, frame_index[known], boxes[known, side]) for side in range(4)
    )
    kernel = _gaussian(min(int(3 * SMOOTHING_FRAMES), len(frames) - 1))
    center_x, center_y = (left + right) / 2, (top + bottom) / 2
    smooth_x, smooth_y = _smooth_line(center_x, kernel), _smooth_line(center_y, kernel)
    full_width = (right - left) * (1 + 2 * margin) + 2 * np.abs(smooth_x - center_x)
    full_height = (bottom - top) * (1 + 2 * margin) + 2 * np.abs(smooth_y - center_y)
    heights = _smooth_envelope(np.maximum(full_height, full_width / aspect), kernel)
    heights = np.maximum(heights, 2.0)
    widths = heights * aspect
    windows = np.stack([smooth_x - widths / 2, smooth_y - heights / 2, widths, heights], axis=1)
    return windows[frame_index - frame_index[0]]


def _vertex_boxes(clip: Clip, motion: Motion, model: SmplModel) -> Float[Tensor, "rows 4"]:
    posed = motion.detach().pose(model)
    camera = clip.cameras_at(motion.frame_index).to(posed.vertices.device)
    pixels = camera.project(posed.vertices)
    is_seen = (posed.vertices[..., 2] > _NEAREST_DEPTH)[..., None]
    size = pixels.new_tensor([camera.width, camera.height])
    low = torch.where(is_seen, pixels, torch.inf).amin(dim=-2)
    high = torch.where(is_seen, pixels, -torch.inf).amax(dim=-2)
    boxes = torch.cat([low, high], dim=-1)
    is_off = (high < -_LARGEST_OVERHANG * size) | (low > (1 + _LARGEST_OVERHANG) * size)
    is_off = is_off | (high < low)
    limits = torch.cat([-_LARGEST_OVERHANG * size, (1 + _LARGEST_OVERHANG) * size])
    boxes = torch.maximum(torch.minimum(boxes, limits[2:].repeat(2)), limits[:2].repeat(2))
    boxes = torch.where(is_off.any(dim=-1, keepdim=True), torch.nan, boxes)
    return boxes.double().cpu()


def _mask_box(mask: np.ndarray) -> Float[np.ndarray, "4"]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float64)


def _unite(a: Float[np.ndarray, "4"], b: Float[np.ndarray, "4"]) -> Float[np.ndarray, "4"]:
    """Bound two boxes; one of NaN counts for nothing."""
    return np.concatenate([np.fmin(a[:2], b[:2]), np.fmax(a[2:], b[2:])])


def _gaussian(radius: int) -> Float[np.ndarray, " taps"]:
    offsets = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (offsets / SMOOTHING_FRAMES) ** 2)
    return weights / weights.sum()


def _smooth_line(
    values: Float[np.ndarray, " frames"], kernel: Float[np.ndarray, " taps"]
) -> Float[np.ndarray, " frames"]:
    """Smooth without lagging behind a steady motion, at the ends as well."""
    padded = np.pad(values, len(kernel) // 2, mode="reflect", reflect_type="odd")
    return np.convolve(padded, kernel, mode="valid")


def _smooth_envelope(
    values: Float[np.ndarray, " frames"], kernel: Float[np.ndarray, " taps"]
) -> Float[np.ndarray, " frames"]:
    """Smooth without ever going below: a running maximum, then the same kernel over it."""
    radius = len(kernel) // 2
    padded = np.pad(values, 2 * radius, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * radius + 1)
    return np.convolve(windows.max(axis=1), kernel, mode="valid")
