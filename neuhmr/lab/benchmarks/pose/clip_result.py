"""What one method made of one clip, in numbers that fit a small file.

Errors are kept per frame and joint, so that shares of worsened frames, intervals and the guard's
precision can be worked out later, for any pair of methods, without running anything again.
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.anchors.frame_poses import frame_joints
from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import SmplModel
from neuhmr.metrics.pose_metrics import distances_mm, hips_midpoint
from neuhmr.metrics.pose_scores import common_rows, score_motion

WORSE_MM = 5.0
"""A frame or joint counts as made worse when its error rose by more than this (mm)."""
SCORE_NAMES: tuple[str, ...] = (
    "mpjpe_mm", "pa_mpjpe_mm", "pve_mm", "pa_pve_mm", "abs_mpjpe_mm", "along_ray_mm",
    "across_ray_mm", "accel_error_mm_per_frame2", "jitter", "jitter_truth",
)  # fmt: skip
"""Scores of `PoseScores` that tables average over clips."""


@dataclass(frozen=True, kw_only=True)
class ClipResult:
    """One motion against the truth, and what it cost to make."""

    frames: int
    scores: dict[str, float | None]
    """`SCORE_NAMES` of this clip."""
    frame_index: list[int]
    """Video frames that were scored."""
    joint_errors_mm: list[list[float]]
    """Hip-aligned error of each scored frame and SMPL joint (mm, to 0.1)."""
    seconds: float = 0.0
    """Wall time that the method took for the clip, everything it needs included."""
    threads: int = 1
    """Compute threads that it had."""
    reverted_frames: list[int] = field(default_factory=list)
    """Frames in which a guard put the initial pose back."""

    def as_dict(self) -> dict[str, object]:
        """Turn into plain values for JSON."""
        return asdict(self)

    @property
    def frame_errors_mm(self) -> list[float]:
        """Mean joint error of each scored frame (mm)."""
        return [sum(joints) / len(joints) for joints in self.joint_errors_mm]

    def score(self, name: str) -> float | None:
        """Look up a score, or None where it could not be measured."""
        return self.scores.get(name)


def measure_clip(
    motion: Motion,
    truth: Motion,
    model: SmplModel,
    fps: float,
    seconds: float = 0.0,
    reverted_frames: Collection[int] = (),
) -> ClipResult:
    """Score a motion and keep its errors frame by frame.

    Raises:
        PoseFileError: no frame is valid in both motions.
    """
    scores = score_motion(motion, truth, model, fps)
    errors = joint_errors_mm(motion, truth, model)
    return ClipResult(
        frames=scores.frames,
        scores={name: getattr(scores, name) for name in SCORE_NAMES},
        frame_index=scores.frame_index,
        joint_errors_mm=[[round(error, 1) for error in frame] for frame in errors.tolist()],
        seconds=seconds,
        threads=torch.get_num_threads(),
        reverted_frames=sorted(set(reverted_frames) & set(scores.frame_index)),
    )


def joint_errors_mm(
    motion: Motion, truth: Motion, model: SmplModel
) -> Float[Tensor, "frames joints"]:
    """Measure hip-aligned joint errors over the frames valid in both motions (mm)."""
    rows, truth_rows = common_rows(motion, truth)
    joints = _joints(motion[rows], model)
    target = _joints(truth[truth_rows], model)
    return distances_mm(joints - hips_midpoint(joints), target - hips_midpoint(target))


def share_of_worse_frames(before: ClipResult, after: ClipResult) -> float:
    """Share of the frames whose mean joint error rose by more than `WORSE_MM`, in [0, 1]."""
    worse = [
        new > old + WORSE_MM
        for old, new in zip(before.frame_errors_mm, after.frame_errors_mm, strict=True)
    ]
    return sum(worse) / len(worse)


def share_of_worse_joints(before: ClipResult, after: ClipResult) -> float:
    """Share of single joints in single frames whose error rose by more than `WORSE_MM`."""
    old, new = torch.tensor(before.joint_errors_mm), torch.tensor(after.joint_errors_mm)
    return float((new > old + WORSE_MM).float().mean())


def _joints(motion: Motion, model: SmplModel) -> Float[Tensor, "frames joints 3"]:
    return frame_joints(model.with_shape(motion.betas), motion)
