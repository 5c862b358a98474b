"""From the frames of reference that a tool uses to the one that is asked for.

A camera's motion is given towards a world whose y axis points up, whatever the tool's own does.
Poses that are wanted in the world are turned so that y points down, as before a level camera.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from neuhmr.errors import PoseFileError
from neuhmr.formats.reading.choice import FrameChoice
from neuhmr.formats.reading.found import FoundPerson, FoundPoses, WorldUp
from neuhmr.formats.reading.translation import (
    inverse,
    moved,
    pelvis_of,
    rigid,
    transform_between,
)

_Y_DOWN_FROM: dict[WorldUp, list[list[float]]] = {
    "+y": [[1, 0, 0], [0, -1, 0], [0, 0, -1]],
    "+z": [[1, 0, 0], [0, 0, -1], [0, 1, 0]],
    "-y": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "unknown": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
}
"""Turns a world so that y points down."""


class Placed(NamedTuple):
    """A body in the frame of reference that was asked for."""

    orient: Float[np.ndarray, "rows 3"]
    pelvis: Float[np.ndarray, "rows 3"]
    """(m)."""
    T_camera_world: Float[np.ndarray, "rows 4 4"] | None
    """The world's y axis points up."""
    frame: FrameChoice
    remarks: tuple[str, ...]


def place_person(
    path: Path,
    found: FoundPoses,
    person: FoundPerson,
    hips_at_rest: Float[np.ndarray, "#rows 3 3"],
    wanted: FrameChoice | None,
) -> Placed:
    """Place a person in the camera's frame or the world's.

    Raises:
        PoseFileError: the file does not say where they are in that frame.
    """
    in_camera = in_world = None
    if person.camera is not None:
        in_camera = person.camera.orient, pelvis_of(person.camera, hips_at_rest)
    if person.world is not None:
        in_world = person.world.orient, pelvis_of(person.world, hips_at_rest)
    transform, remarks = person.T_camera_world, ()
    if transform is None and in_camera is not None and in_world is not None:
        transform = transform_between(*in_world, *in_camera)
        remarks = ("the camera's motion follows from the body's place in camera and world",)
    if transform is not None and in_camera is None and in_world is not None:
        in_camera = moved(*in_world, transform)
    if transform is not None and in_world is None and in_camera is not None:
        in_world = moved(*in_camera, inverse(transform))
    if wanted != "world" and in_camera is not None:
        towards_y_up = _with_y_up(transform, found.world_up)
        return Placed(*in_camera, towards_y_up, "camera", remarks)
    if wanted == "camera" or in_world is None:
        other = "--camera-frame" if wanted == "world" else "--world"
        raise PoseFileError(
            f"{path} ({found.tool}) does not say where the person is in the {wanted}'s frame, a "
            f"file with that was expected; use {other}."
        )
    upright = rigid(np.array(_Y_DOWN_FROM[found.world_up], np.float64), np.zeros(3))
    orient, pelvis = moved(*in_world, upright[None])
    remarks = (
        "poses are in the world, turned so that y points down, and do not lie over the picture",
    )
    return Placed(orient, pelvis, None, "world", remarks)


def _with_y_up(
    T_camera_world: Float[np.ndarray, "rows 4 4"] | None, up: WorldUp
) -> Float[np.ndarray, "rows 4 4"] | None:
    """Turn the world, and not the camera, so that y points up."""
    if T_camera_world is None:
        return None
    towards_y_down = np.array(_Y_DOWN_FROM[up], np.float64)
    if up == "unknown":
        return T_camera_world
    towards_y_up = np.array(_Y_DOWN_FROM["+y"]) @ towards_y_down
    return T_camera_world @ rigid(towards_y_up.T, np.zeros(3))
