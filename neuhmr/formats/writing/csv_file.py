"""Joints as a table: one row per frame, places in space (m, camera frame) and in the image (px)."""

import csv
from pathlib import Path

import numpy as np
from jaxtyping import Float

from neuhmr.body.skeleton import SMPL_JOINT_NAMES
from neuhmr.clip.atomic import atomic_path
from neuhmr.formats.writing.animation import Animation, Remarks


def write(path: Path, animation: Animation) -> Remarks:
    """Write all frames from the first to the last; those without a pose have empty cells.

    Raises:
        OutputError: the file cannot be written.
    """
    motion = animation.motion
    pixels = _project(animation)
    columns = ["frame", "time_s"]
    columns += [f"{name}_{axis}_m" for name in SMPL_JOINT_NAMES for axis in "xyz"]
    if pixels is not None:
        columns += [f"{name}_{axis}_px" for name in SMPL_JOINT_NAMES for axis in "uv"]
    row_of = {int(frame): row for row, frame in enumerate(motion.frame_index) if motion.valid[row]}
    with atomic_path(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(columns)
        for frame in range(int(motion.frame_index[0]), int(motion.frame_index[-1]) + 1):
            row = row_of.get(frame)
            if row is None:
                cells = [""] * (len(columns) - 2)
            else:
                cells = [f"{number:.6f}" for number in animation.joints[row].flat]
                if pixels is not None:
                    cells += [f"{number:.3f}" for number in pixels[row].flat]
            table.writerow([frame, f"{frame / motion.fps:.6f}", *cells])
    if pixels is None:
        return ("Places in the image are left out, as the motion does not hold its camera.",)
    return ()


def _project(animation: Animation) -> Float[np.ndarray, "rows joints 2"] | None:
    """Find the joints' pixels; None where the camera is unknown."""
    motion = animation.motion
    if motion.K is None:
        return None
    in_image = animation.joints @ np.swapaxes(motion.K.astype(np.float64), -1, -2)
    # Placeholders may lie in the camera, where nothing has a pixel.
    depth = np.where(np.abs(in_image[..., 2:]) > 0.0, in_image[..., 2:], 1.0)
    return in_image[..., :2] / depth
