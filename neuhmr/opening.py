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
from neuhmr.body.model_files import load_body_model
from neuhmr.body.motion import Motion
from neuhmr.body.motion_gaps import fill_gaps, missing_frames
from neuhmr.body.pose_readings import GIVEN, read_as
from neuhmr.body.smpl_model import SmplModel
from neuhmr.body.stature import check_height, with_height
from neuhmr.clip.camera_choice import CameraChoice
from neuhmr.clip.clip import Clip, open_clip
from neuhmr.clip.crops import crop_person
from neuhmr.clip.frame_ranges import frame_ranges
from neuhmr.clip.keypoints_2d import ClipKeypoints
from neuhmr.clip.mask_changes import MaskChanges
from neuhmr.clip.open_request import OpenRequest
from neuhmr.errors import ClipError, MisplacedPosesError
from neuhmr.formats.keypoints.read import read_keypoints_2d
from neuhmr.formats.reading.clip_poses import ClipPoses
from neuhmr.formats.reading.rest_body import rest_body_of
from neuhmr.geometry.cameras import Camera
from neuhmr.ghn.renderable import HumanNetwork
from neuhmr.initial.fit_shape import fit_to_clip, fit_to_points
from neuhmr.initial.initialise import initialise_sidecars
from neuhmr.pipeline import Subject, make_subject
from neuhmr.progress import OnProgress, ignore_progress
from neuhmr.refine.run_identity import Identity, identify_files, identify_network
from neuhmr.rendering.mask_check import check_masks
from neuhmr.rendering.mesh_raster import rasterize_mesh
from neuhmr.rendering.overlay_check import overlay_problem, person_boxes

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
        clip = replace(self.clip, motion=found.motion, masks=masks)
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
        subject = make_subject(crops, motion, self.model, network, fps, device, keypoints)
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
    if request.height is not None:
        check_height(request.height)
    model = load_body_model(request.body_model)
    fits = request.fit_shape != "off"
    poses = ClipPoses(
        rest_body_of(model),
        request.person,
        (lambda content: fit_to_points(content, model)) if fits else None,
    )
    clip = open_clip(
        request.clip,
        request.poses,
        request.masks,
        CameraChoice(
            path=request.camera, name=request.camera_name, focal=request.focal, fov=request.fov
        ),
        request.truth,
        on_progress=on_progress,
        read=poses.read,
        person=request.person,
        mask_changes=MaskChanges(invert=request.invert_masks, grow=request.grow_masks),
    )
    if clip.motion is not None:
        clip = replace(clip, motion=_on_the_person(clip, clip.motion, model, request.poses_as))
    keypoints, said = _keypoints(clip, request, model)
    remarks = (*poses.remarks, *clip.remarks, *said)
    if clip.motion is not None:
        motion = clip.motion
        if request.fit_shape == "on":
            motion, fitted = fit_to_clip(clip, motion, model, keypoints)
            remarks += (fitted,)
        motion, filled = _without_short_gaps(motion, request.fill_gaps)
        clip, remarks = replace(clip, motion=motion), remarks + filled
    return Opened(
        clip=clip,
        model=model,
        remarks=remarks,
        height=request.height,
        keypoints=keypoints,
        person=request.person,
    )


def _keypoints(
    clip: Clip, request: OpenRequest, model: SmplModel
) -> tuple[ClipKeypoints | None, tuple[str, ...]]:
    """Read another detector's keypoints if some were given; masks or poses say who is meant."""
    if request.keypoints_2d is None:
        return None, ()
    size = (clip.video.height, clip.video.width)
    return read_keypoints_2d(
        request.keypoints_2d, len(clip), size, request.person, lambda: person_boxes(clip, model)
    )


def _on_the_person(clip: Clip, motion: Motion, model: SmplModel, reading: str | None) -> Motion:
    """Read poses as the user says, and refuse such as lie elsewhere, unless the user says so.

    Raises:
        PoseFileError: there is no such reading.
        MisplacedPosesError: bodies do not lie on the person.
    """
    if reading is not None:
        motion = read_as(motion, reading, model.with_shape(motion.betas).joints_rest[0])
    problem = None if reading == GIVEN else overlay_problem(clip, motion, model)
    if problem is not None:
        message = f"{clip.video.path.name}: {problem.message}"
        raise MisplacedPosesError(message, problem.readings)
    return motion


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
