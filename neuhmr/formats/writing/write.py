"""Writing a motion in any of the formats."""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.formats.writing.animation import Animation, Remarks
from neuhmr.formats.writing.formats import FORMATS, FormatName, WriteOptions, choose_up
from neuhmr.formats.writing.timeline import on_timeline
from neuhmr.formats.writing.world import stand_in_world

if TYPE_CHECKING:
    from neuhmr.body.smpl_arrays import SmplArrays
    from neuhmr.body.smpl_model import SmplModel


def write_motion(
    path: Path,
    content: MotionArrays,
    body: "SmplArrays | SmplModel",
    name: FormatName,
    options: WriteOptions | None = None,
) -> Remarks:
    """Write poses in one format and say, sentence by sentence, what the file cannot hold.

    Args:
        path: a file, or a folder that does not exist yet for formats of one file per frame.
        content: poses in each frame's camera.
        body: the model of the poses.
        name: the format.
        options: up axis, rate, and what becomes of frames without a pose.

    Raises:
        OutputError: the file cannot be written, or not with these options.
        PoseFileError: there is no pose, or there are gaps and they are refused.
        MissingDependencyError: the format needs a package that is not installed.
    """
    options = options or WriteOptions()
    animation, prepared = prepare(content, body, name, options)
    module = importlib.import_module(f"neuhmr.formats.writing.{FORMATS[name].writer}")
    return prepared + module.write(path, animation)


def prepare(
    content: MotionArrays,
    body: "SmplArrays | SmplModel",
    name: FormatName,
    options: WriteOptions,
) -> tuple[Animation, Remarks]:
    """Bring poses to the axes and the frames of a format.

    The world comes first: between two frames of a moving camera, only the world stands still.

    Raises:
        OutputError: the format cannot have these options.
        PoseFileError: there is no pose, or there are gaps and they are refused.
    """
    written = FORMATS[name]
    up = choose_up(name, options.up)
    placed: Remarks = ()
    if up is not None and content.valid.any():
        content, placed = stand_in_world(content, body, up)
    content, timed = on_timeline(content, written.holds_gaps, options.gaps, options.fps)
    return Animation(motion=content, body=body, up=up), timed + placed
