import math

import numpy as np
import pytest
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.initial.silhouettes import collect_silhouettes, sample_surface

HEIGHT, WIDTH = 120, 160


def disk(center: tuple[float, float], radius: float) -> np.ndarray:
    x, y = np.arange(WIDTH) + 0.5, np.arange(HEIGHT) + 0.5
    return np.hypot(x[None] - center[0], y[:, None] - center[1]) < radius


def test_distances_are_measured_from_the_edge_of_the_mask():
    silhouettes = collect_silhouettes([disk((80.0, 60.0), 40.0)])
    pixels = torch.tensor([[[80.0, 60.0], [100.0, 75.0], [128.0, 60.0], [80.0, 13.0]]])
    # The middle and (100, 75) lie inside; the others 8 px and 7 px outside a radius of 40.
    distances = silhouettes.distances_at(pixels)[0]
    assert torch.allclose(distances, torch.tensor([0.0, 0.0, 8.0, 7.0]), atol=1.5)


def test_the_outline_runs_along_the_edge():
    silhouettes = collect_silhouettes([disk((80.0, 60.0), 40.0)])
    radii = (silhouettes.outline[0] - torch.tensor([80.0, 60.0])).norm(dim=-1)
    assert bool(silhouettes.has_outline.all())
    assert (radii - 39.5).abs().max() < 1.0
    angles = (silhouettes.outline[0] - torch.tensor([80.0, 60.0])) @ torch.eye(2)
    quarters = {(bool(x > 0), bool(y > 0)) for x, y in angles}
    assert len(quarters) == 4


def test_where_the_picture_cuts_a_person_off_there_is_no_edge():
    # The disk reaches 20 px below the picture.
    silhouettes = collect_silhouettes([disk((80.0, 100.0), 40.0)])
    assert silhouettes.outline[0, :, 1].max() < HEIGHT - 1
    below = torch.tensor([[[80.0, HEIGHT + 8.0], [122.0, HEIGHT + 8.0]]])
    assert silhouettes.distances_at(below).abs().max() == 0.0


def test_an_empty_mask_pulls_at_nothing():
    silhouettes = collect_silhouettes([np.zeros((HEIGHT, WIDTH), bool)])
    assert not silhouettes.has_outline.any()
    assert silhouettes.distances_at(torch.rand(1, 5, 2) * 100).abs().max() == 0.0


def test_a_point_outside_is_pushed_back_in():
    silhouettes = collect_silhouettes([disk((80.0, 60.0), 40.0)])
    pixel = torch.tensor([[[127.0, 60.0]]], requires_grad=True)
    silhouettes.distances_at(pixel).sum().backward()
    assert pixel.grad is not None
    assert torch.allclose(pixel.grad[0, 0], torch.tensor([1.0, 0.0]), atol=0.25)


def test_the_surface_sample_covers_the_body_evenly():
    model = load_body_model()
    sample = sample_surface(model)
    gaps = torch.cdist(model.v_template, sample.template).amin(dim=1)
    assert 200 < len(sample.template) < 600
    assert gaps.max() < 0.065 * math.sqrt(3)


@pytest.mark.parametrize("count", [1, 3])
def test_frames_stack(count):
    masks = [disk((80.0, 60.0), 20.0 + 5 * i) for i in range(count)]
    silhouettes = collect_silhouettes(masks)
    assert silhouettes.distances.shape[0] == count
    assert silhouettes[0:1].outline.shape[0] == 1
