from dataclasses import replace

import numpy as np
import pytest

from neuhmr.body.open_body import load_open_body_surface
from neuhmr.lab.people.look.patterns import (
    PATTERN_KINDS,
    Fabric,
    fabric_colors,
    fractal_noise,
    noise_at,
)
from neuhmr.lab.people.look.surface_points import canonical_points

WHITE, BLACK, RED = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def points(open_body):
    return canonical_points(open_body, load_open_body_surface())


@pytest.mark.parametrize("kind", PATTERN_KINDS)
def test_colors_mix_the_fabrics_own(points, kind):
    colors = fabric_colors(Fabric(kind, (WHITE, BLACK, RED), 0.05, 3), points)
    assert colors.shape == (len(points), 3)
    assert colors.min() >= -1e-9
    assert colors.max() <= 1 + 1e-9
    assert (colors.std() > 0.05) == (kind != "plain")


def test_rings_repeat_with_the_fabrics_scale(points):
    torso = points.part("torso")
    fabric = Fabric("rings", (WHITE, BLACK, RED), 0.1, 0)
    up = replace(points, positions=points.positions + np.array([0.0, 0.1, 0.0]))
    half = replace(points, positions=points.positions + np.array([0.0, 0.05, 0.0]))
    here = fabric_colors(fabric, points)[torso]
    np.testing.assert_allclose(fabric_colors(fabric, up)[torso], here, atol=1e-6)
    assert np.abs(fabric_colors(fabric, half)[torso] - here).mean() > 0.5


def test_noise_is_smooth_and_of_about_unit_variance():
    line = np.zeros((20_000, 3))
    line[:, 0] = np.linspace(0, 40, 20_000)
    values = noise_at(line, 0.1, 5)
    assert 0.3 < values.std() < 1.2
    assert np.abs(np.diff(values)).max() < 0.25 * values.std()


def test_noise_belongs_to_its_seed():
    somewhere = np.random.default_rng(0).uniform(-1, 1, (50, 3))
    np.testing.assert_array_equal(noise_at(somewhere, 0.1, 1), noise_at(somewhere, 0.1, 1))
    assert np.abs(fractal_noise(somewhere, 0.1, 1) - fractal_noise(somewhere, 0.1, 2)).max() > 0.5
