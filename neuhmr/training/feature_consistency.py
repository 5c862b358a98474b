"""A loss that makes image features of one place on the body alike in different frames.

Note:
    A deviation from NeuHMR, which trains the encoder through rendering alone. Joint matching
    (Eq. 12) needs more: the feature of a joint must resemble itself in other frames and nothing
    else nearby. The contrast is InfoNCE (van den Oord et al., arXiv 1807.03748) over vertices that
    two frames both see.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

TEMPERATURE = 0.07
NEUTRAL_DISTANCE = 0.06
"""Vertices nearer than this on the canonical body (m) are neither alike nor different."""


def contrast_features(
    first: Float[Tensor, "places channels"],
    second: Float[Tensor, "places channels"],
    positions: Float[Tensor, "places 3"],
) -> Float[Tensor, ""]:
    """Cross-entropy of recognizing each place of one frame among the places of the other.

    Args:
        first: features of places in one frame.
        second: features of the same places, in the same order, in another frame.
        positions: canonical positions of the places (m).
    """
    first = torch.nn.functional.normalize(first, dim=-1)
    second = torch.nn.functional.normalize(second, dim=-1)
    logits = first @ second.T / TEMPERATURE
    is_neutral = torch.cdist(positions, positions) < NEUTRAL_DISTANCE
    is_neutral.fill_diagonal_(False)
    logits = logits.masked_fill(is_neutral, -torch.inf)
    target = torch.arange(len(first), device=first.device)
    forward = torch.nn.functional.cross_entropy(logits, target)
    backward = torch.nn.functional.cross_entropy(logits.T, target)
    return (forward + backward) / 2


def draw_common_vertices(
    first: Bool[Tensor, " vertices"],
    second: Bool[Tensor, " vertices"],
    most: int,
    generator: torch.Generator,
) -> Tensor:
    """Draw vertices that both frames see; fewer than `most` where there are not so many."""
    common = (first & second).nonzero()[:, 0]
    order = torch.randperm(len(common), generator=generator)
    return common[order[:most]]
