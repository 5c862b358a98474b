"""The real engine: the library's functions behind the window's verbs."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float

from neuhmr.anchors.conditioning import (
    AvatarBuild,
    build_avatar,
    condition_avatar,
    pair_from_anchors,
)
from neuhmr.anchors.frame_poses import frame_joints, pose_frame
from neuhmr.anchors.registration import register_anchors
from neuhmr.anchors.scoring import select_anchors
from neuhmr.body.model_files import load_body_model
from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import SmplModel
from neuhmr.cli.inputs import choose_device
from neuhmr.clip.clip import Clip, open_clip
from neuhmr.clip.crops import PersonCrops, crop_person
from neuhmr.clip.motion_file import read_motion_file
from neuhmr.errors import ClipError, PoseFileError
from neuhmr.geometry.cameras import Camera
from neuhmr.ghn.avatar import Avatar, render_image
from neuhmr.ghn.checkpoint import load_ghn
from neuhmr.ghn.model import Ghn
from neuhmr.initial.initialise import initialise_sidecars
from neuhmr.progress import OnProgress
from neuhmr.refine.config import RefineConfig, preset
from neuhmr.refine.draft import Draft, draft_motion
from neuhmr.refine.frame_features import encode_frames
from neuhmr.refine.problem import RefineProblem
from neuhmr.rendering.mesh_overlay import MeshOverlay
from neuhmr.rendering.mesh_raster import rasterize_mesh
from workbench.engine import (
    AnchorStage,
    AvatarStage,
    BodyFrame,
    ExportKind,
    ExportRequest,
    Footage,
    Image,
    PaintedBody,
    RefineSettings,
    motion_row,
)
from workbench.neuhmr_export import EXPORT_KINDS, export_motion
from workbench.neuhmr_optimizer import NeuhmrOptimizer, settings_of
from workbench.open_request import OpenRequest


@dataclass(frozen=True, eq=False)
class _OpenedClip:
    """What the engine keeps of a clip."""

    clip: Clip
    model: SmplModel
    request: OpenRequest


@dataclass(frozen=True, eq=False)
class _Person:
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


class NeuhmrEngine:
    """Fulfils `workbench.engine.Engine`."""

    def __init__(self, device: str = "auto", config: RefineConfig | None = None) -> None:
        """Choose a device.

        Raises:
            NeuhmrError: there is no such device.
        """
        self._device = choose_device(device)
        self._config = config or preset("fast")
        self._overlay: MeshOverlay | None = None
        self._overlay_size = (0, 0)

    @property
    def device(self) -> str:
        """Where tensors live."""
        return str(self._device)

    def open(self, request: OpenRequest, on_progress: OnProgress) -> Footage:
        """Read a clip and whatever lies beside it."""
        model = load_body_model(request.body_model)
        clip = open_clip(
            request.clip,
            request.poses,
            request.masks,
            request.camera,
            request.truth,
            on_progress=on_progress,
        )
        return _footage(_OpenedClip(clip, model, request), "from file")

    def initialise(self, footage: Footage, on_progress: OnProgress) -> Footage:
        """Find first poses and masks, and save them beside the clip."""
        opened = _opened(footage)
        clip, model = opened.clip, opened.model
        result = initialise_sidecars(clip, model, on_progress=on_progress)
        masks = clip.masks or result.masks
        found = replace(opened, clip=replace(clip, motion=result.motion, masks=masks))
        return _footage(found, "found by the initializer", result.report.warnings)

    def build_avatar(self, footage: Footage, on_progress: OnProgress) -> AvatarStage:
        """Cut the person out, condition the avatar, encode the frames."""
        opened = _opened(footage)
        motion = opened.clip.motion
        if motion is None or not bool(motion.valid.any()):
            raise ClipError(
                f"{footage.path} has no frame with a valid pose, at least one was expected; give "
                "other poses with --poses."
            )
        ghn = load_ghn(opened.request.checkpoint, self._device)
        crops_here = _cut_out(opened.clip, motion, opened.model, on_progress)
        crops = crops_here.to(self._device)
        motion, model = motion.to(self._device), opened.model.to(self._device)
        config, draft = self._config.at_rate(opened.clip.video.fps).draft, None
        if config.steps > 0:
            draft = draft_motion(crops, motion, model, config, on_progress)
        start = motion if draft is None else draft.pose.into(motion)
        build = build_avatar(crops, start, model, ghn, on_progress=on_progress)
        features = encode_frames(ghn, crops, on_progress)
        assert isinstance(build.avatar, Avatar)
        person = _Person(
            crops_here, crops, motion, draft, start, model, ghn, build, features, build.avatar
        )
        return _avatar_stage(person, build.conditioning_rows)

    def register(
        self,
        footage: Footage,
        avatar: AvatarStage,
        includes: frozenset[int],
        excludes: frozenset[int],
        on_progress: OnProgress,
    ) -> tuple[AvatarStage, AnchorStage]:
        """Choose anchors, condition the avatar on the best pair of them, describe the joints."""
        person = _person(avatar)
        selection = select_anchors(
            person.build.avatar,
            person.crops,
            person.start,
            start=person.build.conditioning_rows[0],
            config=self._config.anchors,
            includes=_rows_of(person.start, includes),
            excludes=_rows_of(person.start, excludes),
            on_progress=on_progress,
        )
        pair = pair_from_anchors(selection)
        conditioned = condition_avatar(
            person.crops, person.start, person.build.avatar.body, person.ghn, pair
        )
        assert isinstance(conditioned, Avatar)
        descriptors = register_anchors(
            conditioned,
            person.crops,
            person.start,
            person.features,
            selection.anchors,
            self._config.matching.epsilon,
            person.ghn.joint_prototypes(),
        )
        problem = RefineProblem(
            crops=person.crops,
            initial=person.initial,
            model=person.model,
            avatar=conditioned,
            features=person.features,
            descriptors=descriptors,
            conditioning_rows=pair,
            selection=selection,
            draft=person.draft,
        )
        frames = person.crops_here.frame_index.numpy()
        valid = person.start.valid.cpu().numpy()
        stage = AnchorStage(
            frames=frames[valid],
            orientations=selection.orientations.cpu().numpy()[valid],
            anchors=tuple(int(frames[row]) for row in selection.anchors),
            scores={
                int(frames[row]): score
                for row, score in zip(selection.candidates, selection.scores, strict=True)
            },
            anchors_seeing=descriptors.counts.cpu().numpy(),
            backend=problem,
        )
        return _avatar_stage(replace(person, avatar=conditioned), pair), stage

    def default_settings(self) -> RefineSettings:
        """What the sliders start from."""
        return settings_of(self._config)

    def make_refiner(
        self, footage: Footage, avatar: AvatarStage, anchors: AnchorStage, on_progress: OnProgress
    ) -> NeuhmrOptimizer:
        """Get an optimizer ready at the initial poses."""
        assert isinstance(anchors.backend, RefineProblem)
        config = self._config.at_rate(_opened(footage).clip.video.fps)
        return NeuhmrOptimizer(anchors.backend, config)

    def read_motion(self, footage: Footage, path: Path) -> Motion:
        """Read a motion that was exported as "motion" for this clip.

        Raises:
            PoseFileError: it cannot be read, or has other frames than the initial poses.
        """
        motion, initial = read_motion_file(path).motion, footage.initial
        if initial is None or not torch.equal(motion.frame_index, initial.frame_index):
            raise PoseFileError(
                f"{path} has other frames than the initial poses; expected those of "
                f"{footage.path.name}. Delete the file to start afresh."
            )
        return motion

    @torch.no_grad()
    def pose(self, footage: Footage, motion: Motion, frame: int) -> BodyFrame | None:
        """Pose the body in one frame; None where nobody was seen."""
        row = motion_row(motion, frame)
        if row is None:
            return None
        posed = pose_frame(_opened(footage).model.with_shape(motion.betas), motion, row)
        return BodyFrame(posed.vertices.numpy(), posed.joints.numpy())

    @torch.no_grad()
    def joints(self, footage: Footage, motion: Motion) -> Float[np.ndarray, "rows joints 3"]:
        """Place the joints in all rows of a motion."""
        return frame_joints(_opened(footage).model.with_shape(motion.betas), motion).numpy()

    def crop(self, avatar: AvatarStage, frame: int) -> Image | None:
        """Show the person's box of one frame, black outside the mask."""
        crops = _person(avatar).crops_here
        row = int(np.searchsorted(crops.frame_index.numpy(), frame))
        if row >= len(crops) or int(crops.frame_index[row]) != frame:
            return None
        masked = crops.images[row].float() * crops.masks[row]
        return masked.permute(1, 2, 0).round().to(torch.uint8).numpy()

    @torch.no_grad()
    def preview(
        self, footage: Footage, avatar: AvatarStage, motion: Motion, frame: int, stride: int
    ) -> Image | None:
        """Render the avatar in the crop of one frame, every `stride`-th pixel."""
        row = motion_row(motion, frame)
        if row is None:
            return None
        person = _person(avatar)
        one_row = motion[row : row + 1].to(self._device)
        posed = pose_frame(person.avatar.body, one_row, 0)
        crop_row = int(np.searchsorted(person.crops_here.frame_index.numpy(), frame))
        rendering = render_image(person.avatar, posed, person.crops.cameras[crop_row], stride)
        return (rendering.color.clamp(0.0, 1.0) * 255.0).round().to(torch.uint8).cpu().numpy()

    def overlay(
        self, footage: Footage, image: Image, frame: int, bodies: list[PaintedBody]
    ) -> Image:
        """Draw bodies over a frame of any size; the GL context belongs to the calling thread."""
        size = (image.shape[0], image.shape[1])
        if self._overlay is None or self._overlay_size != size:
            if self._overlay is not None:
                self._overlay.__exit__(None, None, None)
            self._overlay = MeshOverlay(*size).__enter__()
            self._overlay_size = size
        opened = _opened(footage)
        camera = opened.clip.cameras_at(torch.tensor([frame]))[0].resized(*size)
        for body in bodies:
            vertices = torch.from_numpy(body.vertices)
            image = self._overlay.draw(
                image, vertices, opened.model.faces, camera, color=body.color, opacity=body.opacity
            )
        return image

    def export_kinds(self) -> tuple[ExportKind, ...]:
        """What can be written."""
        return EXPORT_KINDS

    def export(
        self, footage: Footage, motion: Motion, request: ExportRequest, on_progress: OnProgress
    ) -> None:
        """Write a motion; a video of it for "overlay"."""
        opened = _opened(footage)
        export_motion(opened.clip, opened.model, motion, request, on_progress)


