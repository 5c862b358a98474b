"""Terms that need poses and matches but no rendering, for all frames of a step at once."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.anchors.frame_poses import pose_joints
from neuhmr.body.body25 import body25_points
from neuhmr.body.local_pose import LocalPose
from neuhmr.body.skeleton import MATCHING_JOINTS
from neuhmr.losses.finite_checks import require_finite_gradient, require_finite_terms
from neuhmr.losses.pose import (
    extremity_loss,
    initial_pose_loss,
    joint_loss,
    keypoint_loss,
    mean_or_zero,
    root_depth_loss,
)
from neuhmr.motion_prior.steadiness import steadiness_loss
from neuhmr.refine.priors.ground import floor_loss, lowest_heights, sole_points
from neuhmr.refine.priors.pose_prior import load_pose_prior, plausibility_loss
from neuhmr.refine.problem import RefineProblem
from neuhmr.refine.settings import RefineConfig
from neuhmr.refine.terms.frame_batch import FrameBatch
from neuhmr.refine.terms.matching import JointMatches

POSE_TERMS = (
    "joint", "regularizer", "acceleration", "prior", "plausibility", "floor", "root_depth",
)  # fmt: skip
"""Terms that are always computed."""
KEYPOINT = "keypoint"
"""The term that is computed only where it weighs something: it needs a search of its own."""


def counts_keypoints(config: RefineConfig) -> bool:
    """Tell whether the keypoint term has a say."""
    return config.weights.keypoint != 0.0


def pose_term_names(config: RefineConfig) -> tuple[str, ...]:
    """Name the terms of `pose_terms`."""
    return (*POSE_TERMS, KEYPOINT) if counts_keypoints(config) else POSE_TERMS


def pose_terms(
    problem: RefineProblem,
    config: RefineConfig,
    pose: LocalPose,
    batch: FrameBatch,
    matches: Sequence[JointMatches],
) -> dict[str, Float[Tensor, ""]]:
    """Compute the terms, averaged over the batch's rows.

    Args:
        problem: the clip and its person.
        config: says how robust the joint and keypoint terms are, and whether keypoints count.
        pose: of the batch's context rows.
        batch: which rows.
        matches: of the batch's rows.

    Raises:
        ValueError: keypoints count, but were not looked for in these rows.
    """
    rows, positions = list(batch.rows), list(batch.positions)
    joints = pose_joints(problem.body, pose.rotmat, pose.transl)
    pixels = problem.crops.cameras[rows].project(joints[positions])[:, list(MATCHING_JOINTS)]
    targets = torch.stack([match.targets for match in matches])
    accepted = torch.stack([match.accepted for match in matches])
    rotmat, transl = pose.rotmat[positions], pose.transl[positions]
    start = problem.start()[batch.context[positions]]
    return {
        "joint": joint_loss(pixels, targets, accepted, config.robust.joint_scale_px).mean(),
        "regularizer": extremity_loss(rotmat).mean(),
        "acceleration": mean_or_zero(
            steadiness_loss(joints[batch.triples], config.draft.sigma_acceleration)
        ),
        "prior": initial_pose_loss(rotmat, start.rotmat).mean(),
        **_scene_terms(problem, config, LocalPose(rotmat, transl), rows),
        "root_depth": root_depth_loss(transl, start.transl).mean(),
        **_keypoint_term(problem, config, LocalPose(rotmat, transl), rows),
    }


def _keypoint_term(
    problem: RefineProblem, config: RefineConfig, pose: LocalPose, rows: list[int]
) -> dict[str, Float[Tensor, ""]]:
    """Compare the body's BODY_25 points with those that were found in the frames."""
    if not counts_keypoints(config):
        return {}
    found = None if problem.keypoints is None else problem.keypoints[rows]
    if found is None or not bool(found.looked.all()):
        raise ValueError(
            f"pose_terms: keypoints were not looked for in all of the rows {rows}; call "
            "look_for_keypoints first"
        )
    posed = problem.body.with_pose(pose.rotmat[:, 1:], pose.rotmat[:, 0], pose.transl)
    pixels = problem.crops.cameras[rows].project(body25_points(posed))
    scale = config.robust.joint_scale_px
    return {KEYPOINT: keypoint_loss(pixels, found.points, found.confidence, scale).mean()}


def _scene_terms(
    problem: RefineProblem, config: RefineConfig, pose: LocalPose, rows: list[int]
) -> dict[str, Float[Tensor, ""]]:
    """Compute the terms that need to know what is up and where the floor is."""
    if problem.draft is None:
        return dict.fromkeys(("plausibility", "floor"), pose.transl.new_zeros(()))
    ground, body = problem.draft.ground[rows], problem.body
    bones = pose.bones(body)
    lowest = lowest_heights(body, sole_points(body), bones, ground.up)
    if problem.draft.beliefs is None:
        prior = load_pose_prior(pose.transl.device)
        likely = plausibility_loss(pose.rotmat, ground.up, prior)
    else:
        joints = bones.apply(body.joints_rest)
        likely = problem.draft.beliefs[rows].surprise(joints, config.draft.outlier_prior)
    return {
        "plausibility": likely.mean(),
        "floor": floor_loss(lowest, ground.height, config.draft.sigma_floor).mean(),
    }


def differentiate_pose_terms(
    problem: RefineProblem,
    config: RefineConfig,
    weightings: Mapping[str, Mapping[str, float]],
    pose: LocalPose,
    batch: FrameBatch,
    matches: Sequence[JointMatches],
) -> tuple[dict[str, float], dict[str, LocalPose]]:
    """Compute the terms and the gradients of weighted sums of them on the context rows' poses.

    Args:
        problem: the clip and its person.
        config: as of `pose_terms`.
        weightings: name of each sum, with the weight of each term in it.
        pose: of the batch's context rows.
        batch: which rows.
        matches: of the batch's rows.

    Raises:
        NonFiniteError: a term or a gradient is not finite.
        ValueError: keypoints count, but were not looked for in these rows.
    """
    frames = problem.crops.frame_index[list(batch.rows)].tolist()
    leaf = LocalPose(pose.rotmat.detach().requires_grad_(), pose.transl.detach().requires_grad_())
    terms = pose_terms(problem, config, leaf, batch, matches)
    values = {name: float(value.detach()) for name, value in terms.items()}
    require_finite_terms(values, frames)
    gradients = {}
    for name, weighting in weightings.items():
        total = torch.stack([terms[term] * weight for term, weight in weighting.items()]).sum()
        if not total.requires_grad:
            continue
        found = torch.autograd.grad(
            total, [leaf.rotmat, leaf.transl], retain_graph=True, materialize_grads=True
        )
        require_finite_gradient(found, name, frames)
        gradients[name] = LocalPose(*found)
    return values, gradients
