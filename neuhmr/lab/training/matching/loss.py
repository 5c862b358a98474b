"""The loss that matching features are trained by: the matching itself.

Each picture is searched in turn. The joints' descriptors are registered in the other pictures at
wrong places and averaged with the prototypes (NeuHMR Eq. 9), every candidate around the wrong place
in this picture is compared with them (Eq. 12), and the most similar one should be the true joint.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.geometry.cameras import sample_at_pixels
from neuhmr.lab.training.matching.batches import MatchingBatch

TEMPERATURE = 0.05
"""Cosine differences of this size matter."""
REACH = 13.0
"""Candidates lie within this of the wrong place (px at 150 px height), ..."""
SPACING = 1.75
"""... on a grid of this spacing that is shifted at random."""
TARGET_DEVIATION = 1.3
"""Candidates so near the truth are right, too (px at 150 px height)."""


REGISTERED_SHARE = 0.75
"""Share of the other pictures in which a joint is registered."""


def matching_loss(
    features: Float[Tensor, "frames channels rows columns"],
    prototypes: Float[Tensor, "joints channels"],
    batch: MatchingBatch,
    generator: torch.Generator,
) -> Float[Tensor, "2"]:
    """Cross-entropy of finding each visible joint among the candidates around a wrong place.

    Once by the registered descriptors and once by the prototypes alone, which learn faster: no
    registration blurs what they stand for.

    Args:
        features: encoded pictures of the batch.
        prototypes: what joints look like in anybody.
        batch: true and wrong places.
        generator: shifts the candidates and draws who registers.
    """
    terms = [_loss_of_draw(features, prototypes, batch, wrong, generator) for wrong in batch.wrong]
    return torch.stack(terms).mean(dim=0)


def _loss_of_draw(
    features: Float[Tensor, "frames channels rows columns"],
    prototypes: Float[Tensor, "joints channels"],
    batch: MatchingBatch,
    wrong: Float[Tensor, "frames joints 2"],
    generator: torch.Generator,
) -> Float[Tensor, "2"]:
    size = (batch.images.shape[-2], batch.images.shape[-1])
    frames, joints = batch.visible.shape
    at_wrong = _unit(sample_at_pixels(features, wrong, size))
    # A picture is registered in some of the others, never in itself.
    others = torch.rand(frames, frames, generator=generator) < REGISTERED_SHARE
    others = (others & ~torch.eye(frames, dtype=torch.bool)).to(features)
    seen = at_wrong * batch.visible[..., None]
    typical = _unit(prototypes)
    registered = _unit(torch.einsum("qf,fjc->qjc", others, seen))
    descriptors = _unit(registered + typical)
    is_known = (others @ batch.visible.to(features)) > 0
    offsets = candidate_offsets(generator).to(features) * batch.scale
    candidates = wrong[:, :, None] + offsets
    sampled = sample_at_pixels(features, candidates.flatten(1, 2), size, padding="border")
    sampled = _unit(sampled).unflatten(1, (joints, -1))
    by_person = torch.einsum("qjkc,qjc->qjk", sampled, descriptors)
    by_type = torch.einsum("qjkc,jc->qjk", sampled, typical)
    squares = (candidates - batch.joints[:, :, None]).square().sum(dim=-1) / batch.scale**2
    is_within = squares.amin(dim=-1) < SPACING**2
    target = (-squares / (2 * TARGET_DEVIATION**2)).softmax(dim=-1)
    terms = []
    for cosines, chosen in (
        (by_person, batch.visible & is_known & is_within),
        (by_type, batch.visible & is_within),
    ):
        entropy = -(target * (cosines / TEMPERATURE).log_softmax(dim=-1)).sum(dim=-1)
        terms.append((entropy * chosen).sum() / chosen.sum().clamp_min(1))
    return torch.stack(terms)


def candidate_offsets(generator: torch.Generator) -> Float[Tensor, "candidates 2"]:
    """Lay a grid over a disk, shifted at random (px at 150 px height)."""
    steps = torch.arange(-REACH, REACH + SPACING, SPACING)
    grid = torch.cartesian_prod(steps, steps)
    grid = grid[grid.square().sum(dim=-1) <= REACH**2]
    return grid + (torch.rand(2, generator=generator) - 0.5) * SPACING


def _unit(values: Float[Tensor, "*batch channels"]) -> Float[Tensor, "*batch channels"]:
    return torch.nn.functional.normalize(values, dim=-1)
