import math

import pytest
import torch

from neuhmr.lab.moments.heatmaps import SIGMA_SHARE, draw_heatmaps, heatmaps_at


def keypoints(*rows):
    return torch.tensor(rows)


def test_values_are_those_of_the_gaussian():
    joints = keypoints([10.0, 20.0, 0.9], [0.0, 0.0, 0.0])
    pixels = torch.tensor([[10.0, 20.0], [13.0, 24.0]])
    values, known = heatmaps_at(pixels, joints, 2.5)
    # 5 px away with sigma 2.5: exp(-25 / 12.5) = e^-2.
    assert values[:, 0].tolist() == pytest.approx([1.0, math.exp(-2.0)])
    assert values[:, 1].tolist() == [0.0, 0.0]
    assert known.tolist() == [True, False]


def test_confidence_says_whether_and_not_how_high():
    sure, unsure = keypoints([4.0, 4.0, 1.0]), keypoints([4.0, 4.0, 0.2])
    assert torch.equal(draw_heatmaps(sure, 8, 8), draw_heatmaps(unsure, 8, 8))


def test_keypoints_that_are_not_numbers_are_missing():
    values, known = heatmaps_at(torch.ones(3, 2), keypoints([math.nan, 1.0, 1.0]), 1.0)
    assert not known.any() and torch.equal(values, torch.zeros(3, 1))


def test_whole_maps_peak_at_the_keypoints_pixel_and_sum_to_the_gaussians_area():
    maps = draw_heatmaps(keypoints([60.5, 70.5, 1.0]), 128, 144)
    assert maps.shape == (1, 128, 144)
    assert int(maps.flatten().argmax()) == 70 * 144 + 60
    sigma = SIGMA_SHARE * 128
    assert float(maps.sum()) == pytest.approx(2 * math.pi * sigma**2, rel=1e-4)
