import math
from dataclasses import replace

import pytest
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.body.skeleton import BODY_25_NAMES
from neuhmr.ghnerf.network.views import TargetView
from neuhmr.lab.moments.moment_pictures import shown
from neuhmr.lab.moments.moments import moments_of_person
from neuhmr.lab.training.ghnerf.batches import (
    DrawConfig,
    draw_batch,
    draw_count,
    draw_patch,
    draw_pixels,
    look_up,
    nearest_views,
)
from tests.lab.training.ring_folder import ring_person

DRAW = DrawConfig(sources=2, pool=3, rays=60, coarse_rays=20, sizes=(512.0, 512.0))


@pytest.fixture(scope="module")
def model():
    return load_body_model()


@pytest.fixture(scope="module")
def moment(model):
    return moments_of_person(ring_person(), model)[0]


def test_neighbors_on_the_ring_are_nearest(moment):
    assert sorted(nearest_views(moment, 0)[:2]) == [1, 3]
    assert nearest_views(moment, 0)[2] == 2


def test_rays_lie_where_they_were_asked_for(moment, generator):
    truth = shown(moment, 0)
    target = TargetView(truth.camera, truth.T_camera_world, moment.box)
    config = DrawConfig(mask_share=1.0, keypoint_share=0.0)
    pixels = draw_pixels(truth, target, 500, config, generator)
    assert pixels.shape == (500, 2) and torch.equal(pixels % 1, torch.full((500, 2), 0.5))
    near = torch.nn.functional.max_pool2d(truth.layers[None, 3:], 3, 1, 1)[0, 0] > 0.5
    column, row = pixels.long().unbind(dim=-1)
    assert bool(near[row, column].all())
    around = draw_pixels(
        truth, target, 200, DrawConfig(mask_share=1.0, keypoint_share=1.0), generator
    )
    distances = (around[:, None] - truth.keypoints[None, :, :2]).norm(dim=-1).amin(dim=1)
    # Two sigma of spread, each 6 px at 512: 1.5 px at this height of 64; five times that is far.
    assert float(distances.max()) < 5 * 1.5 + 1


def test_rays_along_the_outline_have_both_sides_within_reach(moment, generator):
    truth = shown(moment, 0)
    target = TargetView(truth.camera, truth.T_camera_world, moment.box)
    config = DrawConfig(mask_share=1.0, keypoint_share=0.0, outline_share=1.0)
    pixels = draw_pixels(truth, target, 200, config, generator)
    column, row = pixels.long().unbind(dim=-1)
    # The radius of 5 px at 512 is one pixel at this height of 64.
    windows = torch.nn.functional.unfold(truth.layers[None, 3:], 3, padding=1)[0]
    seen = windows.view(9, *truth.mask.shape)[:, row, column]
    assert bool(((seen > 0.5).any(dim=0) & (seen < 0.5).any(dim=0)).all())


def test_truth_at_pixels_is_the_picture_and_the_gaussian(moment):
    truth = shown(moment, 2)
    pixels = torch.tensor([[20.5, 30.5], [25.5, 12.5]])
    found = look_up(moment, truth, pixels, 1, 6.0, None)
    expected = truth.layers[:3, [30, 12], [20, 25]].T
    assert torch.allclose(found.colors, expected, atol=1e-5)
    nose = truth.keypoints[BODY_25_NAMES.index("nose"), :2]
    sigma = 6.0 * truth.camera.height / 512
    squared = float((pixels[1] - nose).square().sum())
    assert float(found.heatmaps[1, 0]) == pytest.approx(
        math.exp(-squared / (2 * sigma**2)), abs=1e-6
    )


def test_coarse_truth_is_the_mean_over_its_pixel(moment):
    truth = shown(moment, 2)
    found = look_up(moment, truth, torch.tensor([[22.0, 30.0]]), 4, 6.0, None)
    expected = truth.layers[:3, 28:32, 20:24].mean(dim=(1, 2))
    assert torch.allclose(found.colors[0], expected, atol=1e-5)


def test_the_same_generator_draws_the_same_batch(moment, model):
    first, again = (
        draw_batch(moment, DRAW, model, torch.Generator().manual_seed(3)) for _ in range(2)
    )
    assert torch.equal(first.fine.pixels, again.fine.pixels)
    assert torch.equal(first.sources.images, again.sources.images)
    assert len(first.sources.images) == 2 and len(first.coarse.pixels) == 20
    own = (first.sources.T_camera_world - first.target.T_camera_world).abs().amax(dim=(1, 2))
    assert float(own.min()) > 0.1, "the target is none of its sources"


def test_the_number_of_sources_varies_where_it_is_asked_to(moment, model):
    varied = replace(DRAW, source_spread=1)
    counts = [
        len(draw_batch(moment, varied, model, torch.Generator().manual_seed(seed)).sources.images)
        for seed in range(12)
    ]
    assert set(counts) == {1, 2, 3}
    usual = [draw_count(DRAW, torch.Generator()) for _ in range(3)]
    assert usual == [2, 2, 2]


def test_a_patch_is_a_square_on_the_person(moment, generator):
    truth = shown(moment, 0)
    patch = draw_patch(truth, 8, generator).view(8, 8, 2)
    assert torch.equal(patch[0, 1] - patch[0, 0], torch.tensor([1.0, 0.0]))
    assert torch.equal(patch[1, 0] - patch[0, 0], torch.tensor([0.0, 1.0]))
    column, row = patch.long().unbind(dim=-1)
    assert bool(truth.mask[row, column].any())