def _footage(opened: _OpenedClip, source: str, remarks: tuple[str, ...] = ()) -> Footage:
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


def _opened(footage: Footage) -> _OpenedClip:
    assert isinstance(footage.backend, _OpenedClip)
    return footage.backend


def _person(avatar: AvatarStage) -> _Person:
    assert isinstance(avatar.backend, _Person)
    return avatar.backend


def _cut_out(clip: Clip, motion: Motion, model: SmplModel, on_progress: OnProgress) -> PersonCrops:
    """Crop along a motion; where there are no masks, the posed body stands in."""
    body = model.with_shape(motion.betas)

    def silhouette(row: int, camera: Camera) -> torch.Tensor:
        posed = pose_frame(body, motion, row)
        return rasterize_mesh(posed.vertices, posed.faces, camera).mask

    return crop_person(clip, motion, model, on_frame=on_progress, fallback_mask=silhouette)


def _avatar_stage(person: _Person, rows: tuple[int, int]) -> AvatarStage:
    frames = person.crops_here.frame_index.tolist()
    ious = person.build.silhouette_iou.cpu().tolist()
    cameras = person.crops.cameras
    return AvatarStage(
        conditioning_frames=(frames[rows[0]], frames[rows[1]]),
        silhouette_iou={f: iou for f, iou in zip(frames, ious, strict=True) if iou == iou},
        crop_size=(cameras.height, cameras.width),
        backend=person,
    )


def _rows_of(motion: Motion, frames: frozenset[int]) -> list[int]:
    found = [motion_row(motion, frame) for frame in sorted(frames)]
    return [row for row in found if row is not None]
