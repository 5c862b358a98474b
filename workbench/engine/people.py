"""Everybody whose poses a file holds, so that one of them can be chosen by a click."""

from pathlib import Path

import torch

from neuhmr.body.motion import Motion
from neuhmr.body.pose_readings import read_as
from neuhmr.clip.open_request import OpenRequest
from neuhmr.clip.sidecars import find_sidecar, foreign_pose_sidecars
from neuhmr.errors import NeuhmrError
from neuhmr.formats.reading.choice import Choice
from neuhmr.formats.reading.found import FoundPoses
from neuhmr.formats.reading.read import DAMAGE, is_motion_file, read_everybody
from neuhmr.formats.reading.resolve import resolve
from neuhmr.formats.reading.rest_body import rest_body_of
from neuhmr.opening import Opened


def several_people(request: OpenRequest) -> FoundPoses | None:
    """Read the pose file of a clip if it holds several people; None if one, or there is none.

    Raises:
        PoseFileError: it is of no known tool, or damaged.
    """
    path = _pose_file(request)
    if path is None or is_motion_file(path):
        return None
    found = read_everybody(path)
    return found if len(found.persons) > 1 else None


@torch.no_grad()
def people_of(found: FoundPoses, opened: Opened, request: OpenRequest) -> dict[str, Motion]:
    """Put everybody in a clip's pose file onto the clip's body, by id.

    Who cannot be read is left out: nobody has asked for them yet.
    """
    path = _pose_file(request)
    assert path is not None, "they were found somewhere"
    video, model = opened.clip.video, opened.model
    people: dict[str, Motion] = {}
    for person in found.persons:
        choice = Choice(
            body=rest_body_of(model),
            person=person.id,
            clip_fps=video.fps,
            image_size=(video.height, video.width),
        )
        try:
            motion = resolve(path, found, choice).motion
        except (NeuhmrError, *DAMAGE):
            continue
        if request.poses_as is not None:
            pelvis = model.with_shape(motion.betas).joints_rest[0]
            motion = read_as(motion, request.poses_as, pelvis)
        people[person.id] = motion
    return people


def _pose_file(request: OpenRequest) -> Path | None:
    """Find the file that the clip's poses were read from."""
    if request.poses is not None:
        return request.poses
    foreign = foreign_pose_sidecars(request.clip)
    return find_sidecar(request.clip, "poses") or next(iter(foreign), None)
