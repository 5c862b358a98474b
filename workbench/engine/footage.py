"""An opened clip of the library, as the window sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float

from neuhmr.anchors.frame_poses import frame_joints, pose_frame
from neuhmr.body.motion import Motion
from neuhmr.clip.motion_file import read_motion_file
from neuhmr.clip.open_request import OpenRequest
from neuhmr.errors import PoseFileError
from neuhmr.ghn.checkpoint import load_ghn, rendering_digest
from neuhmr.opening import Opened
from neuhmr.progress import OnProgress
from neuhmr.refine.correction.skeleton import Skeleton
from neuhmr.refine.run_identity import digest_of_masks
from neuhmr.refine.settings import RefineConfig
from neuhmr.rendering.mesh_overlay import MeshOverlay
from workbench.engine.avatar import NeuhmrAvatar, show_person
from workbench.engine.exchange import BodyFrame, ExportRequest, Image, PaintedBody, motion_row
from workbench.engine.export import export_motion
from workbench.engine.interface import Footage
from workbench.engine.keypoints import load_heatmap_model
from workbench.engine.pose_cache import PoseCache


class Painter:
    """Keeps one GL context for pictures of one size; used by one thread."""

    def __init__(self) -> None:
        self._overlay: MeshOverlay | None = None
        self._size = (0, 0)

    def of_size(self, height: int, width: int) -> MeshOverlay:
        """Give a context for pictures of this size."""
        if self._overlay is None or self._size != (height, width):
            if self._overlay is not None:
                self._overlay.__exit__(None, None, None)
            self._overlay = MeshOverlay(height, width).__enter__()
            self._size = (height, width)
        return self._overlay


@dataclass(frozen=True, kw_only=True, eq=False)
class NeuhmrFootage(Footage):
    """A clip that is opened, and what its later stages need."""

    opened: Opened
    request: OpenRequest
    device: torch.device
    painter: Painter = field(default_factory=Painter, repr=False)
    poses: PoseCache = field(default_factory=PoseCache, repr=False)

    def initialise(self, on_progress: OnProgress) -> "NeuhmrFootage":
        """Find first poses and masks, and save them beside the clip."""
        found = self.opened.with_poses(on_progress)
        return show_clip(found, self.request, self.device, "found by the initializer")

    def build_avatar(self, config: RefineConfig, on_progress: OnProgress) -> NeuhmrAvatar:
        """Cut the person out, draft better poses, and condition the avatar.

        Raises:
            ClipError: there are no valid poses, or no frame shows enough of the person.
        """
        ghn = load_ghn(self.request.checkpoint, self.device)
        subject = self.opened.subject(ghn, self.device, on_progress=on_progress)
        person = subject.draft(config, on_progress).person(on_progress)
        heatmaps, missing = load_heatmap_model(ghn, self.opened.model, self.request.heatmaps)
        return show_person(
            config,
            person,
            person.build.avatar,
            person.build.conditioning_rows,
            heatmaps,
            missing,
            rendering_digest(ghn),
        )

    def read_motion(self, path: Path) -> Motion:
        """Read a motion that was exported as "motion" for this clip.

        Raises:
            PoseFileError: it cannot be read, or has other frames than the initial poses.
        """
        motion = read_motion_file(path).motion
        if self.initial is None or not torch.equal(motion.frame_index, self.initial.frame_index):
            raise PoseFileError(
                f"{path} has other frames than the initial poses; expected those of "
                f"{self.path.name}. Delete the file to start afresh."
            )
        return motion

    def pose(self, motion: Motion, frame: int) -> BodyFrame | None:
        """Pose the body in one frame; None where nobody was seen."""
        return self.poses.get(motion, frame, lambda: self._pose(motion, frame))

    @torch.no_grad()
    def _pose(self, motion: Motion, frame: int) -> BodyFrame | None:
        row = motion_row(motion, frame)
        if row is None:
            return None
        posed = pose_frame(self.opened.model.with_shape(motion.betas), motion, row)
        return BodyFrame(posed.vertices.numpy(), posed.joints.numpy())

    @torch.no_grad()
    def joints(self, motion: Motion) -> Float[np.ndarray, "rows joints 3"]:
        """Place the joints in all rows of a motion."""
        return frame_joints(self.opened.model.with_shape(motion.betas), motion).numpy()

    @torch.no_grad()
    def skeleton(self, motion: Motion) -> Skeleton:
        """Say how long the person's bones are."""
        return Skeleton(self.opened.model.with_shape(motion.betas).joints_rest)

    def overlay(self, image: Image, frame: int, bodies: list[PaintedBody]) -> Image:
        """Draw bodies over a frame of any size; the GL context belongs to the calling thread."""
        size = (image.shape[0], image.shape[1])
        overlay = self.painter.of_size(*size)
        camera = self.opened.clip.cameras_at(torch.tensor([frame]))[0].resized(*size)
        for body in bodies:
            vertices, faces = torch.from_numpy(body.vertices), self.opened.model.faces
            image = overlay.draw(
                image, vertices, faces, camera, color=body.color, opacity=body.opacity
            )
        return image

    def export(
        self, motion: Motion, request: ExportRequest, on_progress: OnProgress
    ) -> tuple[str, ...]:
        """Write a motion; a video of it for "overlay"."""
        return export_motion(self.opened.clip, self.opened.model, motion, request, on_progress)


def show_clip(
    opened: Opened,
    request: OpenRequest,
    device: torch.device,
    source: str,
    people: Mapping[str, Motion] | None = None,
) -> NeuhmrFootage:
    """Show a clip to the window.

    Args:
        opened: the clip.
        request: which files it was made of.
        device: where its later stages compute.
        source: where the initial poses come from, in the user's words.
        people: poses of everybody in their file, where there are several.
    """
    clip, model = opened.clip, opened.model
    return NeuhmrFootage(
        path=request.clip,
        video=clip.video,
        camera=clip.camera,
        camera_is_guessed=clip.camera_is_guessed,
        masks=clip.masks,
        masks_digest="" if clip.masks is None else digest_of_masks(clip.masks),
        initial=None if clip.motion is None else opened.motion(),
        truth=clip.truth,
        source=source,
        remarks=opened.remarks,
        people=people or {},
        person=(request.person or "") if people else "",
        body_name=f"{model.name}, {len(model.v_template)} vertices",
        faces=model.faces.numpy(),
        opened=opened,
        request=request,
        device=device,
    )
