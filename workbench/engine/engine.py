"""The real engine: the library's functions behind the window's verbs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float

from neuhmr.anchors.frame_poses import frame_joints, pose_frame
from neuhmr.body.model_files import load_body_model
from neuhmr.body.motion import Motion
from neuhmr.cli.inputs import choose_device
from neuhmr.clip.clip import open_clip
from neuhmr.clip.motion_file import read_motion_file
from neuhmr.errors import CheckpointError, ClipError, PoseFileError
from neuhmr.ghn.avatar import render_image
from neuhmr.initial.initialise import initialise_sidecars
from neuhmr.progress import OnProgress
from neuhmr.refine.config import RefineConfig, preset
from neuhmr.refine.problem import RefineProblem
from neuhmr.rendering.mesh_overlay import MeshOverlay
from workbench.engine.export import EXPORT_KINDS, export_motion
from workbench.engine.free_view import Viewpoint
from workbench.engine.interface import (
    AnchorStage,
    AvatarStage,
    BodyFrame,
    ExportKind,
    ExportRequest,
    Footage,
    Image,
    PaintedBody,
    motion_row,
)
from workbench.engine.keypoint_report import KeypointReport, KeypointSource, ViewHeatmaps
from workbench.engine.keypoints import (
    render_view,
    report_keypoints,
)
from workbench.engine.open_request import OpenRequest
from workbench.engine.optimizer import RefineSettings
from workbench.engine.person import (
    OpenedClip,
    avatar_stage,
    footage_of,
    opened_clip,
    person_of,
)
from workbench.engine.refinement import NeuhmrOptimizer, settings_of
from workbench.engine.stages import build_person, register_person


class NeuhmrEngine:
    """Fulfils `workbench.engine.interface.Engine`."""

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
        return footage_of(OpenedClip(clip, model, request), "from file")

    def initialise(self, footage: Footage, on_progress: OnProgress) -> Footage:
        """Find first poses and masks, and save them beside the clip."""
        opened = opened_clip(footage)
        clip, model = opened.clip, opened.model
        result = initialise_sidecars(clip, model, on_progress=on_progress)
        masks = clip.masks or result.masks
        found = replace(opened, clip=replace(clip, motion=result.motion, masks=masks))
        return footage_of(found, "found by the initializer", result.report.warnings)

    def build_avatar(self, footage: Footage, on_progress: OnProgress) -> AvatarStage:
        """Cut the person out, condition the avatar, encode the frames."""
        opened = opened_clip(footage)
        motion = opened.clip.motion
        if motion is None or not bool(motion.valid.any()):
            raise ClipError(
                f"{footage.path} has no frame with a valid pose, at least one was expected; give "
                "other poses with --poses."
            )
        person = build_person(opened, motion, self._device, self._config, on_progress)
        return avatar_stage(person)

    def register(
        self,
        footage: Footage,
        avatar: AvatarStage,
        includes: frozenset[int],
        excludes: frozenset[int],
        on_progress: OnProgress,
    ) -> tuple[AvatarStage, AnchorStage]:
        """Choose anchors, condition the avatar on the best pair of them, describe the joints."""
        person, anchors = register_person(
            person_of(avatar), self._config, includes, excludes, on_progress
        )
        return avatar_stage(person), anchors

    def default_settings(self) -> RefineSettings:
        """What the sliders start from."""
        return settings_of(self._config)

    def make_refiner(
        self, footage: Footage, avatar: AvatarStage, anchors: AnchorStage, on_progress: OnProgress
    ) -> NeuhmrOptimizer:
        """Get an optimizer ready at the initial poses."""
        assert isinstance(anchors.backend, RefineProblem)
        config = self._config.at_rate(opened_clip(footage).clip.video.fps)
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
        posed = pose_frame(opened_clip(footage).model.with_shape(motion.betas), motion, row)
        return BodyFrame(posed.vertices.numpy(), posed.joints.numpy())

    @torch.no_grad()
    def joints(self, footage: Footage, motion: Motion) -> Float[np.ndarray, "rows joints 3"]:
        """Place the joints in all rows of a motion."""
        return frame_joints(opened_clip(footage).model.with_shape(motion.betas), motion).numpy()

    def crop(self, avatar: AvatarStage, frame: int) -> Image | None:
        """Show the person's box of one frame, black outside the mask."""
        crops = person_of(avatar).crops_here
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
        person = person_of(avatar)
        one_row = motion[row : row + 1].to(self._device)
        posed = pose_frame(person.avatar.body, one_row, 0)
        crop_row = int(np.searchsorted(person.crops_here.frame_index.numpy(), frame))
        rendering = render_image(person.avatar, posed, person.crops.cameras[crop_row], stride)
        return (rendering.color.clamp(0.0, 1.0) * 255.0).round().to(torch.uint8).cpu().numpy()

    def keypoints(
        self,
        footage: Footage,
        avatar: AvatarStage,
        motion: Motion,
        frame: int,
        source: KeypointSource,
    ) -> KeypointReport | None:
        """Find keypoints in a frame's rendered heatmaps; None where nobody was seen.

        Raises:
            CheckpointError: heatmaps are missing.
        """
        person = person_of(avatar)
        if person.heatmaps is None:
            raise CheckpointError(person.heatmaps_missing)
        here = motion.to(self._device)
        return report_keypoints(person.heatmaps, person.avatar, person.crops, here, frame, source)

    def view_heatmaps(
        self,
        footage: Footage,
        avatar: AvatarStage,
        motion: Motion,
        frame: int,
        source: KeypointSource,
        viewpoint: Viewpoint,
    ) -> ViewHeatmaps | None:
        """Render color and heatmaps of the person from a free view; None where nobody was seen.

        Raises:
            CheckpointError: heatmaps are missing.
            WorkbenchError: the person is not before the view.
        """
        person = person_of(avatar)
        if person.heatmaps is None:
            raise CheckpointError(person.heatmaps_missing)
        here = motion.to(self._device)
        return render_view(
            person.heatmaps, person.avatar, person.crops, here, frame, source, viewpoint
        )

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
        opened = opened_clip(footage)
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
        opened = opened_clip(footage)
        export_motion(opened.clip, opened.model, motion, request, on_progress)
