"""Losses of the GHN: hand-worked values, limits and gradients."""

import math

import torch

from neuhmr.rendering.volume_rendering import Rendering
from neuhmr.training.feature_consistency import (
    NEUTRAL_DISTANCE,
    contrast_features,
    draw_common,
)
from neuhmr.training.ghn_losses import GhnLoss, rendering_loss


def test_rendering_loss_follows_the_hand_worked_example() -> None:
    # Ray 1 is off by (0.1, 0.2, 0) and 0.5 in W, ray 2 is exact: color (0.01 + 0.04) / 2,
    # mask 0.25 / 2.
    rendering = Rendering(
        colors=torch.tensor([[0.1, 0.2, 0.0], [1.0, 0.0, 0.0]]),
        opacities=torch.tensor([0.5, 1.0]),
        depths=torch.ones(2),
    )
    truth = torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    color, mask = rendering_loss(rendering, truth, torch.tensor([0.0, 1.0]))
    torch.testing.assert_close(color, torch.tensor(0.025))
    torch.testing.assert_close(mask, torch.tensor(0.125))


def test_the_mask_weighs_one_half_and_the_features_their_own_weight() -> None:
    loss = GhnLoss(torch.tensor(1.0), torch.tensor(2.0), torch.tensor(3.0))
    torch.testing.assert_close(loss.total(0.1), torch.tensor(1.0 + 0.5 * 2.0 + 0.1 * 3.0))


def apart(count: int, spacing: float = 10 * NEUTRAL_DISTANCE) -> torch.Tensor:
    """Pixels on a line."""
    return torch.stack([torch.arange(count) * spacing, torch.zeros(count)], dim=1)


def test_orthogonal_features_are_recognized_and_equal_ones_are_not() -> None:
    distinct = contrast_features(torch.eye(3), torch.eye(3), apart(3), apart(3))
    alike = contrast_features(torch.ones(3, 3), torch.ones(3, 3), apart(3), apart(3))
    assert distinct.item() < 1e-4
    # Three places that look the same are guessed by chance: cross-entropy ln 3.
    assert math.isclose(alike.item(), math.log(3), rel_tol=1e-5)


def test_places_in_one_cell_do_not_count_against_each_other() -> None:
    features = torch.ones(2, 4)
    near = apart(2, NEUTRAL_DISTANCE / 2)
    assert contrast_features(features, features, near, apart(2)).item() == 0.0
    assert contrast_features(features, features, apart(2), near).item() == 0.0
    assert contrast_features(features, features, apart(2), apart(2)).item() > 0.5


def test_feature_gradients_match_finite_differences() -> None:
    generator = torch.Generator().manual_seed(0)
    first, second = torch.randn(2, 4, 3, generator=generator, dtype=torch.float64)
    pixels = apart(4).double()
    assert torch.autograd.gradcheck(
        lambda a, b: contrast_features(a, b, pixels, pixels),
        (first.requires_grad_(), second.requires_grad_()),
    )


def test_only_places_that_both_frames_see_are_drawn() -> None:
    first = torch.tensor([True, True, False, True, False])
    second = torch.tensor([True, False, True, True, False])
    drawn = draw_common(first, second, 10, torch.Generator().manual_seed(0))
    assert sorted(drawn.tolist()) == [0, 3]
