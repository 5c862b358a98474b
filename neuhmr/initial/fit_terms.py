"""What a fit to landmarks asks of a body: one function per term.

Every term is a sum over frames of squared distances in standard deviations, so that a weight is a
statement about the detector (so many pixels, so many centimeters) or about people (so much
acceleration).
"""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rigid import Rigid
from neuhmr.geometry.rotations import axisangle_to_rotmat
from neuhmr.initial.landmark_body import LandmarkBody
from neuhmr.initial.landmarks import LANDMARK_NAMES
from neuhmr.initial.priors import (
    JointRanges,
    joint_angles,
    joint_limit_loss,
    natural_pose_loss,
)
from neuhmr.initial.silhouettes import Silhouettes, SurfaceSample
from neuhmr.losses.image import geman_mcclure
from neuhmr.tensor_struct import TensorStruct

HIP_LANDMARKS = (LANDMARK_NAMES.index("left_hip"), LANDMARK_NAMES.index("right_hip"))
MATCH_INTERVAL = 15
"""After how many steps of a fit outlines are paired with the body's surface anew."""
MAX_GAP_S = 0.5
"""Over a longer gap nothing is known of how the person moved (s)."""


@dataclass(frozen=True, kw_only=True)
class TermConfig:
    """What the fit believes of the landmarks and of people."""

    sigma_2d: float = 0.01
    """Error of a visible landmark in the picture, in sizes of the person."""
    outlier_2d: float = 5.0
    """Landmarks further off than this many `sigma_2d` lose their say (Geman-McClure)."""
    sigma_3d: float = 0.15
    """Error of a rough 3D landmark across the view (m)."""
    sigma_depth: float = 0.1
    """Error of a rough 3D landmark along the view (m)."""
    outlier_3d: float = 4.0
    """Rough landmarks further off than this many standard deviations lose their say."""
    sigma_limit: float = 0.06
    """How softly joint limits hold (rad)."""
    natural_weight: float = 0.3
    """Of the pull toward a relaxed pose."""
    sigma_acceleration: float = 15.0
    """Acceleration of a joint, one standard deviation (m/s^2)."""
    sigma_spin: float = 40.0
    """Acceleration of the entries of the trunk's rotation, one standard deviation (1/s^2)."""
    sigma_silhouette: float = 0.01
    """Error of masks and thickness of clothes, in sizes of the person."""
    outlier_silhouette: float = 4.0
    """Bound of silhouette distances, in `sigma_silhouette`."""
    silhouette_weight: float = 40.0
    """Of the silhouette, in landmarks."""
    betas_weight: float = 2.0
    """Of the squared shape coefficients."""


@dataclass(frozen=True)
class Evidence(TensorStruct):
    """What was seen in the frames to fit, all of them detected."""

    camera: Camera
    points2d: Float[Tensor, "frames 33 2"]
    points3d: Float[Tensor, "frames 33 3"]
    """In the clip's camera axes (m), about the hips' midpoint."""
    weights: Float[Tensor, "frames 33"]
    sizes: Float[Tensor, " frames"]
    """Of the person (px)."""
    times: Float[Tensor, " frames"]
    """When each frame is shown (s)."""
    silhouettes: Silhouettes | None
    nearest: Int[Tensor, "frames outline"] | None = None
    """The surface point that projects nearest to each outline point; see `match_outline`."""


@dataclass(frozen=True)
class Estimate(TensorStruct):
    """What is fitted."""

    global_orient: Float[Tensor, "frames 3 3"]
    body_pose: Float[Tensor, "frames 23 3"]
    """Rotation vectors (rad)."""
    transl: Float[Tensor, "frames 3"]
    betas: Float[Tensor, " betas"]

    def local_rotmats(self) -> Float[Tensor, "frames 24 3 3"]:
        """Root in the camera frame first, then the body joints in their parents'."""
        return torch.cat([self.global_orient[:, None], axisangle_to_rotmat(self.body_pose)], dim=1)

    def bones(self, body: LandmarkBody) -> Rigid:
        """Bones in the camera frame (batch axes: frames joints)."""
        return body.bones(self.betas, self.local_rotmats(), self.transl)

    def landmarks(self, body: LandmarkBody) -> Float[Tensor, "frames landmarks 3"]:
        """Landmarks in the camera frame (m)."""
        return body.carry(self.betas, self.bones(body))[0]


@dataclass(frozen=True)
class BodyKnowledge(TensorStruct):
    """What is known of bodies before anything is seen."""

    body: LandmarkBody
    surface: SurfaceSample
    ranges: JointRanges


def loss_terms(
    evidence: Evidence,
    estimate: Estimate,
    known: BodyKnowledge,
    config: TermConfig,
    is_complete: bool = True,
) -> dict[str, Float[Tensor, ""]]:
    """Weigh all terms, per frame; unless complete, without smoothness and silhouettes."""
    bones = estimate.bones(known.body)
    landmarks, joints = known.body.carry(estimate.betas, bones)
    angles = joint_angles(estimate.body_pose, known.ranges.twist_axis)
    limits = joint_limit_loss(angles, known.ranges) / config.sigma_limit**2
    natural = natural_pose_loss(angles, known.ranges)
    per_clip = {
        "pixels": pixel_loss(evidence, landmarks, config),
        "shape": shape_loss(evidence, landmarks, config),
        "limits": limits.sum(),
        "natural": config.natural_weight * natural.sum(),
    }
    if is_complete:
        orient = estimate.global_orient
        per_clip["smoothness"] = smoothness_loss(evidence.times, joints, orient, config)
    if is_complete and evidence.silhouettes is not None:
        surface = evidence.camera.project(known.surface.pose(estimate.betas, bones))
        distances = outline_distance_loss(evidence, surface, config)
        per_clip["silhouette"] = config.silhouette_weight * distances
    terms = {name: value / landmarks.shape[0] for name, value in per_clip.items()}
    return terms | {"betas": config.betas_weight * estimate.betas.square().sum()}


