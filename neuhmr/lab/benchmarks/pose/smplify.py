"""Fitting poses to 2D keypoints in the manner of SMPLify (arXiv 1607.08128), frame by frame.

The rival that most users have: keypoints from a detector, robust reprojection, a prior on poses
that is relaxed in stages, nothing that ties frames together. As in SPIN (arXiv 1909.12828) it
starts from an estimator's poses. The shape is given, as it is to all methods here.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import SmplModel
from neuhmr.clip.clip import Clip
from neuhmr.geometry.rotations import axisangle_to_rotmat, rotmat_to_axisangle
from neuhmr.initial.first_guess import exchanged_sides, person_sizes
from neuhmr.initial.fit_terms import Estimate, Evidence, TermConfig, pixel_loss
from neuhmr.initial.landmark_body import LandmarkBody, make_landmark_body
from neuhmr.initial.landmarks import Landmarks, landmark_index
from neuhmr.initial.priors import (
    JointRanges,
    human_joint_ranges,
    joint_angles,
    joint_limit_loss,
    natural_pose_loss,
)
from neuhmr.progress import OnProgress, Progress, ignore_progress

LIMB_PARTS = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle", "heel", "foot_index")
KEYPOINTS: tuple[int, ...] = (
    landmark_index("nose"),
    *(landmark_index(f"{side}_{part}") for part in LIMB_PARTS for side in ("left", "right")),
)
"""Landmarks that have a namesake among OpenPose's 25, which SMPLify's followers fit."""
TORSO: tuple[int, ...] = tuple(
    landmark_index(f"{side}_{part}") for part in ("shoulder", "hip") for side in ("left", "right")
)


@dataclass(frozen=True, kw_only=True)
class SmplifyConfig:
    """Terms and steps of the fit."""

    terms: TermConfig = field(default_factory=lambda: TermConfig(outlier_2d=5.0))
    """How exact keypoints and joint limits are taken to be."""
    root_steps: int = 100
    """Steps that move the trunk alone, by shoulders and hips."""
    pose_steps: int = 100
    """Steps of each stage that moves all joints."""
    prior_weights: tuple[float, ...] = (10.0, 3.0, 1.0)
    """Of the pull toward natural poses, stage after stage."""
    sigma_depth: float = 0.1
    """Departure of the root's depth from the initial one, one standard deviation (m): keypoints
    of a trunk hardly tell it."""
    learning_rate: float = 0.01
    """Of Adam (rad, m)."""


@dataclass(frozen=True)
class _Subject:
    body: LandmarkBody
    ranges: JointRanges
    start: Estimate


def keypoint_evidence(clip: Clip, landmarks: Landmarks, frames: Int[Tensor, " rows"]) -> Evidence:
    """Gather the keypoints of some frames of a clip; those that were not seen weigh nothing.

    Frames in which the detector took left for right are put right first, as `neuhmr init` does.

    Args:
        clip: says when frames are shown and what the camera is.
        landmarks: of all frames of the clip.
        frames: which frames, one per row.
    """
    seen = landmarks[frames]
    times = torch.from_numpy(np.ascontiguousarray(clip.video.times)).float()[frames]
    detected = seen.detected.nonzero()[:, 0]
    exchange = torch.zeros(len(frames), dtype=torch.bool)
    exchange[detected] = exchanged_sides(seen[detected], times[detected])
    seen = seen.with_sides_exchanged(exchange)
    weights = torch.zeros_like(seen.visibility)
    weights[:, list(KEYPOINTS)] = seen.visibility[:, list(KEYPOINTS)].clamp(0.0, 1.0)
    return Evidence(
        camera=clip.cameras_at(frames),
        points2d=seen.points2d,
        points3d=seen.points3d,
        weights=weights * seen.detected[:, None],
        sizes=person_sizes(seen),
        times=times,
        silhouettes=None,
    )


def fit_keypoints(
    clip: Clip,
    initial: Motion,
    landmarks: Landmarks,
    model: SmplModel,
    config: SmplifyConfig = SmplifyConfig(),
    on_progress: OnProgress = ignore_progress,
) -> Motion:
    """Fit every frame's pose to its keypoints; frames without any keep their initial pose."""
    seen = initial.valid & landmarks.detected[initial.frame_index]
    rows = seen.nonzero()[:, 0]
    if not len(rows):
        return initial
    chosen = initial[rows]
    evidence = keypoint_evidence(clip, landmarks, chosen.frame_index)
    subject = _Subject(
        landmark_body(model, chosen.betas),
        human_joint_ranges(),
        Estimate(
            chosen.global_orient,
            rotmat_to_axisangle(chosen.body_pose),
            chosen.transl,
            chosen.betas,
        ),
    )
    fitted = _fit(subject, evidence, config, on_progress)
    return _written_back(initial, fitted, seen)


