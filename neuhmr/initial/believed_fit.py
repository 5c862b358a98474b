"""A last descent, from where the motion prior has the person.

Landmarks say where joints are in the picture and little of how far away they are, and what the fit
before believes of that is that people stand relaxed. The prior has seen how people move: its poses
are the start of this descent and, with how sure it is, one of its terms.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi

import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.body.local_pose import LocalPose
from neuhmr.body.skeleton import MATCHING_JOINTS, SMPL_JOINT_NAMES
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rotations import axisangle_to_rotmat, rotmat_to_axisangle
from neuhmr.initial.fit_terms import (
    MATCH_INTERVAL,
    BodyKnowledge,
    Estimate,
    Evidence,
    TermConfig,
    match_outline,
    outline_distance_loss,
    pixel_loss,
    shape_loss,
)
from neuhmr.initial.landmarks import LANDMARK_NAMES, Landmarks
from neuhmr.losses.pose import mean_or_zero
from neuhmr.motion_prior.beliefs import USUAL_FPS, PoseBeliefs, believe
from neuhmr.motion_prior.network import MotionPrior
from neuhmr.motion_prior.smoothing import smooth_poses, smoothing_matrix
from neuhmr.motion_prior.standing import StandingFeet, find_standing
from neuhmr.motion_prior.steadiness import consecutive_triples, steadiness_loss
from neuhmr.motion_prior.view import Sightings

MISS = 0.025
"""Error of a landmark along each axis of the picture, at the person's distance (m)."""
FOOT_LANDMARKS = ("left_ankle", "right_ankle", "left_foot_index", "right_foot_index")
"""Those beside `neuhmr.body.skeleton.FOOT_JOINTS`, in their order."""
SHIVER_S = 2 / 30
"""Landmarks of feet are smoothed over so long before and after (s)."""
LEAST_VISIBILITY = 0.5
"""Landmarks that the detector trusts less are not shown to the prior."""


@dataclass(frozen=True, kw_only=True)
class BelievedFitConfig:
    """What the last descent believes of the prior, of the picture, and of people."""

    steps: int = 150
    """Of Adam; 0 for none of it, and the prior is not asked."""
    learning_rate: float = 0.02
    """Of Adam (rad); translations move by a tenth of the depth."""
    picture_share: float = 0.6
    """Of what the picture counted in the fit before: the prior has seen most of it already."""
    beliefs_weight: float = 0.3
    """Of each joint's squared distance from where the prior has it, in its expected errors."""
    outlier_belief: float = 4.0
    """Joints so many expected errors away lose their say."""
    steadiness_weight: float = 0.3
    """Of the likelihood of the joints' accelerations."""
    sigma_acceleration: float = 2.3
    """Scale of the average joint's acceleration (m/s²)."""
    sigma_turn: float = 0.15
    """How far a joint turns from the prior's pose (rad)."""
    slip_weight: float = 2.0
    """Of how far standing feet move."""
    sigma_slip: float = 0.02
    """How far the joint of a standing foot moves (m)."""
    smoothing_frames: int = 4
    """Frames to each side over which the prior's poses are smoothed, at 30 a second."""


def believe_landmarks(
    prior: MotionPrior,
    known: BodyKnowledge,
    estimate: Estimate,
    landmarks: Landmarks,
    camera: Camera,
    rows: Int[Tensor, " frames"],
    fps: float,
) -> PoseBeliefs:
    """Ask the prior about fitted poses, with the landmarks as what is seen of them.

    Args:
        prior: the network.
        known: the body.
        estimate: the fit so far.
        landmarks: row for row with it, all detected.
        camera: of each frame.
        rows: the video frame of each.
        fps: of the video.
    """
    pose = LocalPose(estimate.local_rotmats(), estimate.transl)
    joints_rest = known.body.rest(estimate.betas)[1]
    sightings = landmark_sightings(known, estimate, landmarks, camera)
    return believe(prior, joints_rest, estimate.betas, pose, rows, fps, sightings)


