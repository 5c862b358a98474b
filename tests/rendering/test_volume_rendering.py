"""Volume rendering: hand-worked values, limits, gradients, a second implementation."""

import torch

from neuhmr.rendering.volume_rendering import composite, render_weights


def test_weights_follow_the_hand_worked_example() -> None:
    # Optical depths ln 2, ln 2, ln 4: each sample lets 1/2, 1/2, 1/4 of the light pass, so it
    # stops 1/2, then 1/2 of the 1/2 left, then 3/4 of the 1/4 left.
    sigmas = torch.log(torch.tensor([2.0, 2.0, 4.0])) * 10.0
    weights = render_weights(sigmas, torch.full((3,), 0.1))
    torch.testing.assert_close(weights, torch.tensor([0.5, 0.25, 0.1875]))


def test_weights_equal_the_product_form_of_the_paper() -> None:
    generator = torch.Generator().manual_seed(0)
    sigmas = torch.rand(5, 32, generator=generator, dtype=torch.float64) * 100
    lengths = torch.rand(5, 32, generator=generator, dtype=torch.float64) * 0.03
    alphas = 1 - torch.exp(-sigmas * lengths)
    passed = torch.cumprod(1 - alphas, dim=-1).roll(1, dims=-1)
    passed[:, 0] = 1.0
    torch.testing.assert_close(render_weights(sigmas, lengths), alphas * passed)


def test_weights_sum_to_opacity_and_never_exceed_one() -> None:
    sigmas = torch.tensor([[0.0, 0.0], [1e6, 1e6], [3.0, 0.0]])
    rendering = composite(
        render_weights(sigmas, torch.full((3, 2), 0.5)), torch.ones(3, 2, 3), torch.ones(3, 2)
    )
    expected = torch.tensor([0.0, 1.0, 1 - torch.exp(torch.tensor(-1.5)).item()])
    torch.testing.assert_close(rendering.opacities, expected)
    torch.testing.assert_close(rendering.colors[:, 0], expected)


def test_an_empty_ray_is_black_and_has_no_depth() -> None:
    rendering = composite(torch.zeros(4), torch.ones(4, 3), torch.ones(4))
    assert rendering.depths.item() == 0.0
    assert rendering.colors.abs().max().item() == 0.0


def test_depth_is_the_weighted_mean_of_sample_depths() -> None:
    # Weights 1/2 at 2 m and 1/4 at 4 m: (1 + 1) / 0.75.
    rendering = composite(torch.tensor([0.5, 0.25]), torch.zeros(2, 3), torch.tensor([2.0, 4.0]))
    torch.testing.assert_close(rendering.depths, torch.tensor(2.0 / 0.75))


def test_gradients_match_finite_differences() -> None:
    generator = torch.Generator().manual_seed(1)
    sigmas = torch.rand(2, 6, generator=generator, dtype=torch.float64) * 20
    lengths = torch.rand(2, 6, generator=generator, dtype=torch.float64) * 0.1
    assert torch.autograd.gradcheck(
        render_weights, (sigmas.requires_grad_(), lengths.requires_grad_())
    )
