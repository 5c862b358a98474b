"""All pose metrics of one motion against a truth, in one record."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.body.motion import Motion
from neuhmr.body.skeleton import SMPL_JOINT_NAMES
from neuhmr.body.smpl_model import SmplModel
from neuhmr.errors import PoseFileError
from neuhmr.metrics.pose_metrics import (
    accel_error_mm_per_frame2,
    distances_mm,
    hips_midpoint,
    jitter,
    pelvis,
    procrustes_to,
    ray_split_mm,
)

FRAMES_PER_CHUNK = 64
"""Frames whose vertices are held at once: keeps memory flat over long clips."""


@dataclass(frozen=True, kw_only=True)
class PoseScores:
    """What `neuhmr evaluate` reports; means over the frames valid in both motions."""

    frames: int
    mpjpe_mm: float
    """24 joints, aligned at the hips' midpoint: the primary number, as in EMDB's script."""
    mpjpe_pelvis_mm: float
    """The same, aligned at the pelvis joint, as older tables do."""
    pa_mpjpe_mm: float
    """After the best similarity of each frame."""
    abs_mpjpe_mm: float
    """In the camera frame, not aligned."""
    pve_mm: float | None
    """Vertices, aligned at the hips' midpoint; None where the bodies differ in topology."""
    pa_pve_mm: float | None
    """Vertices after the similarity found on the joints."""
    along_ray_mm: float
    """Part of `mpjpe_mm`'s errors along the camera ray, which an image hides."""
    across_ray_mm: float
    """Part of `mpjpe_mm`'s errors across the camera ray, which an image shows."""
    accel_error_mm_per_frame2: float | None
    """None where no three frames follow each other."""
    jitter: float | None
    """Jerk of the motion (10 m/s^3); None without four frames in a row."""
    jitter_truth: float | None
    """Jerk of the truth (10 m/s^3), to compare with."""
    per_joint_mm: dict[str, float]
    """`mpjpe_mm` of each SMPL joint."""
    per_frame_mm: list[float]
    """`mpjpe_mm` of each scored frame."""
    frame_index: list[int]
    """The video frames that were scored."""

    def as_dict(self) -> dict[str, object]:
        """Turn into plain values for JSON."""
        return asdict(self)


def score_motion(
    motion: Motion,
    truth: Motion,
    model: SmplModel,
    fps: float,
    truth_model: SmplModel | None = None,
) -> PoseScores:
    """Score a motion against the truth over the frames that are valid in both.

    Args:
        motion: what is judged, in the camera frame.
        truth: in the same camera frame; it may hold other frames.
        model: the body of `motion`.
        fps: frames per second, for the jitter.
        truth_model: the body of `truth`, where it is another one.

    Raises:
        PoseFileError: no frame is valid in both.
    """
    rows, truth_rows = common_rows(motion, truth)
    if not len(rows):
        raise PoseFileError(
            f"The motion ({len(motion)} frames) and the truth ({len(truth)} frames) have no valid "
            "frame in common; give the truth of the same clip."
        )
    chunks = list(_score_chunks(motion[rows], truth[truth_rows], model, truth_model or model))
    together = {name: torch.cat([chunk[name] for chunk in chunks]) for name in chunks[0]}
    frame_index = motion.frame_index[rows]
    hips = together["hips"]
    return PoseScores(
        frames=len(rows),
        mpjpe_mm=hips.mean().item(),
        mpjpe_pelvis_mm=together["pelvis"].mean().item(),
        pa_mpjpe_mm=together["pa"].mean().item(),
        abs_mpjpe_mm=together["absolute"].mean().item(),
        pve_mm=_mean(together.get("vertices")),
        pa_pve_mm=_mean(together.get("pa_vertices")),
        along_ray_mm=together["along_ray"].mean().item(),
        across_ray_mm=together["across_ray"].mean().item(),
        per_joint_mm=dict(zip(SMPL_JOINT_NAMES, hips.mean(dim=0).tolist(), strict=True)),
        per_frame_mm=hips.mean(dim=1).tolist(),
        frame_index=frame_index.tolist(),
        **_temporal_scores(together["joints"], together["truth_joints"], frame_index, fps),
    )


