"""A clip with all that was named or lies beside it, read and seen to belong together.

This is the part of opening that refuses what cannot be used. It needs torch and little else, so
that a command says what is wrong before it imports what refines. `neuhmr/opening.py` goes on.
"""

from dataclasses import dataclass, replace

from neuhmr.body.model_files import load_body_model
from neuhmr.body.motion import Motion
from neuhmr.body.pose_readings import GIVEN, read_as
from neuhmr.body.smpl_model import SmplModel
from neuhmr.body.stature import check_height
from neuhmr.clip.camera_choice import CameraChoice
from neuhmr.clip.clip import Clip, open_clip
from neuhmr.clip.keypoints_2d import ClipKeypoints
from neuhmr.clip.mask_changes import MaskChanges
from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.clip.open_request import OpenRequest
from neuhmr.errors import MisplacedPosesError
from neuhmr.formats.keypoints.read import read_keypoints_2d
from neuhmr.formats.reading.clip_poses import ClipPoses
from neuhmr.formats.reading.rest_body import rest_body_of
from neuhmr.progress import OnProgress, ignore_progress
from neuhmr.rendering.overlay_check import overlay_problem, person_boxes


@dataclass(frozen=True, kw_only=True, eq=False)
class PlacedClip:
    """A clip whose poses, if it has any, lie on the person in the picture."""

    request: OpenRequest
    clip: Clip
    model: SmplModel
    remarks: tuple[str, ...] = ()
    """What the user should know about what was read, one sentence each."""
    keypoints: ClipKeypoints | None = None
    """What another detector saw of the person."""


def place_clip(request: OpenRequest, on_progress: OnProgress = ignore_progress) -> PlacedClip:
    """Read a clip's files.

    Raises:
        ClipError: the video, masks or camera cannot be used.
        PoseFileError: the poses or the truth cannot be used.
        BodyModelError: the body model is no SMPL-format file.
        NeuhmrError: the height is no person's.
    """
    if request.height is not None:
        check_height(request.height)
    model = load_body_model(request.body_model)

    def fit(content: MotionArrays) -> MotionArrays:
        if content.points3d is None:
            return content
        from neuhmr.initial.fit_shape import fit_to_points  # Few files hold points.

        return fit_to_points(content, model)

    poses = ClipPoses(
        rest_body_of(model), request.person, fit if request.fit_shape != "off" else None
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
    return PlacedClip(
        request=request,
        clip=clip,
        model=model,
        remarks=(*poses.remarks, *clip.remarks, *said),
        keypoints=keypoints,
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
        raise MisplacedPosesError(message, problem.explanation, problem.readings)
    return motion
