"""Poses against points in space that other cameras saw, and how far those can be trusted."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from neuhmr.anchors.frame_poses import frame_joints
from neuhmr.body.motion import Motion
from neuhmr.body.skeleton import joint_index
from neuhmr.body.smpl_model import SmplModel
from neuhmr.errors import PoseFileError
from neuhmr.initial.landmarks import landmark_index
from neuhmr.lab.benchmarks.pose.clip_result import WORSE_MM
from neuhmr.lab.benchmarks.pose.real_clip import posed_landmarks
from neuhmr.lab.benchmarks.pose.view_points import POINT_NAMES, ReferencePoints, Skeleton
from neuhmr.metrics.pose_metrics import MM_PER_M, distances_mm, procrustes_to, ray_split_mm

_HIPS = [POINT_NAMES.index("left_hip"), POINT_NAMES.index("right_hip")]
_LEAST_POINTS = 4
"""Points from which on a similarity leaves errors worth looking at."""
_BONE_ENDS = (
    ("upper arm", "shoulder", "elbow"), ("forearm", "elbow", "wrist"), ("thigh", "hip", "knee"),
    ("shin", "knee", "ankle"),
)  # fmt: skip
BONES: dict[str, tuple[int, int]] = {
    f"{side} {bone}": (POINT_NAMES.index(f"{side}_{top}"), POINT_NAMES.index(f"{side}_{end}"))
    for side in ("left", "right")
    for bone, top, end in _BONE_ENDS
}
"""Points between which a body is rigid."""


@dataclass(frozen=True, kw_only=True)
class ReferenceQuality:
    """What triangulated points say about themselves: no pose is better known than they are."""

    frames: int
    points_found: float
    """Share of all points of all frames that two views or more agree on, in [0, 1]."""
    frames_whole: float
    """Share of frames with every point."""
    views: float
    """Views that agree on a point, mean over the points found."""
    reprojection_px: float
    """Distance between those views' keypoints and the points' projections."""
    bone_deviation_mm: float | None
    """Standard deviation of bones' lengths over the frames, mean over the bones; None without two
    frames of any."""
    bone_lengths_mm: dict[str, float]
    """Mean length of each bone that was found."""

    def as_dict(self) -> dict[str, object]:
        """Turn into plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class PointFit:
    """How far posed points are from the reference; means over points, in millimeters."""

    frames: int
    """With a pose and at least one point."""
    mpjpe_mm: float | None
    """Aligned at the hips' midpoint; None where no frame has both hips."""
    pa_mpjpe_mm: float | None
    """After the best similarity of each frame with four points or more."""
    abs_mpjpe_mm: float
    """In the camera's frame, not aligned."""
    along_ray_mm: float | None
    """Part of `mpjpe_mm` along the scored camera's ray, which its picture hides."""
    across_ray_mm: float | None
    """Part that its picture shows."""
    per_joint_mm: dict[str, float]
    """`mpjpe_mm` of each point that was found."""
    frame_errors_mm: dict[int, float]
    """Mean hip-aligned error by frame."""

    def as_dict(self) -> dict[str, object]:
        """Turn into plain values for JSON."""
        return asdict(self)


def judge_reference(reference: ReferencePoints) -> ReferenceQuality:
    """Say how good triangulated points are."""
    found, count = reference.found, reference.found.sum().clamp_min(1)
    lengths = {
        name: distances_mm(reference.points[seen, top], reference.points[seen, end])
        for name, (top, end) in BONES.items()
        if bool((seen := found[:, top] & found[:, end]).any())
    }
    deviations = [float(length.std()) for length in lengths.values() if len(length) > 1]
    return ReferenceQuality(
        frames=len(found),
        points_found=float(found.float().mean()),
        frames_whole=float(found.all(dim=1).float().mean()),
        views=float(reference.views[found].sum() / count),
        reprojection_px=float(reference.reprojection_px[found].sum() / count),
        bone_deviation_mm=sum(deviations) / len(deviations) if deviations else None,
        bone_lengths_mm={name: float(length.mean()) for name, length in lengths.items()},
    )


