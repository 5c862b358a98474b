"""The motion field of refinement driven by 2D keypoints, in NeMo's manner (arXiv 2212.13660).

Same field, same terms on poses, same schedule of rates as a preset; the terms on the image are
replaced by the distance to a detector's keypoints, and by a prior on poses as NeMo has one, without
which keypoints say nothing of depth.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.local_pose import LocalPose
from neuhmr.body.motion import Motion
from neuhmr.body.skeleton import MATCHING_JOINTS
from neuhmr.clip.clip import Clip
from neuhmr.geometry.rotations import rotmat_to_axisangle
from neuhmr.initial.fit_terms import Evidence, TermConfig, pixel_loss
from neuhmr.initial.landmark_body import LandmarkBody
from neuhmr.initial.landmarks import Landmarks
from neuhmr.initial.priors import JointRanges, human_joint_ranges
from neuhmr.lab.benchmarks.pose.smplify import keypoint_evidence, landmark_body, pose_prior_loss
from neuhmr.progress import OnProgress, Progress, ignore_progress
from neuhmr.refine.field.balance import effective_lambdas, rotation_norm
from neuhmr.refine.field.motion_field import (
    MotionField,
    Residual,
    apply_residual,
    frame_times,
    num_centers,
)
from neuhmr.refine.field.rate import learning_rate
from neuhmr.refine.problem import RefineProblem
from neuhmr.refine.settings import RefineConfig
from neuhmr.refine.settings.field import BalanceConfig
from neuhmr.refine.terms.frame_batch import FrameBatch, make_batch
from neuhmr.refine.terms.matching import JointMatches
from neuhmr.refine.terms.pose_terms import pose_terms


@dataclass(frozen=True, kw_only=True)
class KeypointFieldConfig:
    """How keypoints drive the field."""

    base: RefineConfig = field(default_factory=RefineConfig)
    """Field, rates and priors on poses."""
    terms: TermConfig = field(default_factory=TermConfig)
    """How exact keypoints are taken to be."""
    weight: float = 1.0
    """Of the keypoints, as the preset's weights on images: relative to their gradient at the
    start."""
    steps: int = 300
    """Steps over all frames at once; no rendering makes them cheap."""
    root_share: float = 0.15
    """Share of the steps, the first ones, that move the root alone."""


def fit_field_to_keypoints(
    problem: RefineProblem,
    clip: Clip,
    landmarks: Landmarks,
    config: KeypointFieldConfig = KeypointFieldConfig(),
    on_progress: OnProgress = ignore_progress,
) -> Motion:
    """Move a motion field until the body's keypoints lie on the detected ones.

    Args:
        problem: initial poses and body; its avatar is not looked at.
        clip: the video of those poses, with its camera.
        landmarks: of all its frames.
        config: how.
        on_progress: told after every step.
    """
    task = _Task.of(problem, clip, landmarks, config)
    base, device = config.base, problem.initial.transl.device
    centers = num_centers(len(problem.initial), base.motion_field)
    generator = torch.Generator().manual_seed(base.seed)
    motion_field = MotionField(centers, base.motion_field, generator).to(device)
    scale = config.weight * _balance(task, motion_field(task.times))
    optimizer = torch.optim.AdamW(
        motion_field.parameters(), weight_decay=base.schedule.weight_decay
    )
    for step in range(config.steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, config.steps, base.schedule)
        residual = motion_field(task.times)
        if step < config.root_share * config.steps:
            residual = _root_alone(residual)
        pose = apply_residual(task.start, residual)
        loss = scale * (task.keypoint_loss(pose) + task.anatomy_loss(pose))
        loss = loss + _preset_loss(problem, base, pose, task.batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        on_progress(Progress("Fitting the motion field", step + 1, config.steps))
    with torch.no_grad():
        pose = apply_residual(task.start, motion_field(task.times))
    return _written_back(problem.initial, pose, task.batch)


@dataclass(frozen=True)
class _Task:
    """All frames of a clip at once, and what was seen in them."""

    batch: FrameBatch
    start: LocalPose
    times: Float[Tensor, " context"]
    betas: Float[Tensor, " betas"]
    body: LandmarkBody
    evidence: Evidence
    ranges: JointRanges
    terms: TermConfig

    @staticmethod
    def of(
        problem: RefineProblem, clip: Clip, landmarks: Landmarks, config: KeypointFieldConfig
    ) -> "_Task":
        initial, rows = problem.initial, problem.active_rows()
        device = initial.transl.device
        batch = make_batch(rows, initial)
        frames = initial.frame_index[list(rows)].cpu()
        return _Task(
            batch,
            LocalPose.from_motion(initial)[batch.context],
            frame_times(initial.frame_index)[batch.context],
            initial.betas,
            landmark_body(problem.model, initial.betas),
            keypoint_evidence(clip, landmarks, frames).to(device),
            human_joint_ranges().to(device),
            config.terms,
        )

    def keypoint_loss(self, pose: LocalPose) -> Float[Tensor, ""]:
        """Robust distance of the body's keypoints from the detected ones, mean over frames."""
        here = pose[list(self.batch.positions)]
        bones = self.body.bones(self.betas, here.rotmat, here.transl)
        landmarks = self.body.carry(self.betas, bones)[0]
        return pixel_loss(self.evidence, landmarks, self.terms) / len(landmarks)

    def anatomy_loss(self, pose: LocalPose) -> Float[Tensor, ""]:
        """What bodies can do and like to do, mean over frames; NeMo's priors, simpler."""
        angles = rotmat_to_axisangle(pose.rotmat[list(self.batch.positions), 1:])
        return pose_prior_loss(angles, self.ranges, self.terms, 1.0) / len(angles)


