"""Distances between two sets of poses, as the field reports them.

Points come in metres, distances leave in millimetres, always per frame and point: averaging is the
caller's. Camera-frame points (OpenCV) are needed only where a docstring says so.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from neuhmr.geometry.procrustes import Similarity, align_similarity

MM_PER_M = 1000.0
PELVIS, LEFT_HIP, RIGHT_HIP = 0, 1, 2


def hips_midpoint(joints: Float[Tensor, "*batch joints 3"]) -> Float[Tensor, "*batch 1 3"]:
    """Find the point between the SMPL hips, EMDB's and AGORA's root."""
    return joints[..., [LEFT_HIP, RIGHT_HIP], :].mean(dim=-2, keepdim=True)


def pelvis(joints: Float[Tensor, "*batch joints 3"]) -> Float[Tensor, "*batch 1 3"]:
    """Take the SMPL pelvis, the root of older tables."""
    return joints[..., PELVIS : PELVIS + 1, :]


def distances_mm(
    points: Float[Tensor, "*batch points 3"], target: Float[Tensor, "*batch points 3"]
) -> Float[Tensor, "*batch points"]:
    """Measure how far each point is from its target (m in, mm out)."""
    return (points - target).norm(dim=-1) * MM_PER_M


def procrustes_to(
    joints: Float[Tensor, "*batch joints 3"], target: Float[Tensor, "*batch joints 3"]
) -> Similarity:
    """Find each frame's similarity that brings the joints nearest to the target.

    PA-PVE applies the same transform, found on the joints, to the vertices, as EMDB's script does.
    """
    return align_similarity(joints, target)


def ray_split_mm(
    error: Float[Tensor, "*batch points 3"], position: Float[Tensor, "*batch points 3"]
) -> tuple[Float[Tensor, "*batch points"], Float[Tensor, "*batch points"]]:
    """Split errors into the part along the camera ray and the part across it (m in, mm out).

    Args:
        error: predicted minus true point, aligned in whatever way is being reported.
        position: the true point in the camera frame; its direction is the ray.

    Returns:
        Lengths (along the ray, across the ray): an image shows the second and hides the first.
    """
    ray = torch.nn.functional.normalize(position, dim=-1)
    along = (error * ray).sum(dim=-1, keepdim=True)
    across = error - along * ray
    return along[..., 0].abs() * MM_PER_M, across.norm(dim=-1) * MM_PER_M


def consecutive_runs(frame_index: Int[Tensor, " frames"], length: int) -> Bool[Tensor, " windows"]:
    """Mark windows of `length` rows whose video frames follow each other without a gap."""
    count = max(len(frame_index) - length + 1, 0)
    last = frame_index[length - 1 : length - 1 + count]
    return last - frame_index[:count] == length - 1


def accelerations(
    points: Float[Tensor, "frames points 3"], frame_index: Int[Tensor, " frames"]
) -> Float[Tensor, "windows points 3"]:
    """Take second differences (m/frame^2) wherever three frames follow each other."""
    second = points[2:] - 2.0 * points[1:-1] + points[:-2]
    return second[consecutive_runs(frame_index, 3)]


def accel_error_mm_per_frame2(
    joints: Float[Tensor, "frames joints 3"],
    target: Float[Tensor, "frames joints 3"],
    frame_index: Int[Tensor, " frames"],
) -> Float[Tensor, "windows joints"]:
    """Measure how far accelerations are from the true ones (mm/frame^2).

    As in VIBE and WHAM, the caller passes joints aligned at the root. Windows are only those of
    three frames in a row; there may be none.
    """
    difference = accelerations(joints, frame_index) - accelerations(target, frame_index)
    return difference.norm(dim=-1) * MM_PER_M


def jitter(
    joints: Float[Tensor, "frames joints 3"], frame_index: Int[Tensor, " frames"], fps: float
) -> Float[Tensor, "windows joints"]:
    """Measure the jerk of a motion by third differences (10 m/s^3, the unit of WHAM's table).

    Needs no truth. The joints are those of a steady frame: in a moving camera's frame the camera's
    own jerk is counted too.
    """
    third = joints[3:] - 3.0 * joints[2:-1] + 3.0 * joints[1:-2] - joints[:-3]
    return third[consecutive_runs(frame_index, 4)].norm(dim=-1) * fps**3 / 10.0