def pixel_loss(
    evidence: Evidence, landmarks: Float[Tensor, "frames 33 3"], config: TermConfig
) -> Float[Tensor, ""]:
    """Distance in the picture, robust to landmarks that are elsewhere altogether."""
    projected = evidence.camera.project(landmarks)
    offsets = (projected - evidence.points2d) / (config.sigma_2d * evidence.sizes[:, None, None])
    squared = offsets.square().sum(dim=-1)
    return (evidence.weights * geman_mcclure(squared, config.outlier_2d)).sum()


def shape_loss(
    evidence: Evidence, landmarks: Float[Tensor, "frames 33 3"], config: TermConfig
) -> Float[Tensor, ""]:
    """Distance from the rough 3D landmarks about the hips' midpoint, whatever their scale.

    The detector guesses everybody's size and errs by 10 %; each frame's landmarks are scaled to
    the body. Across the view the pixels know better, so there the rough landmarks say less.
    """
    hips = list(HIP_LANDMARKS)
    centered = landmarks - landmarks[:, hips].mean(dim=1, keepdim=True)
    target = evidence.points3d - evidence.points3d[:, hips].mean(dim=1, keepdim=True)
    with torch.no_grad():
        weights = evidence.weights[..., None]
        overlap = (weights * centered * target).sum(dim=(1, 2))
        scale = overlap / (weights * target.square()).sum(dim=(1, 2)).clamp_min(1e-6)
        scale = scale.clamp(0.7, 1.4)
    offsets = centered - scale[:, None, None] * target
    sigmas = offsets.new_tensor([config.sigma_3d, config.sigma_3d, config.sigma_depth])
    squared = (offsets / sigmas).square().sum(dim=-1)
    return (evidence.weights * geman_mcclure(squared, config.outlier_3d)).sum()


def match_outline(evidence: Evidence, estimate: Estimate, known: BodyKnowledge) -> Evidence:
    """Pair each outline point with the surface point that projects nearest to it now.

    Costs more than a step of the fit, so it is done once for several.
    """
    if evidence.silhouettes is None:
        return evidence
    with torch.no_grad():
        points = known.surface.pose(estimate.betas, estimate.bones(known.body))
        projected = evidence.camera.project(points)
        nearest = torch.cdist(evidence.silhouettes.outline, projected).argmin(dim=-1)
    return replace(evidence, nearest=nearest)


def outline_distance_loss(
    evidence: Evidence, surface: Float[Tensor, "frames points 2"], config: TermConfig
) -> Float[Tensor, ""]:
    """Distance of surface points (px) outside the mask, and of its outline from the surface.

    Both are means over points and bounded: hair, skirts and bags are in masks but not on bodies.
    """
    silhouettes, nearest = evidence.silhouettes, evidence.nearest
    if silhouettes is None or nearest is None:
        return surface.new_zeros(())
    unit = config.sigma_silhouette * evidence.sizes[:, None]
    outside = (silhouettes.distances_at(surface) / unit).square()
    partners = surface.gather(1, nearest[..., None].expand(-1, -1, 2))
    uncovered = (silhouettes.outline - partners).square().sum(dim=-1) / unit.square()
    limit = config.outlier_silhouette
    protruding = geman_mcclure(outside, limit).mean(dim=1)
    missing = (geman_mcclure(uncovered, limit) * silhouettes.has_outline).mean(dim=1)
    return (protruding + missing).sum()


def smoothness_loss(
    times: Float[Tensor, " frames"],
    joints: Float[Tensor, "frames 24 3"],
    global_orient: Float[Tensor, "frames 3 3"],
    config: TermConfig,
) -> Float[Tensor, ""]:
    """Acceleration of the joints and of the trunk's rotation, by the frames' real times."""
    if joints.shape[0] < 3:
        return joints.new_zeros(())
    before, after = times[1:-1] - times[:-2], times[2:] - times[1:-1]
    connected = ((before < MAX_GAP_S) & (after < MAX_GAP_S)).to(joints.dtype)

    def acceleration(values: Float[Tensor, "frames numbers"]) -> Float[Tensor, "inner numbers"]:
        speeds_in = (values[1:-1] - values[:-2]) / before[:, None]
        speeds_out = (values[2:] - values[1:-1]) / after[:, None]
        return 2 * (speeds_out - speeds_in) / (before + after)[:, None]

    moving = acceleration(joints.flatten(start_dim=1)) / config.sigma_acceleration
    turning = acceleration(global_orient.flatten(start_dim=1)) / config.sigma_spin
    squared = moving.square().sum(dim=-1) + turning.square().sum(dim=-1)
    return (squared * connected).sum()
