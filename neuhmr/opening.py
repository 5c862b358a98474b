"""Opening a clip, which every way through the pipeline begins with.

What is found beside the clip is taken along, poses are estimated where there are none, and the
person is cut out of every frame. With that begins `neuhmr/pipeline.py`.
"""

import functools
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool
from torch import Tensor

from neuhmr.anchors.frame_poses import pose_frame
from neuhmr.body.motion import Motion
from neuhmr.body.motion_gaps import fill_gaps, missing_frames
from neuhmr.body.smpl_model import SmplModel
from neuhmr.body.stature import with_height
from neuhmr.clip.clip import Clip
from neuhmr.clip.crops import crop_person
from neuhmr.clip.frame_ranges import frame_ranges
from neuhmr.clip.keypoints_2d import ClipKeypoints
from neuhmr.clip.open_request import OpenRequest
from neuhmr.errors import ClipError
from neuhmr.geometry.cameras import Camera
from neuhmr.ghn.renderable import HumanNetwork
from neuhmr.initial.fit_shape import fit_to_clip
from neuhmr.initial.initialise import SOURCE, initialise_sidecars
from neuhmr.pipeline import Subject, make_subject
from neuhmr.placed_clip import PlacedClip, place_clip
from neuhmr.progress import OnProgress, ignore_progress
from neuhmr.refine.run_identity import Identity, identify_files, identify_network
from neuhmr.rendering.mask_check import check_masks
from neuhmr.rendering.mesh_raster import rasterize_mesh

CROP_SIZE = (240, 180)
"""(height, width) of the person's pictures (px), as in NeuHMR."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Opened:
    """A clip, whatever lies beside it, and the body model of its poses."""

    clip: Clip
    model: SmplModel
    remarks: tuple[str, ...] = ()
    """What the user should know about poses that were read or found here, one sentence each."""
    height: float | None = None
    """Of the person, where it is known (m)."""
    keypoints: ClipKeypoints | None = None
    """What another detector saw of the person."""
    person: str | None = None
    """Who of several people, where poses are estimated."""

    def with_poses(self, on_progress: OnProgress = ignore_progress) -> "Opened":
        """Estimate poses where there are none, and keep them beside the clip for the next time.

        Masks that are found on the way fill in missing ones.

        Raises:
            ClipError: nobody is seen.
            MissingDependencyError: MediaPipe is not installed.
            OutputError: poses or masks cannot be written.
        """
        if self.clip.motion is not None:
            return self
        found = initialise_sidecars(
            self.clip, self.model, on_progress=on_progress, person=self.person
        )
        masks = self.clip.masks or found.masks
        clip = replace(self.clip, motion=found.motion, poses_source=SOURCE, masks=masks)
        return replace(self, clip=clip, remarks=found.report.warnings)

    def motion(self) -> Motion:
        """Give the initial poses, on a body of the known height if there is one.

        Raises:
            ClipError: there are none.
            NeuhmrError: no body has that height.
        """
        if self.clip.motion is None:
            raise ClipError(
                f"{self.clip.video.path} has no poses, initial poses were expected; give a pose "
                "file, or estimate them with `neuhmr init`."
            )
        motion = self.clip.motion
        return motion if self.height is None else with_height(motion, self.model, self.height)

    def subject(
        self,
        network: HumanNetwork,
        device: torch.device | str = "cpu",
        size: tuple[int, int] = CROP_SIZE,
        on_progress: OnProgress = ignore_progress,
    ) -> Subject:
        """Cut the person out of every frame; without masks, the posed body stands in.

        Args:
            network: what the person is going to be rendered with.
            device: where all later stages compute.
            size: (height, width) of the pictures (px).
            on_progress: told after every frame.

        Raises:
            ClipError: there are no valid poses, or the masks cannot be of this person.
            NeuhmrError: no body has the height that the person is said to have.
        """
        motion = self.motion()
        body = self.model.with_shape(motion.betas)

        def silhouette(row: int, camera: Camera) -> Bool[Tensor, "height width"]:
            posed = pose_frame(body, motion, row)
            return rasterize_mesh(posed.vertices, posed.faces, camera).mask

        crops = crop_person(
            self.clip, motion, self.model, *size, on_frame=on_progress, fallback_mask=silhouette
        )
        if self.clip.masks is not None:
            check_masks(crops, motion, body, self.clip.video.path.name)
        fps, keypoints = self.clip.video.fps, self.keypoints
        is_believed = self.clip.poses_source.startswith(SOURCE)
        subject = make_subject(
            crops, motion, self.model, network, fps, device, keypoints, is_believed
        )
        return replace(subject, origin={**self.origin, **identify_network(network)})

    @functools.cached_property
    def origin(self) -> Identity:
        """Which video, masks and camera these are; digested once."""
        return identify_files(self.clip)


def open_clip_files(request: OpenRequest, on_progress: OnProgress = ignore_progress) -> Opened:
    """Open a clip with everything that was named or lies beside it.

    Raises:
        ClipError: the video, masks or camera cannot be used.
        PoseFileError: the poses or the truth cannot be used.
        BodyModelError: the body model is no SMPL-format file.
        NeuhmrError: the height is no person's.
    """
    return open_placed(place_clip(request, on_progress))


def open_placed(placed: PlacedClip) -> Opened:
    """Go on with a clip that was read: fit the body and close gaps, as the user wishes.

    Raises:
        ClipError: there is nothing that the body's shape could be fitted to.
    """
    clip, request, remarks = placed.clip, placed.request, placed.remarks
    if clip.motion is not None:
        motion = clip.motion
        if request.fit_shape == "on":
            motion, fitted = fit_to_clip(clip, motion, placed.model, placed.keypoints)
            remarks += (fitted,)
        motion, filled = _without_short_gaps(motion, request.fill_gaps)
        clip, remarks = replace(clip, motion=motion), remarks + filled
    return Opened(
        clip=clip,
        model=placed.model,
        remarks=remarks,
        height=request.height,
        keypoints=placed.keypoints,
        person=request.person,
    )


def _without_short_gaps(motion: Motion, longest: int) -> tuple[Motion, tuple[str, ...]]:
    """Close gaps as far as the user wishes, and say which and what is left."""
    filled = fill_gaps(motion, longest)
    remarks = []
    if filled.frames:
        remarks.append(
            f"Frames {frame_ranges(filled.frames)} had no pose; theirs begin between their "
            "neighbors' poses."
        )
    left = missing_frames(filled.motion)
    if left:
        remarks.append(
            f"Frames {frame_ranges(left)} have no pose and get none; "
            "--fill-gaps N fills gaps of up to N frames."
        )
    return filled.motion, tuple(remarks)
