"""The sum that refinement makes small (NeuHMR Eq. 13), and its gradient on the poses.

Terms on pixels are computed frame by frame, so memory does not grow with the frames of a step;
terms on poses are computed for all of them at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from neuhmr.body.local_pose import LocalPose
from neuhmr.progress import OnFrame, ignore_frame
from neuhmr.refine.problem import RefineProblem
from neuhmr.refine.settings import RefineConfig
from neuhmr.refine.terms.frame_batch import FrameBatch
from neuhmr.refine.terms.frame_terms import PIXEL_TERMS, frame_terms
from neuhmr.refine.terms.pose_terms import POSE_TERMS, differentiate_pose_terms, pose_term_names

TERM_NAMES = PIXEL_TERMS + POSE_TERMS
"""Terms that are always computed; "keypoint" joins them where it weighs something."""
TOTAL = "total"


@dataclass(frozen=True)
class Objective:
    """Terms of one batch and their gradients on the poses of its context rows."""

    terms: dict[str, float]
    """Unweighted, averaged over the batch's rows."""
    gradients: dict[str, LocalPose]
    """Of the weighted sum under "total", or of every unweighted term under its own name."""
    accepted_matches: float
    """Share of the joints whose match was believed, in [0, 1]."""


def evaluate_objective(
    problem: RefineProblem,
    config: RefineConfig,
    lambdas: Mapping[str, float],
    pose: LocalPose,
    batch: FrameBatch,
    stride: int,
    generator: torch.Generator,
    per_term: bool = False,
    on_frame: OnFrame = ignore_frame,
) -> Objective:
    """Compute all terms of a batch and differentiate them (NeuHMR Eq. 13).

    Args:
        problem: the clip and its person.
        config: robustness, matching and chunk size are used, and whether keypoints count.
        lambdas: weight of every term; nothing but the joints is rendered where both terms on
            pixels weigh 0.
        pose: of the batch's context rows.
        batch: which rows.
        stride: pixels between rays.
        generator: draws ray offsets and match candidates.
        per_term: differentiate each term alone, unweighted.
        on_frame: told after every row; may raise to cancel.

    Raises:
        NonFiniteError: a term or its gradient is not a finite number.
        ValueError: keypoints count, but were not looked for in these rows.
    """
    pose_names = pose_term_names(config)
    on_pixels = _weightings(PIXEL_TERMS, lambdas, per_term)
    if not per_term and all(lambdas[name] == 0.0 for name in PIXEL_TERMS):
        on_pixels = {}
    names = PIXEL_TERMS + pose_names if per_term else (TOTAL,)
    gradients = {name: _zero_gradient(pose) for name in names}
    values: dict[str, float] = dict.fromkeys(PIXEL_TERMS, 0.0)
    matches = []
    share = 1.0 / len(batch.rows)
    for row, position in zip(batch.rows, batch.positions, strict=True):
        here = pose[position : position + 1]
        frame = frame_terms(problem, config, on_pixels, row, here, stride, generator)
        on_frame()
        matches.append(frame.matches)
        for name, value in frame.values.items():
            values[name] += value * share
        for name, found in frame.gradients.items():
            gradients[name].rotmat[position] += found.rotmat[0] * share
            gradients[name].transl[position] += found.transl[0] * share
    on_poses = _weightings(pose_names, lambdas, per_term)
    pose_values, pose_gradients = differentiate_pose_terms(
        problem, config, on_poses, pose, batch, matches
    )
    for name, found in pose_gradients.items():
        gradients[name].rotmat.add_(found.rotmat)
        gradients[name].transl.add_(found.transl)
    accepted = torch.stack([match.accepted for match in matches]).float().mean()
    return Objective(values | pose_values, gradients, float(accepted))


def _weightings(
    names: tuple[str, ...], lambdas: Mapping[str, float], per_term: bool
) -> dict[str, dict[str, float]]:
    if per_term:
        return {name: {name: 1.0} for name in names}
    return {TOTAL: {name: lambdas[name] for name in names}}


def _zero_gradient(pose: LocalPose) -> LocalPose:
    return LocalPose(torch.zeros_like(pose.rotmat), torch.zeros_like(pose.transl))
