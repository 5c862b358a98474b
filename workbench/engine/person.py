"""What the real engine keeps of a clip and of a person between the window's verbs."""

from dataclasses import dataclass

import torch

from neuhmr.anchors.conditioning import AvatarBuild
from neuhmr.anchors.frame_poses import pose_frame
from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import SmplModel
from neuhmr.clip.clip import Clip
from neuhmr.clip.crops import PersonCrops, crop_person
from neuhmr.geometry.cameras import Camera
from neuhmr.ghn.avatar import Avatar
from neuhmr.ghn.model import Ghn
from neuhmr.progress import OnProgress
from neuhmr.refine.draft.draft import Draft
from neuhmr.rendering.mesh_raster import rasterize_mesh
from workbench.engine.interface import AvatarStage, Footage
from workbench.engine.keypoints import Heatmaps
from workbench.engine.open_request import OpenRequest


@dataclass(frozen=True, eq=False)
class OpenedClip:
    """What the engine keeps of a clip."""

    clip: Clip
    model: SmplModel
    request: OpenRequest


@dataclass(frozen=True, eq=False)
class Person:
    """What the engine keeps of an avatar: all of it on the compute device, crops also here."""

    crops_here: PersonCrops
    crops: PersonCrops
    initial: Motion
    draft: Draft | None
    start: Motion
    """Poses that the avatar was made with: the draft's, or the initial ones without a draft."""
    model: SmplModel
    ghn: Ghn
    build: AvatarBuild
    features: torch.Tensor
    avatar: Avatar
    rows: tuple[int, int]
    """Of the frames that the avatar was conditioned on."""
    heatmaps: Heatmaps | None
    heatmaps_missing: str
    """Why there are no heatmaps, in the user's words; "" where there are."""


def opened_clip(footage: Footage) -> OpenedClip:
    """Take back what was kept of a clip."""
    assert isinstance(footage.backend, OpenedClip)
    return footage.backend


def person_of(avatar: AvatarStage) -> Person:
    """Take back what was kept of a person."""
    assert isinstance(avatar.backend, Person)
    return avatar.backend


def footage_of(opened: OpenedClip, source: str, remarks: tuple[str, ...] = ()) -> Footage:
    """Show a clip to the window.

    Args:
        opened: what is kept.
        source: where the initial poses come from, in the user's words.
        remarks: what the user should know about them.
    """
    clip = opened.clip
    return Footage(
        path=opened.request.clip,
        video=clip.video,
        camera=clip.camera,
        camera_is_guessed=clip.camera_is_guessed,
        has_masks=clip.masks is not None,
        initial=clip.motion,
        truth=clip.truth,
        source=source,
        remarks=remarks,
        body_name=f"{opened.model.name}, {len(opened.model.v_template)} vertices",
        faces=opened.model.faces.numpy(),
        backend=opened,
    )


def avatar_stage(person: Person) -> AvatarStage:
    """Show a person to the window."""
    frames = person.crops_here.frame_index.tolist()
    ious = person.build.silhouette_iou.cpu().tolist()
    cameras = person.crops.cameras
    return AvatarStage(
        conditioning_frames=(frames[person.rows[0]], frames[person.rows[1]]),
        silhouette_iou={f: iou for f, iou in zip(frames, ious, strict=True) if iou == iou},
        crop_size=(cameras.height, cameras.width),
        heatmaps_missing=person.heatmaps_missing,
        backend=person,
    )


def cut_out(clip: Clip, motion: Motion, model: SmplModel, on_progress: OnProgress) -> PersonCrops:
    """Crop along a motion; where there are no masks, the posed body stands in."""
    body = model.with_shape(motion.betas)

    def silhouette(row: int, camera: Camera) -> torch.Tensor:
        posed = pose_frame(body, motion, row)
        return rasterize_mesh(posed.vertices, posed.faces, camera).mask

    return crop_person(clip, motion, model, on_frame=on_progress, fallback_mask=silhouette)
