"""Where in the frame each joint's appearance is found (NeuHMR section 3.3.2, Eq. 12).

Candidates are scattered around the projected joint, each is compared with the joint's registered
descriptor, and the most similar one becomes the joint's target. Targets are constants: nothing
here is differentiable.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from neuhmr.anchors.registration import JointDescriptors, normalize_features
from neuhmr.anchors.visibility import JointDepths, inside_image, joint_visibility
from neuhmr.body.skeleton import MATCHING_JOINTS
from neuhmr.geometry.cameras import sample_at_pixels
from neuhmr.refine.settings.terms import MatchingConfig

Verdict = Literal[
    "accepted",
    "never seen in an anchor",
    "outside the image",
    "occluded",
    "not similar enough",
    "no better than here",
]
"""What became of a joint's match, in the order in which it is decided."""

REACH_SIGMAS = 3.0
"""The grid search covers a disk of so many sigma."""


@dataclass(frozen=True)
class JointMatches:
    """Matches of one frame, with everything needed to show how they came about."""

    joints: tuple[int, ...]
    """SMPL joint of each row."""
    candidates: Float[Tensor, "matches candidates 2"]
    """Positions that were compared (px); the first is the joint's current location."""
    similarities: Float[Tensor, "matches candidates"]
    """Cosine with the descriptor, in [-1, 1]; -1 outside the image."""
    winner: Int[Tensor, " matches"]
    """Most similar candidate of each joint."""
    accepted: Bool[Tensor, " matches"]
    verdicts: tuple[Verdict, ...]

    @property
    def targets(self) -> Float[Tensor, "matches 2"]:
        """The winners' positions (px)."""
        index = self.winner[:, None, None].expand(-1, 1, 2)
        return self.candidates.gather(1, index)[:, 0]

    @property
    def best_similarities(self) -> Float[Tensor, " matches"]:
        """The winners' cosines."""
        return self.similarities.gather(1, self.winner[:, None])[:, 0]


def sample_offsets(
    num_joints: int, config: MatchingConfig, generator: torch.Generator
) -> Float[Tensor, "matches candidates 2"]:
    """Draw offsets of candidates from their joints (px); the first of each joint is zero.

    Every call draws anew, so that errors of a match are independent from step to step and from
    frame to frame: errors that stay the same over time cannot be averaged out.
    """
    match config.search:
        case "gaussian":
            drawn = torch.randn(num_joints, config.num_samples, 2, generator=generator)
            offsets = drawn * config.sigma_px
        case "grid":
            reach = round(REACH_SIGMAS * config.sigma_px)
            steps = torch.arange(-reach, reach + 1, dtype=torch.float32)
            grid = torch.cartesian_prod(steps, steps)
            disk = grid[grid.square().sum(dim=-1) <= reach**2]
            offsets = disk.expand(num_joints, -1, 2)
    return torch.cat([torch.zeros(num_joints, 1, 2), offsets], dim=1)


@torch.no_grad()
def match_joints(
    features: Float[Tensor, "channels feature_height feature_width"],
    descriptors: JointDescriptors,
    depths: JointDepths,
    image_size: tuple[int, int],
    config: MatchingConfig,
    generator: torch.Generator,
    joints: tuple[int, ...] = MATCHING_JOINTS,
) -> JointMatches:
    """Find the most similar candidate of each joint in one frame (NeuHMR Eq. 12, omega).

    Args:
        features: the encoded frame.
        descriptors: registered joints (Eq. 9).
        depths: current projection of all 24 joints and what is rendered there, for Eq. 8.
        image_size: (height, width) of the image in which pixels are measured.
        config: the search and what makes a match believable.
        generator: draws the candidates.
        joints: which joints are matched.
    """
    chosen = list(joints)
    here = depths.pixels[chosen]
    offsets = sample_offsets(len(chosen), config, generator).to(here)
    candidates = here[:, None] + offsets
    flat = sample_at_pixels(features.float(), candidates.reshape(-1, 2), image_size)
    sampled = normalize_features(flat).unflatten(0, candidates.shape[:2])
    similarities = (sampled * descriptors.descriptors[chosen][:, None]).sum(dim=-1)
    in_image = inside_image(candidates, *image_size)
    similarities = similarities.masked_fill(~in_image, -1.0)
    best, winner = similarities.max(dim=1)
    visible = joint_visibility(depths, *image_size, config.epsilon)[chosen]
    rejections: list[tuple[Verdict, Tensor]] = [
        ("never seen in an anchor", descriptors.counts[chosen] == 0),
        ("outside the image", ~in_image[:, 0]),
        ("occluded", ~visible & (not config.match_occluded)),
        ("not similar enough", best <= config.least_similarity),
        ("no better than here", best <= similarities[:, 0] + config.least_gain),
    ]
    verdicts = _first_rejections(len(chosen), rejections)
    accepted = torch.tensor([v == "accepted" for v in verdicts], device=here.device)
    return JointMatches(joints, candidates, similarities, winner, accepted, verdicts)


def _first_rejections(
    num_joints: int, rejections: list[tuple[Verdict, Tensor]]
) -> tuple[Verdict, ...]:
    verdicts: list[Verdict] = ["accepted"] * num_joints
    for verdict, applies in reversed(rejections):
        for row in applies.nonzero()[:, 0].tolist():
            verdicts[row] = verdict
    return tuple(verdicts)
