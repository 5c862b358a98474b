"""Loss of the GHN: hand-worked values."""

import torch

from neuhmr.lab.training.ghn.losses import GhnLoss, rendering_loss
from neuhmr.rendering.volume_rendering import Rendering

RENDERING = Rendering(
    colors=torch.tensor([[0.1, 0.2, 0.0], [1.0, 0.0, 0.0]]),
    opacities=torch.tensor([0.5, 1.0]),
    depths=torch.ones(2),
)
TRUTH = torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
MASKS = torch.tensor([0.0, 1.0])


def test_rendering_loss_follows_the_hand_worked_example() -> None:
    # Ray 1 is off by (0.1, 0.2, 0) and 0.5 in W, ray 2 is exact: color (0.01 + 0.04) / 2,
    # mask 0.25 / 2.
    color, mask = rendering_loss(RENDERING, TRUTH, MASKS, torch.ones(2))
    torch.testing.assert_close(color, torch.tensor(0.025))
    torch.testing.assert_close(mask, torch.tensor(0.125))


def test_a_ray_counts_as_many_pixels_as_it_stands_for() -> None:
    color, mask = rendering_loss(RENDERING, TRUTH, MASKS, torch.tensor([0.5, 1.5]))
    torch.testing.assert_close(color, torch.tensor(0.0125))
    torch.testing.assert_close(mask, torch.tensor(0.0625))


def test_the_mask_weighs_one_half() -> None:
    loss = GhnLoss(torch.tensor(1.0), torch.tensor(2.0))
    torch.testing.assert_close(loss.total(), torch.tensor(1.0 + 0.5 * 2.0))
