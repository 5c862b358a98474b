"""Bodies drawn over the frames they belong to, streamed frame by frame."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, assert_never

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import PosedBody, SmplModel
from neuhmr.clip.clip import Clip
from neuhmr.clip.keypoints_2d import ClipKeypoints
from neuhmr.geometry.cameras import Camera, camera_from_focal
from neuhmr.geometry.rotations import rotation_about
from neuhmr.ghnerf.captures.keypoint_drawing import draw_keypoints
from neuhmr.ghnerf.keypoints.keypoints2d import Keypoints2d
from neuhmr.progress import OnProgress, Progress, ignore_progress
from neuhmr.rendering.mesh_overlay import MeshOverlay

Layout = Literal["overlay", "side-by-side", "turntable"]
Image = UInt8[np.ndarray, "height width 3"]
Color = tuple[float, float, float]

BODY_COLOR: Color = (0.33, 0.62, 0.93)
OTHER_COLOR: Color = (0.95, 0.58, 0.26)
BACKGROUND = 236
"""Gray level behind the turntable."""
TURNTABLE_REACH = (1.1, 0.95)
"""Half the height and width that the turntable's camera sees at the body (m): arms spread."""
TURNTABLE_DISTANCE = 4.0
"""From the turntable's camera to the body (m)."""


@dataclass(frozen=True, kw_only=True)
class OverlayStyle:
    """How an overlay video looks."""

    layout: Layout = "overlay"
    """Body over the video; the video and the overlay side by side; or overlay and turntable."""
    opacity: float = 0.75
    """Of the body over the video, in [0, 1]."""
    seconds_per_turn: float = 6.0
    """How long the turntable takes for one turn."""
    color: Color = field(default=BODY_COLOR)
    other_color: Color = field(default=OTHER_COLOR)


def overlay_frames(
    clip: Clip,
    motion: Motion,
    model: SmplModel,
    style: OverlayStyle | None = None,
    other: Motion | None = None,
    on_progress: OnProgress = ignore_progress,
    keypoints: ClipKeypoints | None = None,
) -> Iterator[Image]:
    """Draw a motion over its clip, one frame at a time.

    Frames without a valid pose show the video alone.

    Args:
        clip: video and camera.
        motion: what is drawn.
        model: its body.
        style: layout and looks.
        other: a second motion to compare with. It takes the left half of `side-by-side`, where the
            plain video is otherwise, and is drawn first in the other overlays. The body on the
            turntable stays alone, since two at one place would hide which is nearer.
        on_progress: called after each frame.
        keypoints: another detector's, drawn over the video before any body.
    """
    style = style or OverlayStyle()
    body = _BodyPerFrame(motion, model)
    other_body = None if other is None else _BodyPerFrame(other, model)
    total, size = len(clip), (clip.video.height, clip.video.width)
    with MeshOverlay(*size) as overlay:
        for index, frame in enumerate(clip.video.frames()):
            camera = clip.cameras_at(torch.tensor([index]))[0]
            if keypoints is not None:
                frame = _with_keypoints(frame, keypoints, index)
            posed = body.at(index)
            other_posed = None if other_body is None else other_body.at(index)
            under = _draw(overlay, frame, other_posed, camera, style.other_color, style)
            match style.layout:
                case "overlay":
                    yield _draw(overlay, under, posed, camera, style.color, style)
                case "side-by-side":
                    right = _draw(overlay, frame, posed, camera, style.color, style)
                    yield np.concatenate([under, right], axis=1)
                case "turntable":
                    angle = 2 * math.pi * float(clip.video.times[index]) / style.seconds_per_turn
                    left = _draw(overlay, under, posed, camera, style.color, style)
                    right = _turn(overlay, posed, size, angle, style.color)
                    yield np.concatenate([left, right], axis=1)
                case _:
                    assert_never(style.layout)
            on_progress(Progress("Drawing", index + 1, total))


def _with_keypoints(image: Image, keypoints: ClipKeypoints, frame: int) -> Image:
    """Draw what a detector saw in one frame."""
    found = keypoints.confidence[frame] > 0
    points = torch.where(found[:, None], keypoints.points[frame], 0.0)
    return draw_keypoints(image, Keypoints2d(points, keypoints.confidence[frame], found))


class _BodyPerFrame:
    """Poses bodies one frame at a time, so that long clips need no memory."""

    def __init__(self, motion: Motion, model: SmplModel) -> None:
        self._motion = motion
        self._shaped = model.with_shape(motion.betas)
        self._rows = {
            frame: row
            for row, frame in enumerate(motion.frame_index.tolist())
            if bool(motion.valid[row])
        }

    def at(self, frame: int) -> PosedBody | None:
        """Pose the body of a video frame; None where there is no valid pose."""
        row = self._rows.get(frame)
        if row is None:
            return None
        m = self._motion
        return self._shaped.with_pose(m.body_pose[row], m.global_orient[row], m.transl[row])


def _draw(
    overlay: MeshOverlay,
    image: Image,
    posed: PosedBody | None,
    camera: Camera,
    color: Color,
    style: OverlayStyle,
) -> Image:
    if posed is None:
        return image
    return overlay.draw(
        image, posed.vertices, posed.faces, camera, color=color, opacity=style.opacity
    )


def _turn(
    overlay: MeshOverlay, posed: PosedBody | None, size: tuple[int, int], angle: float, color: Color
) -> Image:
    """Draw the body alone, turned about the vertical by `angle` (rad)."""
    height, width = size
    image = np.full((height, width, 3), BACKGROUND, np.uint8)
    if posed is None:
        return image
    px_per_m = min(height / 2 / TURNTABLE_REACH[0], width / 2 / TURNTABLE_REACH[1])
    camera = camera_from_focal(px_per_m * TURNTABLE_DISTANCE, height, width)
    vertices = turned(posed.vertices, posed.joints[0], angle, TURNTABLE_DISTANCE)
    return overlay.draw(image, vertices, posed.faces, camera, color=color, opacity=1.0)


def turned(
    vertices: Float[Tensor, "vertices 3"],
    center: Float[Tensor, "3"],
    angle: float,
    distance: float,
) -> Float[Tensor, "vertices 3"]:
    """Turn points about the camera's vertical through `center` and put that point before a camera.

    Args:
        vertices: points (m, camera frame, y down).
        center: what stays in the middle (m).
        angle: positive turns the body's front, seen from the camera, to its left (rad).
        distance: from the camera to the center (m).
    """
    rotmat = rotation_about("y", torch.tensor(angle, dtype=vertices.dtype, device=vertices.device))
    return (vertices - center) @ rotmat.T + vertices.new_tensor([0.0, 0.0, distance])