def score_against_points(
    motion: Motion, model: SmplModel, reference: ReferencePoints, skeleton: Skeleton
) -> PointFit:
    """Compare poses in the scored camera's frame with triangulated points.

    Args:
        motion: row r shows the capture's frame number `frame_index[r]`, counted from 0.
        model: the poses' body.
        reference: of every frame of the capture.
        skeleton: whose points they are.

    Raises:
        PoseFileError: no valid pose belongs to a frame with points.
    """
    rows = [
        row
        for row, frame in enumerate(motion.frame_index.tolist())
        if bool(motion.valid[row])
        and frame < len(reference.found)
        and bool(reference.found[frame].any())
    ]
    if not rows:
        raise PoseFileError(
            f"None of the {len(motion)} poses belongs to one of the capture's "
            f"{len(reference.found)} frames with triangulated points; give poses of this camera."
        )
    motion = motion[torch.tensor(rows)]
    target, found = reference.points[motion.frame_index], reference.found[motion.frame_index]
    posed = posed_points(motion, model, skeleton)
    hips = found[:, _HIPS].all(dim=1)
    counted = found & hips[:, None]
    aligned = (posed - _middle(posed)) - (target - _middle(target))
    errors = aligned.norm(dim=-1) * MM_PER_M
    along, across = ray_split_mm(aligned, target)
    per_frame = (errors * counted).sum(dim=1) / counted.sum(dim=1).clamp_min(1)
    return PointFit(
        frames=len(rows),
        mpjpe_mm=_mean(errors[counted]),
        pa_mpjpe_mm=_mean(_similar_errors(posed, target, found)),
        abs_mpjpe_mm=float(distances_mm(posed, target)[found].mean()),
        along_ray_mm=_mean(along[counted]),
        across_ray_mm=_mean(across[counted]),
        per_joint_mm={
            name: float(errors[counted[:, joint], joint].mean())
            for joint, name in enumerate(POINT_NAMES)
            if bool(counted[:, joint].any())
        },
        frame_errors_mm={
            int(frame): round(float(error), 1)
            for frame, error in zip(motion.frame_index[hips], per_frame[hips], strict=True)
        },
    )


def share_made_worse(before: PointFit, after: PointFit) -> float | None:
    """Share of the frames of both whose error rose by more than `WORSE_MM`; None without any."""
    common = before.frame_errors_mm.keys() & after.frame_errors_mm.keys()
    worse = [
        after.frame_errors_mm[frame] > before.frame_errors_mm[frame] + WORSE_MM for frame in common
    ]
    return sum(worse) / len(worse) if worse else None


def posed_points(
    motion: Motion, model: SmplModel, skeleton: Skeleton
) -> Float[Tensor, "frames 12 3"]:
    """Find `POINT_NAMES` on posed bodies (m, the motion's frame)."""
    if skeleton == "body25":
        joints = frame_joints(model.with_shape(motion.betas), motion)
        return joints[:, [joint_index(name) for name in POINT_NAMES]]
    return posed_landmarks(motion, model)[:, [landmark_index(name) for name in POINT_NAMES]]


def _middle(points: Float[Tensor, "frames 12 3"]) -> Float[Tensor, "frames 1 3"]:
    return points[:, _HIPS].mean(dim=1, keepdim=True)


def _similar_errors(
    posed: Float[Tensor, "frames 12 3"],
    target: Float[Tensor, "frames 12 3"],
    found: Bool[Tensor, "frames 12"],
) -> Float[Tensor, " points"]:
    errors: Sequence[Tensor] = [
        distances_mm(procrustes_to(ours[seen], theirs[seen]).apply(ours[seen]), theirs[seen])
        for ours, theirs, seen in zip(posed, target, found, strict=True)
        if int(seen.sum()) >= _LEAST_POINTS
    ]
    return torch.cat([*errors, posed.new_zeros(0)])


def _mean(values: Float[Tensor, " points"]) -> float | None:
    return float(values.mean()) if len(values) else None
