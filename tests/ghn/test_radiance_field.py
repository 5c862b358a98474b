"""The heads: limits of density and color, independence of the views' order, gradients."""

import torch

from neuhmr.ghn.radiance_field import (
    DENSITY_SCALE,
    SHAPE_CUES,
    SURFACE_OFFSET,
    RadianceField,
    ViewSamples,
    shape_cues,
)


def make_field(dtype: torch.dtype = torch.float32) -> RadianceField:
    torch.manual_seed(0)
    return RadianceField(feature_channels=4, volume_features=5, hidden=8).to(dtype)


def make_views(views: int = 2, samples: int = 7, dtype: torch.dtype = torch.float32) -> ViewSamples:
    generator = torch.Generator().manual_seed(1)
    features = torch.randn(views, samples, 4, generator=generator, dtype=dtype)
    colors, cues = torch.rand(2, views, samples, 3, generator=generator, dtype=dtype)
    return ViewSamples(features, colors, cues)


def volume_and_shape(samples: int = 7) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(2)
    signed = torch.randn(samples, generator=generator) * 0.02
    return torch.randn(samples, 5, generator=generator), shape_cues(signed, signed.abs(), 0.04)


def test_before_training_the_density_is_that_of_the_bare_body() -> None:
    # At the edge softplus(0) = ln 2; far inside it grows, far outside it vanishes.
    field = make_field()
    signed = torch.tensor([SURFACE_OFFSET, -0.03, 0.04])
    sigmas = field.sigmas(torch.zeros(3, 8), signed)
    torch.testing.assert_close(
        sigmas[0], torch.tensor(DENSITY_SCALE) * torch.log(torch.tensor(2.0))
    )
    assert sigmas[1] > 5 * DENSITY_SCALE and sigmas[2] < 0.01 * DENSITY_SCALE


def test_the_order_of_the_views_does_not_matter() -> None:
    field, views = make_field(), make_views(3)
    volume, shape = volume_and_shape()
    swapped = views[torch.tensor([2, 0, 1])]
    hidden = field.hidden(volume, views, shape)
    torch.testing.assert_close(field.hidden(volume, swapped, shape), hidden)
    torch.testing.assert_close(field.colors(hidden, swapped), field.colors(hidden, views))


def test_where_views_see_a_color_it_is_taken_from_their_pixels() -> None:
    # Both views see the place in the same color: the blend must be that color, and the share of
    # the regressed color is below 1 / (1 + e^2.5) once its head is silent.
    field = make_field()
    torch.nn.init.zeros_(field.color[2].weight)
    torch.nn.init.zeros_(field.color[2].bias)
    views = make_views()
    same = ViewSamples(
        views.features, torch.full_like(views.colors, 0.25), torch.ones_like(views.cues)
    )
    colors = field.colors(torch.zeros(7, 8), same)
    # doubt = sigmoid(-3); regressed color 0.5.
    expected = 0.25 + torch.sigmoid(torch.tensor(-3.0)) * 0.25
    torch.testing.assert_close(colors, expected.expand(7, 3))


def test_colors_stay_in_range_and_gradients_match_finite_differences() -> None:
    field, views = make_field(torch.float64), make_views(dtype=torch.float64)
    volume, shape = (t.double() for t in volume_and_shape())

    def shade(volume: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        seen = ViewSamples(features, views.colors, views.cues)
        return field.colors(field.hidden(volume, seen, shape), seen)

    colors = shade(volume, views.features)
    assert colors.min() >= 0 and colors.max() <= 1
    assert torch.autograd.gradcheck(
        shade, (volume.requires_grad_(), views.features.clone().requires_grad_())
    )


def test_shape_cues_are_worked_by_hand() -> None:
    # Height 0.02 of a 0.04 band: 0.5; sin and cos of pi / 2, pi, 2 pi.
    cues = shape_cues(torch.tensor([0.02]), torch.tensor([0.03]), 0.04)
    expected = torch.tensor([[0.5, 0.5, 0.75, 1.0, 0.0, 0.0, 0.0, -1.0, 1.0]])
    assert cues.shape[1] == SHAPE_CUES
    torch.testing.assert_close(cues, expected, atol=1e-6, rtol=0)
