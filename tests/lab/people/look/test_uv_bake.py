import numpy as np
import pytest

from neuhmr.lab.people.look.uv_bake import bake_open_body, rasterize_layout

SQUARE = np.array([[[0, 0], [1, 0], [1, 1]], [[0, 0], [1, 1], [0, 1]]], float)


def test_two_triangles_cover_a_square_once():
    hits = rasterize_layout(SQUARE, 8)
    assert sorted(hits.texel.tolist()) == list(range(64))


def test_barycentric_coordinates_give_back_the_texels_center():
    hits = rasterize_layout(SQUARE, 8)
    uv = np.einsum("tk,tkc->tc", hits.barycentric, SQUARE[hits.face])
    # Row 0 is the top, where v is 1: texel 0 has its center at (1 / 16, 15 / 16).
    np.testing.assert_allclose(uv[hits.texel.argmin()], [1 / 16, 15 / 16], atol=1e-12)
    np.testing.assert_allclose(uv[:, 0], (hits.texel % 8 + 0.5) / 8, atol=1e-12)


def test_a_degenerate_triangle_covers_nothing():
    assert len(rasterize_layout(np.zeros((1, 3, 2)) + 0.5, 8).texel) == 0


@pytest.fixture(scope="module")
def bake():
    return bake_open_body(96)


def test_texels_lie_on_the_body(bake, open_body):
    low, high = open_body.v_template.amin(0).numpy(), open_body.v_template.amax(0).numpy()
    assert (bake.points.positions >= low - 1e-6).all()
    assert (bake.points.positions <= high + 1e-6).all()
    np.testing.assert_allclose(bake.points.lbs_weights.sum(axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(bake.points.normals, axis=1), 1.0, atol=1e-6)


def test_every_texel_takes_a_color_and_covered_ones_their_own(bake):
    count = len(bake.points)
    assert bake.nearest.min() == 0
    assert bake.nearest.max() == count - 1
    image = bake.texture(np.linspace(0, 1, count)[:, None].repeat(3, axis=1))
    assert image.shape == (96, 96, 3)
    assert image.dtype == np.uint8


def test_baking_twice_costs_nothing(bake):
    assert bake_open_body(96) is bake
