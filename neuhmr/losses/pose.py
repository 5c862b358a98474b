"""Terms on the pose itself and on matched joints; terms on pixels are in `losses.image`.

All are unreduced over frames and joints and at least zero. Rotations are matrices, angles rad,
positions m in each frame's camera space.
"""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from neuhmr.body.skeleton import REGULARIZED_JOINTS
from neuhmr.geometry.rotations import rotation_angle
from neuhmr.losses.image import geman_mcclure

FREE_ANGLE = math.radians(45.0)
"""Head, hands and feet may turn so far at no cost (rad)."""


def joint_loss(
    pixels: Float[Tensor, "*batch joints 2"],
    targets: Float[Tensor, "*batch joints 2"],
    accepted: Bool[Tensor, "*batch joints"],
    robust_scale_px: float = 0.0,
) -> Float[Tensor, "*batch joints"]:
    """Squared pixel distance of each joint to its match (NeuHMR Eq. 12).

    Joints without an accepted match cost nothing but still count in the mean over joints, so a
    frame with few matches does not push each of them harder.

    Args:
        pixels: projected joints (px).
        targets: positions they were matched to (px); constants.
        accepted: joints whose match is to be believed.
        robust_scale_px: distance from which on a match counts as an outlier; 0 for none.
    """
    squared = (pixels - targets.detach()).square().sum(dim=-1)
    return geman_mcclure(squared, robust_scale_px) * accepted


def keypoint_loss(
    pixels: Float[Tensor, "*batch keypoints 2"],
    found: Float[Tensor, "*batch keypoints 2"],
    confidence: Float[Tensor, "*batch keypoints"],
    robust_scale_px: float = 0.0,
) -> Float[Tensor, "*batch keypoints"]:
    """Squared pixel distance of each keypoint to where it was found, as sure as it was found.

    Keypoints that were not found cost nothing but still count in the mean, as in `joint_loss`.

    Args:
        pixels: projected keypoints of the body (px).
        found: where a detector has them (px); constants.
        confidence: in [0, 1], 0 where it found nothing; constants.
        robust_scale_px: distance from which on a find counts as an outlier; 0 for none.
    """
    certain = confidence.detach()
    return joint_loss(pixels, found, certain > 0.0, robust_scale_px) * certain


def extremity_loss(
    local_rotmats: Float[Tensor, "*batch 24 3 3"], free_angle: float = FREE_ANGLE
) -> Float[Tensor, "*batch regularized"]:
    """Squared excess of the rotations of head, hands and feet over `free_angle` (rad^2).

    NeuHMR section 4.3 penalizes "high-degree rotations at the head, hands, and feet" without a
    formula.
    """
    angles = rotation_angle(local_rotmats[..., list(REGULARIZED_JOINTS), :, :])
    return (angles - free_angle).clamp_min(0.0).square()


def initial_pose_loss(
    local_rotmats: Float[Tensor, "*batch joints 3 3"],
    initial_rotmats: Float[Tensor, "*batch joints 3 3"],
) -> Float[Tensor, "*batch joints"]:
    """Squared chord between each rotation and its initial one, |R - R0|^2 / 2.

    For small angles this is the squared angle (rad^2); unlike the angle it is smooth everywhere,
    which matters because refinement starts where it is zero.
    """
    return (local_rotmats - initial_rotmats).square().sum(dim=(-2, -1)) / 2.0


def root_depth_loss(
    transl: Float[Tensor, "*batch 3"], initial_transl: Float[Tensor, "*batch 3"]
) -> Float[Tensor, " *batch"]:
    """Squared departure of the root from its initial depth (m^2).

    No image term measures depth: a person further away looks like a slightly smaller one, and
    color terms drift (NeuHMR has no such term).
    """
    return (transl[..., 2] - initial_transl[..., 2]).square()


def mean_or_zero(values: Float[Tensor, " *batch"]) -> Float[Tensor, ""]:
    """Average, or a zero that keeps no graph where there is nothing to average."""
    if values.numel() == 0:
        return torch.zeros((), dtype=values.dtype, device=values.device)
    return values.mean()
