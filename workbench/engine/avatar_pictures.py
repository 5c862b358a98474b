"""Renderings of the library's avatar: in a frame's crop, against it, and from a free view."""

import math

import numpy as np
import torch
from jaxtyping import Float, UInt8

from neuhmr.anchors.frame_poses import pose_frame
from neuhmr.anchors.frame_target import frame_target
from neuhmr.anchors.visibility import LEAST_OPACITY
from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import PosedBody
from neuhmr.clip.crops import PersonCrops
from neuhmr.ghn.avatar import render_image
from neuhmr.ghn.renderable import Renderable
from neuhmr.losses.image import silhouette_loss
from workbench.engine.avatar_rendering import QUALITY_STRIDE, AvatarRendering, FrameQuality
from workbench.engine.exchange import motion_row
from workbench.engine.free_view import Viewpoint, camera_around

MOST_PSNR_DB = 60.0
"""Said of colors that are equal (dB)."""


@torch.no_grad()
def preview_frame(
    avatar: Renderable, crops: PersonCrops, motion: Motion, frame: int, stride: int
) -> AvatarRendering | None:
    """Render a frame's crop at every `stride`-th pixel; None where nobody was seen."""
    row = motion_row(motion, frame)
    if row is None:
        return None
    posed = _posed(avatar, crops, motion, row)
    rendering = render_image(avatar, posed, crops.cameras[row], stride)
    depth = rendering.depth.masked_fill(rendering.opacity <= LEAST_OPACITY, torch.nan)
    return AvatarRendering(image=_bytes(rendering.color), depth=depth.float().cpu().numpy())


@torch.no_grad()
def frame_quality(
    avatar: Renderable, crops: PersonCrops, motion: Motion, frame: int
) -> FrameQuality | None:
    """Compare a frame's crop with its rendering; None where nobody was seen."""
    row = motion_row(motion, frame)
    if row is None:
        return None
    target = frame_target(crops, row, QUALITY_STRIDE)
    posed = _posed(avatar, crops, motion, row)
    rendering = avatar.render(posed, crops.cameras[row], target.pixels)
    return FrameQuality(
        psnr_db=psnr_db(
            rendering.colors.float().cpu().numpy(),
            target.colors.float().cpu().numpy(),
            target.mask.float().cpu().numpy(),
        ),
        iou=1.0 - float(silhouette_loss(rendering.opacities, target.mask.float())),
    )


def psnr_db(
    colors: Float[np.ndarray, "rays 3"],
    wanted: Float[np.ndarray, "rays 3"],
    mask: Float[np.ndarray, " rays"],
) -> float:
    """Peak signal-to-noise ratio over the mask (dB); NaN without one."""
    inside = mask > 0.5
    if not inside.any():
        return math.nan
    squared = float(np.square(colors.clip(0.0, 1.0) - wanted)[inside].mean())
    return min(-10.0 * math.log10(max(squared, 1e-12)), MOST_PSNR_DB)


@torch.no_grad()
def view_person(
    avatar: Renderable,
    crops: PersonCrops,
    motion: Motion,
    frame: int,
    viewpoint: Viewpoint,
    size: tuple[int, int],
) -> UInt8[np.ndarray, "height width 3"] | None:
    """Render the person from a free view, filling (height, width); None where nobody was seen.

    Raises:
        WorkbenchError: the person is not before the view.
    """
    row = motion_row(motion, frame)
    if row is None:
        return None
    turned = seen_from(_posed(avatar, crops, motion, row), viewpoint)
    camera = camera_around(turned.vertices, *size)
    return _bytes(render_image(avatar, turned, camera).color)


def seen_from(posed: PosedBody, viewpoint: Viewpoint) -> PosedBody:
    """Move a body from the video camera's frame to a free view's."""
    T_view_camera = viewpoint.T_view_camera().to(posed.vertices.dtype).to(posed.vertices.device)
    return PosedBody(
        T_view_camera.apply(posed.vertices),
        T_view_camera.apply(posed.joints),
        T_view_camera @ posed.bones,
        posed.faces,
    )


def _posed(avatar: Renderable, crops: PersonCrops, motion: Motion, row: int) -> PosedBody:
    """Pose one row of a motion that is on the CPU."""
    return pose_frame(avatar.body, motion[row : row + 1].to(crops.boxes.device), 0)


def _bytes(color: Float[torch.Tensor, "height width 3"]) -> UInt8[np.ndarray, "height width 3"]:
    return (color.clamp(0.0, 1.0) * 255.0).round().to(torch.uint8).cpu().numpy()
