"""Heatmaps of a person by GHNeRF's human features, and the keypoints in them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.anchors.conditioning import reference_views
from neuhmr.anchors.frame_poses import pose_frame
from neuhmr.body.body25 import body25_points
from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import SmplModel
from neuhmr.clip.crops import PersonCrops
from neuhmr.errors import BodyModelError, CheckpointError
from neuhmr.ghn.avatar import Avatar
from neuhmr.ghn.model import Ghn
from neuhmr.ghn.reference import ReferenceEvidence
from neuhmr.ghn.renderable import Renderable
from neuhmr.ghnerf.clips.clip_checkpoint import load_heatmaps_of_body
from neuhmr.ghnerf.clips.clip_heatmaps import ClipHeatmaps, render_heatmaps
from neuhmr.ghnerf.keypoints.keypoints2d import keypoints_from_heatmaps
from workbench.engine.avatar_pictures import seen_from
from workbench.engine.exchange import motion_row
from workbench.engine.free_view import Viewpoint, camera_around
from workbench.engine.keypoint_report import KeypointReport, KeypointSource, ViewHeatmaps

VIEW_SIZE = (320, 240)
"""(height, width) of free views (px)."""


@dataclass(frozen=True, eq=False)
class Heatmaps:
    """The network, the avatar it rides on, and what it sees in that avatar's two frames."""

    model: ClipHeatmaps
    avatar: Avatar
    anchors: ReferenceEvidence


def load_heatmap_model(
    ghn: Ghn, model: SmplModel, path: Path | None
) -> tuple[ClipHeatmaps | None, str]:
    """Load the network; None and the reason in the user's words where it cannot be used."""
    try:
        return load_heatmaps_of_body(ghn, model, path), ""
    except (BodyModelError, CheckpointError) as error:
        text = str(error)
        return None, text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


@torch.no_grad()
def look_at_anchors(
    model: ClipHeatmaps | None,
    avatar: Renderable,
    crops: PersonCrops,
    start: Motion,
    rows: tuple[int, int],
) -> Heatmaps | None:
    """Let the network see the frames that the avatar was conditioned on; None without either."""
    if model is None or not isinstance(avatar, Avatar):
        return None
    views = reference_views(crops, avatar.body, start, rows)
    return Heatmaps(model, avatar, model.look(views, avatar))


@torch.no_grad()
def report_keypoints(
    heatmaps: Heatmaps,
    crops: PersonCrops,
    motion: Motion,
    frame: int,
    source: KeypointSource,
) -> KeypointReport | None:
    """Render a frame's heatmaps in its own camera; None where nobody was seen.

    Args:
        heatmaps: the network, and the person.
        crops: one for each row of `motion`.
        motion: the poses to render, on the device of the rest.
        frame: of the video.
        source: what the heatmaps are read from.
    """
    row = motion_row(motion, frame)
    if row is None:
        return None
    posed, camera = pose_frame(heatmaps.avatar.body, motion, row), crops.cameras[row]
    sources = _sources(heatmaps, crops, motion, row, source)
    seen = render_heatmaps(heatmaps.model, heatmaps.avatar, sources, posed, camera)
    maps = seen.heatmaps.T.reshape(-1, camera.height, camera.width)
    keypoints = keypoints_from_heatmaps(maps)
    left, top, width, height = crops.boxes[row].tolist()

    def in_video(pixels: Float[Tensor, "joints 2"]) -> Float[np.ndarray, "joints 2"]:
        size = np.array([width / camera.width, height / camera.height])
        return np.array([left, top]) + pixels.cpu().numpy() * size

    found = in_video(keypoints.points)
    found[~keypoints.found.cpu().numpy()] = np.nan
    return KeypointReport(
        frame=frame,
        source=source,
        heatmaps=maps.clamp(0.0, 1.0).cpu().numpy(),
        box=(left, top, width, height),
        found=found,
        confidence=keypoints.confidence.cpu().numpy(),
        projected=in_video(camera.project(body25_points(posed))),
    )


@torch.no_grad()
def render_view(
    heatmaps: Heatmaps,
    crops: PersonCrops,
    motion: Motion,
    frame: int,
    source: KeypointSource,
    viewpoint: Viewpoint,
) -> ViewHeatmaps | None:
    """Render color and heatmaps from a free view; arguments as of `report_keypoints`.

    Raises:
        WorkbenchError: the person is not before the view.
    """
    row = motion_row(motion, frame)
    if row is None:
        return None
    posed = pose_frame(heatmaps.avatar.body, motion, row)
    turned = seen_from(posed, viewpoint)
    camera = camera_around(turned.vertices, *VIEW_SIZE)
    sources = _sources(heatmaps, crops, motion, row, source)
    seen = render_heatmaps(heatmaps.model, heatmaps.avatar, sources, turned, camera)
    colors = (seen.rendering.colors.clamp(0.0, 1.0) * 255.0).round().to(torch.uint8)
    return ViewHeatmaps(
        image=colors.reshape(*VIEW_SIZE, 3).cpu().numpy(),
        heatmaps=seen.heatmaps.T.reshape(-1, *VIEW_SIZE).clamp(0.0, 1.0).cpu().numpy(),
    )


def _sources(
    heatmaps: Heatmaps,
    crops: PersonCrops,
    motion: Motion,
    row: int,
    source: KeypointSource,
) -> ReferenceEvidence:
    if source == "anchors":
        return heatmaps.anchors
    avatar = heatmaps.avatar
    return heatmaps.model.look(reference_views(crops, avatar.body, motion, [row]), avatar)
