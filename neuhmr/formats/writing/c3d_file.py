"""Joints as points of a C3D file: millimeters."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from neuhmr.body.skeleton import SMPL_JOINT_NAMES
from neuhmr.clip.atomic import atomic_path
from neuhmr.errors import MissingDependencyError
from neuhmr.formats.writing.animation import Animation, Remarks

MM_PER_M = 1000.0
MISSING = -1.0
"""Residual of a point that was not seen."""


def write(path: Path, animation: Animation) -> Remarks:
    """Write all frames from the first to the last; those without a pose have no points.

    Raises:
        OutputError: the file cannot be written.
        MissingDependencyError: ezc3d is not installed.
    """
    ezc3d = _import_ezc3d()
    motion = animation.motion
    first, last = int(motion.frame_index[0]), int(motion.frame_index[-1])
    points = np.zeros((4, len(SMPL_JOINT_NAMES), last - first + 1))
    residuals = np.full((1, *points.shape[1:]), MISSING)
    frames = motion.frame_index[motion.valid] - first
    points[:3, :, frames] = MM_PER_M * animation.joints[motion.valid].transpose(2, 1, 0)
    points[3] = 1.0
    residuals[..., frames] = 0.0
    content = ezc3d.c3d()
    content["parameters"]["POINT"]["UNITS"]["value"] = ["mm"]
    content["parameters"]["POINT"]["RATE"]["value"] = [float(motion.fps)]
    content["parameters"]["POINT"]["LABELS"]["value"] = list(SMPL_JOINT_NAMES)
    content["header"]["points"]["first_frame"] = first
    content["data"]["points"] = points
    content["data"]["meta_points"]["residuals"] = residuals
    with atomic_path(path) as partial:
        content.write(str(partial))
        _require_whole(ezc3d, partial, points)
    return ("Lengths are in millimeters; points are the body's joints, not places on the skin.",)


def _require_whole(ezc3d: Any, path: Path, points: Float[np.ndarray, "4 joints frames"]) -> None:
    """Read the file back, as its writer does not notice a disk that is full.

    Raises:
        OSError: other points are in it.
    """
    try:
        found = ezc3d.c3d(str(path))["data"]["points"]
    except (OSError, RuntimeError, ValueError, IndexError) as error:
        raise OSError("it cannot be read back, the disk may be full") from error
    there = ~np.isnan(found[:3]) if found.shape == points.shape else np.zeros(0, bool)
    if not there.any() or not np.allclose(found[:3][there], points[:3][there], atol=0.1):
        raise OSError("it does not read back whole, the disk may be full")


def _import_ezc3d() -> Any:
    try:
        import ezc3d
    except ImportError as problem:
        raise MissingDependencyError(
            f"C3D files cannot be written ({problem}), the package ezc3d was expected; install it "
            "with `pip install 'neuhmr-workbench[c3d]'`, or write trc."
        ) from problem
    return ezc3d
