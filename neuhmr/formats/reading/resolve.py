"""From everybody's poses in a file to one person's, on the body that is in use."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from neuhmr.body.skeleton import NUM_JOINTS
from neuhmr.clip.intrinsics import check_intrinsics
from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.clip.motion_checks import check_poses
from neuhmr.errors import BodyModelError, PoseFileError
from neuhmr.formats.reading.body_points import points_of
from neuhmr.formats.reading.choice import Choice, choose_person
from neuhmr.formats.reading.found import FoundPerson, FoundPoses
from neuhmr.formats.reading.placing import Placed, place_person
from neuhmr.formats.reading.rest_body import (
    RestBody,
    open_rest_body,
    shares_shapes,
    typical_rest_body,
)
from neuhmr.formats.reading.rows import at_clip_rate, in_order
from neuhmr.formats.reading.skeleton_shape import shape_of_skeleton

ASSUMED_FPS = 30.0


def resolve(path: Path, found: FoundPoses, choice: Choice) -> MotionArrays:
    """Take one person's poses, in one frame of reference, on one body.

    Raises:
        PoseFileError: it is not clear whose or in which frame, or the numbers are no poses.
        BodyModelError: the source model is not of the kind that the poses belong to.
    """
    person, joined = choose_person(path, found, choice)
    rate = _rate(found, choice)
    matched = ()
    if found.rows_are_times and choice.clip_fps is not None:
        person, matched = at_clip_rate(person, rate.fps, choice.clip_fps)
    person, dropped = in_order(person)
    if not found.has_body:
        choice = replace(choice, body=choice.body or open_rest_body(), source_model=None)
    source = _source_body(found, choice)
    person, measured = _with_skeletons_shape(person, source)
    placed = place_person(path, found, person, source.hips(person.betas), choice.frame)
    betas, one_shape = _one_shape(person)
    poses = check_poses(path, {
        "global_orient": placed.orient,
        "body_pose": person.body_pose,
        "transl": placed.pelvis - source.pelvis(betas),
        "betas": betas,
        "frame_index": person.frame_index,
        "valid": person.valid,
    }, is_lenient=True)  # fmt: skip
    seen = _camera(path, found, person, placed, choice)
    content = MotionArrays(
        **poses,
        fps=choice.clip_fps if matched and choice.clip_fps else rate.fps,
        K=seen.K,
        image_size=seen.image_size,
        T_camera_world=placed.T_camera_world,
        points3d=person.points3d if placed.frame == "camera" else None,
        gender=person.gender,
        has_frame_index=found.has_frame_index or bool(matched),
        source=_source(path, found, person),
        remarks=(
            *found.remarks, *joined, *rate.remarks, *matched, *dropped, *measured, *placed.remarks,
            *one_shape, *seen.remarks,
        ),
    )  # fmt: skip
    return onto_body(content, source, choice)


def onto_body(content: MotionArrays, source: RestBody, choice: Choice) -> MotionArrays:
    """Move poses from the body they belong to onto another, pelvis on pelvis.

    With the rest pelvis J0 of either body, transl' = transl + J0(betas) - J0'(betas'). Betas go
    along only where they mean the same on both.
    """
    target = choice.body
    if target is None:
        name = "" if source.kind == "unknown" else source.kind
        return replace(content, body_model=content.body_model or name, points3d=None)
    betas = content.betas
    points: np.ndarray | None = None
    remarks: tuple[str, ...] = ()
    if not shares_shapes(source.kind, target.kind):
        betas = np.zeros_like(betas)
        points = content.points3d
        if choice.source_model is not None and len(source.template) >= NUM_JOINTS:
            points = points_of(content, source)
        remarks = (
            f"betas of {source.kind} mean nothing on {target.name.split()[0]}, whose mean shape is "
            "taken",
        )
        if choice.source_model is None:
            remarks += (
                f"the pelvis is placed by a typical body of {source.kind}, to some 2 cm; give its "
                "file with --source-model to `neuhmr convert` to place it exactly",
            )
    shift = source.pelvis(content.betas) - target.pelvis(betas)
    return replace(
        content,
        betas=betas,
        transl=np.where(content.valid[:, None], content.transl + shift, content.transl),
        body_model=target.name,
        points3d=points,
        remarks=content.remarks + remarks,
    )


def source_text(content: MotionArrays) -> str:
    """Write what poses were read from and what was done to them on the way, for a file."""
    return "; ".join((content.source, *content.remarks))


@dataclass(frozen=True)
class _Rate:
    fps: float
    remarks: tuple[str, ...]


def _rate(found: FoundPoses, choice: Choice) -> _Rate:
    if choice.fps is not None:
        return _Rate(choice.fps, ())
    if found.fps is not None:
        return _Rate(found.fps, ())
    if choice.clip_fps is not None:
        return _Rate(choice.clip_fps, ())
    return _Rate(ASSUMED_FPS, (f"frame rate assumed {ASSUMED_FPS:g}",))


def _source_body(found: FoundPoses, choice: Choice) -> RestBody:
    """Choose the body that translations and betas are understood by."""
    given, target = choice.source_model, choice.body
    if not found.has_body and target is not None:
        return target
    if given is not None:
        if not shares_shapes(given.kind, found.model):
            raise BodyModelError(
                f"The poses of {found.tool} belong to a body of {found.model}, but "
                f"{given.name} is one of {given.kind}; give that of {found.model}."
            )
        return given
    if target is not None and shares_shapes(target.kind, found.model):
        return target
    return typical_rest_body(found.model)


def _with_skeletons_shape(
    person: FoundPerson, body: RestBody
) -> tuple[FoundPerson, tuple[str, ...]]:
    """Give a body the size of the skeleton that came with the poses, if one did."""
    if person.rest_joints is None:
        return person, ()
    betas, error = shape_of_skeleton(person.rest_joints, body)
    if not np.isfinite(error):
        return person, ()
    remark = (
        f"the body's shape is fitted to its bones, whose lengths differ by {1e3 * error:.0f} mm"
    )
    return replace(person, betas=betas), (remark,)


def _one_shape(person: FoundPerson) -> tuple[Float[np.ndarray, "1 betas"], tuple[str, ...]]:
    """Give the person one shape: the mean over the valid rows."""
    betas = person.betas
    if len(betas) == 1:
        return betas, ()
    used = betas[person.valid] if person.valid.any() else betas
    varies = bool((np.abs(used - used[0]) > 1e-6).any())
    remarks = ("one shape for all frames, the mean of the frames' own",) if varies else ()
    return used.mean(axis=0, keepdims=True) if varies else used[:1], remarks


@dataclass(frozen=True)
class _Seen:
    K: np.ndarray | None = None
    image_size: tuple[int, int] | None = None
    remarks: tuple[str, ...] = ()


def _camera(
    path: Path, found: FoundPoses, person: FoundPerson, placed: Placed, choice: Choice
) -> _Seen:
    """Find the intrinsics, where poses are in the camera's frame and the image's size is known."""
    if placed.frame == "world":
        return _Seen()
    size = found.image_size or choice.image_size
    rule = found.focal_rule
    if person.K is not None:
        check_intrinsics(path, person.K, PoseFileError, "run the tool again")
        if size is None:
            return _Seen(remarks=("its intrinsics are left out, as it does not say the image's "
                                  "size; give --clip to take them along",))  # fmt: skip
        return _Seen(person.K, size)
    if rule is None:
        return _Seen()
    if size is None:
        return _Seen(remarks=(f"{found.tool} assumes a focal length of {rule}; give --clip to take "
                              "its camera along",))  # fmt: skip
    height, width = size
    remark = (
        f"a focal length of {rule.focal(height, width):.0f} px, {rule}, as {found.tool} assumes"
    )
    return _Seen(rule.K(height, width), size, (remark,))


def _source(path: Path, found: FoundPoses, person: FoundPerson) -> str:
    who = f", person {person.id}" if len(found.persons) > 1 else ""
    return f"{path.name} by {found.tool}{who}"
