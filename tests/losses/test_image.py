import pytest
import torch
from torch.autograd import gradcheck

from neuhmr.losses.image import (
    geman_mcclure,
    photometric_loss,
    silhouette_iou,
    silhouette_loss,
)


def test_photometric_loss_is_the_squared_length_of_the_difference():
    # (0.1, 0.2, -0.2): 0.01 + 0.04 + 0.04 = 0.09.
    colors = torch.tensor([[0.5, 0.6, 0.1], [0.3, 0.3, 0.3]])
    target = torch.tensor([[0.4, 0.4, 0.3], [0.3, 0.3, 0.3]])
    assert torch.allclose(photometric_loss(colors, target), torch.tensor([0.09, 0.0]))


def test_robust_errors_level_off_at_the_squared_scale():
    # 0.09 / (1 + 0.09 / 0.09) = 0.045; far out, scale^2 = 0.09.
    squared = torch.tensor([0.0, 0.09, 1e6])
    assert torch.allclose(geman_mcclure(squared, 0.3), torch.tensor([0.0, 0.045, 0.09]))
    assert torch.equal(geman_mcclure(squared, 0.0), squared)


def test_silhouette_loss_by_hand():
    # M.W = 0.5 + 0.25 = 0.75; union = 2 + 1.5 - 0.75 = 2.75; 1 - 0.75 / 2.75 = 0.72727.
    opacities = torch.tensor([0.5, 0.25, 0.75, 0.0])
    mask = torch.tensor([1.0, 1.0, 0.0, 0.0])
    assert float(silhouette_loss(opacities, mask)) == pytest.approx(1 - 0.75 / 2.75, abs=1e-5)


def test_silhouette_loss_at_its_limits():
    mask = torch.tensor([1.0, 1.0, 0.0])
    assert float(silhouette_loss(mask, mask)) == pytest.approx(0.0, abs=1e-6)
    assert float(silhouette_loss(1.0 - mask, mask)) == pytest.approx(1.0)
    nothing = torch.zeros(3)
    assert silhouette_loss(nothing, nothing).isfinite()
    # Opacities that rounding pushed over 1 count as 1.
    over = torch.tensor([1.0 + 1e-5, 1.0, 0.0])
    assert float(silhouette_loss(over, mask)) == pytest.approx(0.0, abs=1e-6)


def test_silhouette_loss_does_not_reward_a_smaller_body():
    # NeuHMR's reason for Eq. 11: half the body missing must cost more than being complete.
    mask = torch.ones(10)
    half = torch.cat([torch.ones(5), torch.zeros(5)])
    assert float(silhouette_loss(half, mask)) == pytest.approx(0.5, abs=1e-5)


@pytest.mark.parametrize("batch", [(), (1,), (3, 1, 2)])
def test_losses_take_any_batch_and_any_order_of_rays(
    batch: tuple[int, ...], generator: torch.Generator
):
    opacities, mask = (torch.rand(*batch, 20, generator=generator) for _ in range(2))
    found = silhouette_loss(opacities, mask)
    assert found.shape == batch
    order = torch.randperm(20, generator=generator)
    assert torch.allclose(found, silhouette_loss(opacities[..., order], mask[..., order]))
    colors, target = (torch.rand(*batch, 20, 3, generator=generator) for _ in range(2))
    assert photometric_loss(colors, target).shape == (*batch, 20)


def test_gradients(generator: torch.Generator):
    opacities, mask = (
        0.05 + 0.9 * torch.rand(8, generator=generator, dtype=torch.float64) for _ in range(2)
    )
    assert gradcheck(lambda w: silhouette_loss(w, mask), (opacities.requires_grad_(),))
    colors, target = (torch.rand(8, 3, generator=generator, dtype=torch.float64) for _ in range(2))
    for scale in (0.0, 0.2):
        assert gradcheck(
            lambda c, s=scale: photometric_loss(c, target, s), (colors.requires_grad_(),)
        )


def test_hard_overlap_by_hand():
    # Cut at one half: {0, 1} against {1, 2}: one in common of three.
    found = silhouette_iou(torch.tensor([0.9, 0.6, 0.1, 0.0]), torch.tensor([0.0, 1.0, 1.0, 0.4]))
    assert float(found) == pytest.approx(1 / 3)
    assert float(silhouette_iou(torch.zeros(4), torch.zeros(4))) == 1.0