def landmark_body(model: SmplModel, betas: Float[Tensor, " betas"]) -> LandmarkBody:
    """Find the keypoints on a body, for as many shape coefficients as there are."""
    return make_landmark_body(replace(model, shapedirs=model.shapedirs[..., : len(betas)]))


def _fit(
    subject: _Subject, evidence: Evidence, config: SmplifyConfig, on_progress: OnProgress
) -> Estimate:
    """Run all stages: the trunk by its four keypoints, then everything by all of them."""
    trunk = torch.zeros_like(evidence.weights)
    trunk[:, list(TORSO)] = evidence.weights[:, list(TORSO)]
    stages = [(replace(evidence, weights=trunk), 0.0, config.root_steps)]
    stages += [(evidence, weight, config.pose_steps) for weight in config.prior_weights]
    total, done, estimate = sum(steps for _, _, steps in stages), 0, subject.start
    for stage_evidence, prior_weight, steps in stages:
        turn = torch.zeros_like(estimate.transl, requires_grad=True)
        pose = estimate.body_pose.clone().requires_grad_(prior_weight > 0.0)
        transl = estimate.transl.clone().requires_grad_()
        free = [turn, transl, pose] if prior_weight > 0.0 else [turn, transl]
        optimizer = torch.optim.Adam(free, lr=config.learning_rate)
        before = estimate
        for _ in range(steps):
            optimizer.zero_grad()
            orient = before.global_orient @ axisangle_to_rotmat(turn)
            estimate = Estimate(orient, pose, transl, before.betas)
            loss = _loss(subject, stage_evidence, estimate, config, prior_weight)
            loss.backward()
            optimizer.step()
            done += 1
            on_progress(Progress("Fitting keypoints", done, total))
        with torch.no_grad():
            orient = before.global_orient @ axisangle_to_rotmat(turn)
        estimate = Estimate(orient, pose.detach(), transl.detach(), before.betas)
    return estimate


def _loss(
    subject: _Subject,
    evidence: Evidence,
    estimate: Estimate,
    config: SmplifyConfig,
    prior_weight: float,
) -> Float[Tensor, ""]:
    """Sum the terms over frames, each in standard deviations; no term ties frames together."""
    terms = config.terms
    loss = pixel_loss(evidence, estimate.landmarks(subject.body), terms)
    away = (estimate.transl[:, 2] - subject.start.transl[:, 2]) / config.sigma_depth
    loss = loss + away.square().sum()
    if prior_weight > 0.0:
        loss = loss + pose_prior_loss(estimate.body_pose, subject.ranges, terms, prior_weight)
    return loss


def pose_prior_loss(
    body_pose: Float[Tensor, "frames 23 3"], ranges: JointRanges, terms: TermConfig, weight: float
) -> Float[Tensor, ""]:
    """Sum what joint limits and relaxed poses ask for over frames (standard deviations).

    Args:
        body_pose: rotation vectors (rad).
        ranges: what joints can do.
        terms: how softly limits hold, and how much relaxed poses are preferred.
        weight: multiplies that preference.
    """
    angles = joint_angles(body_pose, ranges.twist_axis)
    natural = natural_pose_loss(angles, ranges).sum()
    limits = joint_limit_loss(angles, ranges).sum() / terms.sigma_limit**2
    return limits + weight * terms.natural_weight * natural


def _written_back(initial: Motion, fitted: Estimate, seen: Bool[Tensor, " frames"]) -> Motion:
    orient, pose = initial.global_orient.clone(), initial.body_pose.clone()
    transl = initial.transl.clone()
    orient[seen] = fitted.global_orient
    pose[seen] = axisangle_to_rotmat(fitted.body_pose)
    transl[seen] = fitted.transl
    return replace(initial, global_orient=orient, body_pose=pose, transl=transl)
