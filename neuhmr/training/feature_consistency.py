"""A loss that makes image features of one place on the body alike in different frames.

Note:
    A deviation from NeuHMR, which trains the encoder through rendering alone. Joint matching
    (Eq. 12) needs more: the feature of a joint must resemble itself in other frames and nothing
    else nearby. The contrast is InfoNCE (van den Oord et al., arXiv 1807.03748) over vertices and
    joints that two frames both see.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

TEMPERATURE = 0.07
NEUTRAL_DISTANCE = 4.0
"""Places nearer than this in either frame (px) are neither alike nor different: they share a cell
of the feature map."""


def contrast_features(
    first: Float[Tensor, "places channels"],
    second: Float[Tensor, "places channels"],
    first_pixels: Float[Tensor, "places 2"],
    second_pixels: Float[Tensor, "places 2"],
) -> Float[Tensor, ""]:
    """Cross-entropy of recognizing each place of one frame among the places of the other.

    Args:
        first: features of places in one frame.
        second: features of the same places, in the same order, in another frame.
        first_pixels: where the places are in the one frame (px).
        second_pixels: where they are in the other.
    """
    first = torch.nn.functional.normalize(first, dim=-1)
    second = torch.nn.functional.normalize(second, dim=-1)
    logits = first @ second.T / TEMPERATURE
    is_neutral = torch.cdist(first_pixels, first_pixels) < NEUTRAL_DISTANCE
    is_neutral = is_neutral | (torch.cdist(second_pixels, second_pixels) < NEUTRAL_DISTANCE)
    is_neutral.fill_diagonal_(False)
    logits = logits.masked_fill(is_neutral, -torch.inf)
    target = torch.arange(len(first), device=first.device)
    forward = torch.nn.functional.cross_entropy(logits, target)
    backward = torch.nn.functional.cross_entropy(logits.T, target)
    return (forward + backward) / 2


def draw_common(
    first: Bool[Tensor, " places"],
    second: Bool[Tensor, " places"],
    most: int,
    generator: torch.Generator,
) -> Tensor:
    """Draw places that both frames see; fewer than `most` where there are not so many."""
    common = (first & second).nonzero()[:, 0]
    order = torch.randperm(len(common), generator=generator)
    return common[order[:most]]
