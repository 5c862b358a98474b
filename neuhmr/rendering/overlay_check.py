"""Whether posed bodies lie on the person in the picture, and which other reading would put them
there; asked before minutes of work."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.motion import Motion
from neuhmr.body.pose_readings import (
    CENTIMETERS,
    GIVEN,
    MILLIMETERS,
    Y_UP,
    depth_reading,
    read_as,
)
from neuhmr.body.smpl_model import SmplModel
from neuhmr.clip.clip import Clip
from neuhmr.clip.frame_ranges import named_frames
from neuhmr.clip.thinning import spread_evenly

LOOKED_AT = 12
"""Frames, evenly spread over the poses."""
LEAST = 0.15
"""Overlap of boxes (intersection over union) below which nothing can be refined."""
LEAST_GAIN, LEAST_OTHER = 0.3, 0.5
"""Another reading is likely right if its boxes overlap by that much more, and by that much."""
USUAL_DEPTHS = (0.6, 1.7)
"""Factors of the distance between these are errors of estimates, not of focal lengths."""
NEAREST = 0.1
"""Bodies nearer than this (m) are behind the camera or around it."""
SIZES = (0.03, 4.0)
"""Heights of bodies, in heights of the picture, that somebody films."""


@dataclass(frozen=True)
class _Boxes:
    """Where somebody is in some frames: left, top, right, bottom (px); NaN for nowhere."""

    corners: Float[Tensor, "frames 4"]

    @property
    def heights(self) -> Float[Tensor, " frames"]:
        return self.corners[:, 3] - self.corners[:, 1]


@dataclass(frozen=True)
class OverlayProblem:
    """Why bodies do not lie on the person."""

    found: str
    """What is wrong, and why."""
    advice: str
    """What helps, where reading the poses otherwise does not."""
    readings: tuple[str, ...]
    """Ways to read the poses that the user may ask for, the likely one first, as they are last."""

    @property
    def message(self) -> str:
        """What is wrong, and which options of the command line help."""
        advice = self.advice or f"say so with --poses-as {self.readings[0]}"
        return f"{self.found}; {advice} or --poses-as {GIVEN} to go on as they are."

    @property
    def explanation(self) -> str:
        """What is wrong and what helps, where something else than options offers the readings."""
        return f"{self.found}." + (f" {self.advice.capitalize()}." if self.advice else "")


def overlay_problem(clip: Clip, motion: Motion, model: SmplModel) -> OverlayProblem | None:
    """Say why bodies do not lie on the person, and what to do about it; None if they do.

    With masks, boxes of bodies and masks are compared; without, bodies must be in the picture.

    Args:
        clip: its camera, and its masks if there are any.
        motion: poses of some of its frames.
        model: the body of the poses.
    """
    rows = motion.valid.nonzero()[:, 0]
    rows = spread_evenly(rows, LOOKED_AT)
    masks = _mask_boxes(clip, motion.frame_index[rows])
    if masks is not None:
        kept = masks.corners.isfinite().all(dim=1)
        rows, masks = rows[kept], _Boxes(masks.corners[kept])
    if not len(rows):
        return None
    picked = motion[rows]
    pelvis = model.with_shape(motion.betas).joints_rest[0]
    given = _body_boxes(clip, picked, model)
    depth = _depth_factor(given, masks)
    readings = [MILLIMETERS, CENTIMETERS, Y_UP]
    if depth is not None:
        readings.append(depth_reading(depth))

    def score(reading: str) -> float:
        boxes = _body_boxes(clip, read_as(picked, reading, pelvis), model)
        return _agreement(boxes, masks, clip)

    now = _agreement(given, masks, clip)
    scores = {reading: score(reading) for reading in readings}
    best = max(scores, key=lambda reading: scores[reading])
    is_better = scores[best] > max(now + LEAST_GAIN, LEAST_OTHER)
    if now >= LEAST and not is_better:
        return _behind(motion, pelvis)
    means = "boxes overlap by" if masks is not None else "in the picture in"
    found = f"The poses do not lie on the person ({means} {now:.0%}"
    if is_better:
        found += f"; read as {best} {scores[best]:.0%}): {_reason(best, clip)}"
        return OverlayProblem(found, advice="", readings=(best, GIVEN))
    found += (
        "), and no other reading of them does: they are of another clip or person, or in the "
        "coordinates of a world"
    )
    return OverlayProblem(found, "give those of this clip in the camera's frame", (GIVEN,))


def _behind(motion: Motion, pelvis: Float[Tensor, "3"]) -> OverlayProblem | None:
    """Name the frames in which a body that is otherwise in place is behind the camera."""
    depths = motion.transl[:, 2] + pelvis[2].to(motion.transl)
    frames = motion.frame_index[motion.valid & (depths <= 0.0)]
    if not len(frames):
        return None
    found = (
        f"The person is behind the camera in {named_frames(frames.tolist())}, where no camera sees "
        "anybody"
    )
    return OverlayProblem(found, "mark such frames as invalid (key `valid`)", (GIVEN,))


def person_boxes(clip: Clip, model: SmplModel) -> Float[np.ndarray, "frames 4"] | None:
    """Frame the person in every frame by masks, or else by poses; None without either.

    Left, top, right, bottom (px); NaN where nobody is seen.
    """
    masks = _mask_boxes(clip, torch.arange(len(clip)))
    if masks is not None:
        return masks.corners.numpy()
    if clip.motion is None:
        return None
    corners = torch.full((len(clip), 4), float("nan"))
    motion = clip.motion[clip.motion.valid.nonzero()[:, 0]]
    for rows in torch.arange(len(motion)).split(LOOKED_AT):
        part = motion[rows]
        corners[part.frame_index] = _body_boxes(clip, part, model).corners
    return corners.numpy()


def _reason(reading: str, clip: Clip) -> str:
    reasons = {
        MILLIMETERS: "translations look like millimeters",
        CENTIMETERS: "translations look like centimeters",
        Y_UP: "y looks like pointing up, as in OpenGL and in worlds, where down was expected",
    }
    if reading in reasons:
        return reasons[reading]
    factor = float(reading.partition("*")[2])
    focal = float(clip.camera.K[..., 0, 0].mean())
    guess = ", a guess" if clip.camera_is_guessed else ""
    return (
        f"they look as if made for a focal length of {focal / factor:.0f} px, but the clip's is "
        f"{focal:.0f} px{guess} (a camera file tells another)"
    )


def _mask_boxes(clip: Clip, frames: Tensor) -> _Boxes | None:
    if clip.masks is None:
        return None
    corners = torch.full((len(frames), 4), float("nan"))
    for place, frame in enumerate(frames.tolist()):
        mask = torch.from_numpy(clip.masks.mask(frame))
        columns, lines = mask.any(dim=0).nonzero()[:, 0], mask.any(dim=1).nonzero()[:, 0]
        if len(columns):
            ends = [columns[0], lines[0], columns[-1] + 1, lines[-1] + 1]
            corners[place] = torch.stack(ends).float()
    return _Boxes(corners)


def _body_boxes(clip: Clip, motion: Motion, model: SmplModel) -> _Boxes:
    """Frame the posed bodies; nowhere where they are not before the camera."""
    vertices = motion.pose(model).vertices
    cameras = clip.cameras_at(motion.frame_index)
    depths = vertices[..., 2].amin(dim=1)
    K = cameras.K.to(vertices)
    homogeneous = vertices @ K.transpose(-1, -2)
    pixels = homogeneous[..., :2] / homogeneous[..., 2:].clamp_min(NEAREST)
    corners = torch.cat([pixels.amin(dim=1), pixels.amax(dim=1)], dim=1)
    return _Boxes(torch.where((depths > NEAREST)[:, None], corners, float("nan")))


def _depth_factor(bodies: _Boxes, masks: _Boxes | None) -> float | None:
    """By how much the distance would have to change; None if that is not worth saying."""
    if masks is None:
        return None
    ratios = bodies.heights / masks.heights
    ratios = ratios[ratios.isfinite()]
    if not len(ratios):
        return None
    factor = float(ratios.median())
    return factor if factor > 0.0 and not USUAL_DEPTHS[0] < factor < USUAL_DEPTHS[1] else None


def _agreement(bodies: _Boxes, masks: _Boxes | None, clip: Clip) -> float:
    """Median overlap with masks, or the share of frames in which a body is in the picture."""
    height, width = clip.video.height, clip.video.width
    ends = bodies.corners.new_tensor([width, height, width, height])
    inside = _Boxes(torch.minimum(bodies.corners.clamp_min(0.0), ends))
    if masks is None:
        shown = _areas(inside) / _areas(bodies).clamp_min(1e-6)
        size = bodies.heights / height
        is_fine = (shown > 0.25) & (size > SIZES[0]) & (size < SIZES[1])
        return float(is_fine.float().mean())
    both = _Boxes(
        torch.cat(
            [
                torch.maximum(inside.corners[:, :2], masks.corners[:, :2]),
                torch.minimum(inside.corners[:, 2:], masks.corners[:, 2:]),
            ],
            dim=1,
        )
    )
    shared = _areas(both)
    overlap = shared / (_areas(inside) + _areas(masks) - shared).clamp_min(1e-6)
    return float(overlap.nan_to_num(0.0).median())


def _areas(boxes: _Boxes) -> Float[Tensor, " frames"]:
    sides = (boxes.corners[:, 2:] - boxes.corners[:, :2]).clamp_min(0.0)
    return sides.prod(dim=1)