def landmark_sightings(
    known: BodyKnowledge, estimate: Estimate, landmarks: Landmarks, camera: Camera
) -> Sightings:
    """Turn landmarks into sightings of joints, which lie beside them on the fitted body."""
    carried, joints = known.body.carry(estimate.betas, estimate.bones(known.body))
    names = [SMPL_JOINT_NAMES[joint] for joint in MATCHING_JOINTS]
    has_landmark = torch.tensor([name in LANDMARK_NAMES for name in names])
    partners = [LANDMARK_NAMES.index(name) if name in LANDMARK_NAMES else 0 for name in names]
    off = landmarks.points2d[:, partners] - camera.project(carried)[:, partners]
    pixels = camera.project(joints)[:, list(MATCHING_JOINTS)] + off
    is_seen = has_landmark & (landmarks.visibility[:, partners] >= LEAST_VISIBILITY)
    misses = torch.full(pixels.shape[:2], MISS).to(pixels)
    return Sightings(camera.ray_directions(pixels), misses, is_seen)


def descend_from_beliefs(
    evidence: Evidence,
    known: BodyKnowledge,
    betas: Float[Tensor, " betas"],
    beliefs: PoseBeliefs,
    rows: Int[Tensor, " frames"],
    terms: TermConfig,
    config: BelievedFitConfig,
    on_step: Callable[[int], None],
) -> Estimate:
    """Fit frames together once more; the shape stays.

    Args:
        evidence: of frames that all show the person.
        known: the body.
        betas: its shape.
        beliefs: of the same frames.
        rows: the video frame of each.
        terms: what landmarks and silhouettes are worth.
        config: what else is.
        on_step: told after every step.
    """
    frame = float(evidence.times.diff().median()) if len(rows) > 1 else 1.0
    half_window = round(config.smoothing_frames / (USUAL_FPS * frame))
    start = smooth_poses(beliefs.pose, rows, half_window)
    turns = torch.zeros(len(rows), 24, 3, requires_grad=True)
    shift = torch.zeros(len(rows), 3, requires_grad=True)
    unit = 0.1 * start.transl[:, 2:].clamp_min(0.5)
    triples = consecutive_triples(rows)
    scale = config.sigma_acceleration * frame**2
    feet = _standing_feet(evidence, start.transl[:, 2], rows, 1.0 / frame)
    optimizer = torch.optim.Adam([turns, shift])

    def posed() -> tuple[Float[Tensor, "frames 24 3 3"], Float[Tensor, "frames 3"]]:
        return start.rotmat @ axisangle_to_rotmat(turns), start.transl + shift * unit

    def loss() -> Float[Tensor, ""]:
        bones = known.body.bones(betas, *posed())
        landmarks, joints = known.body.carry(betas, bones)
        surface = evidence.camera.project(known.surface.pose(betas, bones))
        picture = (
            pixel_loss(evidence, landmarks, terms)
            + shape_loss(evidence, landmarks, terms)
            + terms.silhouette_weight * outline_distance_loss(evidence, surface, terms)
        )
        surprise = joints.shape[1] * beliefs.surprise(joints, config.outlier_belief).mean()
        steadiness = mean_or_zero(steadiness_loss(joints[triples], scale).sum(dim=-1))
        slip = feet.slip(joints, config.sigma_slip) / len(rows)
        turned = (turns / config.sigma_turn).square().sum() / len(rows)
        return (
            config.picture_share * picture / len(rows)
            + config.beliefs_weight * surprise
            + config.steadiness_weight * steadiness
            + config.slip_weight * slip
            + turned
        )

    def estimate() -> Estimate:
        rotmat, transl = (found.detach() for found in posed())
        return Estimate(rotmat[:, 0], rotmat_to_axisangle(rotmat[:, 1:]), transl, betas)

    for step in range(config.steps):
        fade = 0.5 * (1.0 + cos(pi * step / config.steps))
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * (0.05 + 0.95 * fade)
        if step % MATCH_INTERVAL == 0:
            evidence = match_outline(evidence, estimate(), known)
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
        on_step(step + 1)
    return estimate()


def _standing_feet(
    evidence: Evidence,
    distances: Float[Tensor, " frames"],
    rows: Int[Tensor, " frames"],
    fps: float,
) -> StandingFeet:
    """Tell from the landmarks which feet stand; their shiver is no step."""
    chosen = [LANDMARK_NAMES.index(name) for name in FOOT_LANDMARKS]
    tangents = evidence.camera.ray_directions(evidence.points2d[:, chosen])[..., :2]
    smoothing = smoothing_matrix(rows, round(SHIVER_S * fps)).to(tangents)
    tangents = torch.einsum("fn,npc->fpc", smoothing, tangents)
    return find_standing(tangents, distances, evidence.weights[:, chosen], rows, fps)
