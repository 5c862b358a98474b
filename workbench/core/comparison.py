"""Two versions side by side: how far apart each joint is in each frame, and how wrong both are."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from neuhmr.body.local_pose import LocalPose
from neuhmr.body.motion import Motion
from neuhmr.geometry.rotations import rotation_angle
from workbench.engine.exchange import motion_row
from workbench.engine.interface import Footage

INITIAL, SHOWN, TRUTH = "initial", "shown", "truth"
"""What can be compared beside kept versions."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """Distances between two versions of the poses, the pelvis laid together."""

    first: str
    second: str
    motions: tuple[Motion, Motion]
    frames: Int[np.ndarray, " frames"]
    apart_mm: Float[np.ndarray, "frames joints"]
    turned_deg: Float[np.ndarray, "frames joints"]
    """By how much each joint is turned differently in its parent's axes."""
    errors_mm: tuple[Float[np.ndarray, "frames joints"] | None, ...]
    """Of the first and the second against the truth; None where it is not known."""


def compare(
    footage: Footage, first: str, second: str, motions: tuple[Motion, Motion]
) -> Comparison:
    """Compare two motions in the frames that both have."""
    frames, rows = _common(motions[0], motions[1])
    joints = [_hip_aligned(footage, motion)[row] for motion, row in zip(motions, rows, strict=True)]
    poses = [
        LocalPose.from_motion(motion).rotmat[row.tolist()]
        for motion, row in zip(motions, rows, strict=True)
    ]
    turned = rotation_angle(poses[0].transpose(-1, -2) @ poses[1]).numpy()
    return Comparison(
        first=first,
        second=second,
        motions=motions,
        frames=frames,
        apart_mm=1000.0 * np.linalg.norm(joints[0] - joints[1], axis=-1),
        turned_deg=np.degrees(turned),
        errors_mm=tuple(_errors(footage, motion, frames) for motion in motions),
    )


def _errors(
    footage: Footage, motion: Motion, frames: Int[np.ndarray, " frames"]
) -> Float[np.ndarray, "frames joints"] | None:
    """Measure joints against the truth; NaN in frames without any."""
    if footage.truth is None or motion is footage.truth:
        return None
    known, (mine, true) = _common(motion, footage.truth)
    off = _hip_aligned(footage, motion)[mine] - _hip_aligned(footage, footage.truth)[true]
    errors = np.full((len(frames), off.shape[1]), np.nan)
    places = np.searchsorted(known, frames).clip(max=max(len(known) - 1, 0))
    is_known = known[places] == frames if len(known) else np.zeros(len(frames), bool)
    distances = 1000.0 * np.linalg.norm(off, axis=-1)
    errors[is_known] = distances[places[is_known]]
    return errors


def _common(
    first: Motion, second: Motion
) -> tuple[Int[np.ndarray, " frames"], tuple[Int[np.ndarray, " rows"], Int[np.ndarray, " rows"]]]:
    """Find the frames that both have poses for, and their rows in each."""
    pairs = [
        (frame, row, other)
        for row, frame in enumerate(first.frame_index.tolist())
        if bool(first.valid[row]) and (other := motion_row(second, frame)) is not None
    ]
    table = np.array(pairs, np.int64).reshape(-1, 3)
    return table[:, 0], (table[:, 1], table[:, 2])


def _hip_aligned(footage: Footage, motion: Motion) -> Float[np.ndarray, "rows joints 3"]:
    joints = footage.joints(motion).astype(np.float64)
    return joints - joints[:, :1]