def _root_alone(residual: Residual) -> Residual:
    held = residual.rot6d[:, 1:].detach()
    return Residual(torch.cat([residual.rot6d[:, :1], held], dim=1), residual.transl)


def _balance(task: _Task, residual: Residual) -> float:
    """Scale the keypoints as refinement scales its terms on images."""
    loss = task.keypoint_loss(apply_residual(task.start, residual))
    (gradient,) = torch.autograd.grad(loss, residual.rot6d)
    # A mean over frames has a so-manieth of each frame's own gradient.
    norm = rotation_norm(gradient) * len(task.batch.rows)
    return BalanceConfig().reference / max(norm, 1e-6)


def _preset_loss(
    problem: RefineProblem, base: RefineConfig, pose: LocalPose, batch: FrameBatch
) -> Float[Tensor, ""]:
    """Weigh the preset's own terms on poses; matched joints take no part."""
    terms = pose_terms(problem, base, pose, batch, no_matches(len(batch.rows), pose.transl.device))
    lambdas = effective_lambdas(base.weights, {})
    return torch.stack([lambdas[name] * value for name, value in terms.items()]).sum()


def no_matches(frames: int, device: torch.device) -> Sequence[JointMatches]:
    """Say for every frame that no joint was matched."""
    joints = len(MATCHING_JOINTS)
    nothing = JointMatches(
        joints=MATCHING_JOINTS,
        candidates=torch.zeros(joints, 1, 2, device=device),
        similarities=torch.full((joints, 1), -1.0, device=device),
        winner=torch.zeros(joints, dtype=torch.long, device=device),
        accepted=torch.zeros(joints, dtype=torch.bool, device=device),
        verdicts=("never seen in an anchor",) * joints,
    )
    return [nothing] * frames


def _written_back(initial: Motion, pose: LocalPose, batch: FrameBatch) -> Motion:
    """Put the fitted poses in their rows; the others stay as they are."""
    whole, positions = LocalPose.from_motion(initial), list(batch.positions)
    rows = torch.tensor(batch.rows, device=pose.transl.device)
    rotmat = whole.rotmat.index_copy(0, rows, pose.rotmat[positions])
    transl = whole.transl.index_copy(0, rows, pose.transl[positions])
    return LocalPose(rotmat, transl).into(initial)