def common_rows(
    motion: Motion, truth: Motion
) -> tuple[Int[Tensor, " common"], Int[Tensor, " common"]]:
    """Find the rows of both motions that show the same video frame and are valid."""
    row_of_frame = {
        frame: row for row, frame in enumerate(truth.frame_index.tolist()) if bool(truth.valid[row])
    }
    pairs = [
        (row, row_of_frame[frame])
        for row, frame in enumerate(motion.frame_index.tolist())
        if bool(motion.valid[row]) and frame in row_of_frame
    ]
    both = torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _score_chunks(
    motion: Motion, truth: Motion, model: SmplModel, truth_model: SmplModel
) -> Iterator[dict[str, Tensor]]:
    """Compute per-frame, per-point errors some frames at a time."""
    shaped = model.with_shape(motion.betas)
    truth_shaped = truth_model.with_shape(truth.betas)
    same_topology = model.faces.shape == truth_model.faces.shape and bool(
        (model.faces == truth_model.faces).all()
    )
    for start in range(0, len(motion), FRAMES_PER_CHUNK):
        rows = slice(start, start + FRAMES_PER_CHUNK)
        ours, true = motion[rows], truth[rows]
        posed = shaped.with_pose(ours.body_pose, ours.global_orient, ours.transl)
        target = truth_shaped.with_pose(true.body_pose, true.global_orient, true.transl)
        errors = _joint_errors(posed.joints, target.joints)
        if same_topology:
            errors |= _vertex_errors(posed.vertices, target.vertices, posed.joints, target.joints)
        yield errors


def _joint_errors(
    joints: Float[Tensor, "frames joints 3"], target: Float[Tensor, "frames joints 3"]
) -> dict[str, Tensor]:
    """Compute every per-joint error of some frames (mm), and keep the joints (m)."""
    aligned, aligned_target = joints - hips_midpoint(joints), target - hips_midpoint(target)
    along_ray, across_ray = ray_split_mm(aligned - aligned_target, target)
    return {
        "hips": distances_mm(aligned, aligned_target),
        "pelvis": distances_mm(joints - pelvis(joints), target - pelvis(target)),
        "pa": distances_mm(procrustes_to(joints, target).apply(joints), target),
        "absolute": distances_mm(joints, target),
        "along_ray": along_ray,
        "across_ray": across_ray,
        "joints": joints,
        "truth_joints": target,
    }


def _vertex_errors(
    vertices: Float[Tensor, "frames vertices 3"],
    target: Float[Tensor, "frames vertices 3"],
    joints: Float[Tensor, "frames joints 3"],
    target_joints: Float[Tensor, "frames joints 3"],
) -> dict[str, Tensor]:
    """Compute each frame's mean vertex errors (mm)."""
    similarity = procrustes_to(joints, target_joints)
    hips = distances_mm(vertices - hips_midpoint(joints), target - hips_midpoint(target_joints))
    return {
        "vertices": hips.mean(dim=-1),
        "pa_vertices": distances_mm(similarity.apply(vertices), target).mean(dim=-1),
    }


def _temporal_scores(
    joints: Float[Tensor, "frames joints 3"],
    target: Float[Tensor, "frames joints 3"],
    frame_index: Int[Tensor, " frames"],
    fps: float,
) -> dict[str, float | None]:
    """Score how the joints (m, camera frame) move from frame to frame."""
    accel = accel_error_mm_per_frame2(
        joints - hips_midpoint(joints), target - hips_midpoint(target), frame_index
    )
    return {
        "accel_error_mm_per_frame2": _mean(accel),
        "jitter": _mean(jitter(joints, frame_index, fps)),
        "jitter_truth": _mean(jitter(target, frame_index, fps)),
    }


def _mean(values: Tensor | None) -> float | None:
    return None if values is None or not values.numel() else values.mean().item()
