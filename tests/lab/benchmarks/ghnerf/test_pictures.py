import math

import pytest
import torch

from ghnerf.rings import gaussian_heatmaps
from neuhmr.lab.benchmarks.ghnerf.pictures import (
    box_psnr_db,
    box_rectangle,
    box_ssim,
    score_heatmaps,
)

VALID = torch.tensor([True, True])


def box() -> torch.Tensor:
    mask = torch.zeros(80, 100, dtype=torch.bool)
    mask[20:60, 30:70] = True
    return mask


def picture(seed: int) -> torch.Tensor:
    return torch.rand(3, 80, 100, generator=torch.Generator().manual_seed(seed))


def truth() -> torch.Tensor:
    return gaussian_heatmaps(torch.tensor([[50.0, 40.0], [45.0, 35.0]]), 80, 100, 3.0)


def test_the_zero_predictor_errs_by_the_blobs_area() -> None:
    # The integral of exp(-r² / σ²) is π σ²: 9 π over 8000 pixels, and over the box's 1600.
    errors = score_heatmaps(torch.zeros(2, 80, 100), truth(), VALID, box())
    assert errors is not None
    assert errors.zero_whole == pytest.approx(math.pi * 9 / 8000, rel=1e-4)
    assert errors.zero_box == pytest.approx(math.pi * 9 / 1600, rel=1e-3)
    assert errors.whole == errors.zero_whole
    assert errors.box == errors.zero_box


def test_true_heatmaps_have_no_error() -> None:
    errors = score_heatmaps(truth(), truth(), VALID, box())
    assert errors is not None
    assert errors.box == errors.whole == 0.0


def test_errors_outside_the_box_count_for_the_whole_only() -> None:
    maps = truth()
    maps[:, 0, 0] += 1.0
    errors = score_heatmaps(maps, truth(), VALID, box())
    assert errors is not None
    assert errors.box == 0.0
    assert errors.whole == pytest.approx(1 / 8000, rel=1e-4)


def test_joints_without_truth_are_left_out() -> None:
    maps = truth()
    maps[1] = 1.0
    errors = score_heatmaps(maps, truth(), torch.tensor([True, False]), box())
    assert errors is not None
    assert errors.box == 0.0
    assert score_heatmaps(maps, truth(), torch.tensor([False, False]), box()) is None


def test_psnr_counts_the_box_only() -> None:
    target = picture(0) * 0.5
    image = target + 0.1
    image[:, :10] += 0.5
    assert box_psnr_db(image, target, box()) == pytest.approx(20.0, abs=1e-4)


def reference_ssim(image: torch.Tensor, target: torch.Tensor) -> float:
    """SSIM by its definition: window by window, in float64."""
    steps = torch.arange(11, dtype=torch.float64) - 5.0
    bell = torch.exp(-steps.square() / (2.0 * 1.5**2))
    weights = torch.outer(bell, bell) / bell.sum() ** 2
    x, y = (each.double().unfold(1, 11, 1).unfold(2, 11, 1) for each in (image, target))

    def mean(values: torch.Tensor) -> torch.Tensor:
        return (values * weights).sum(dim=(-2, -1))

    mx, my = mean(x), mean(y)
    spread_x, spread_y = mean(x * x) - mx * mx, mean(y * y) - my * my
    common = mean(x * y) - mx * my
    similarity = (2 * mx * my + 1e-4) * (2 * common + 9e-4)
    similarity = similarity / ((mx * mx + my * my + 1e-4) * (spread_x + spread_y + 9e-4))
    return float(similarity.mean())


def test_ssim_is_the_definitions_over_whole_windows_of_the_box() -> None:
    image, target = picture(1), 0.5 * picture(1) + 0.3 * picture(2)
    expected = reference_ssim(image[:, 20:60, 30:70], target[:, 20:60, 30:70])
    assert box_ssim(image, target, box()) == pytest.approx(expected, abs=1e-5)


def test_ssim_is_black_where_a_round_box_leaves_corners() -> None:
    y, x = torch.meshgrid(torch.arange(80), torch.arange(100), indexing="ij")
    disk = (y - 40).square() + (x - 50).square() < 20**2
    image, target = picture(1), 0.5 * picture(1) + 0.3 * picture(2)
    expected = reference_ssim((image * disk)[:, 21:60, 31:70], (target * disk)[:, 21:60, 31:70])
    assert box_ssim(image, target, disk) == pytest.approx(expected, abs=1e-5)


def test_ssim_of_a_single_pixel_is_of_the_one_window_about_it() -> None:
    mask = torch.zeros(80, 100, dtype=torch.bool)
    mask[0, 0] = True
    image, target = picture(1), picture(2)
    expected = reference_ssim((image * mask)[:, :11, :11], (target * mask)[:, :11, :11])
    assert box_ssim(image, target, mask) == pytest.approx(expected, abs=1e-5)


def test_ssim_of_identical_pictures_is_one_whatever_lies_outside() -> None:
    target = picture(3)
    image = torch.where(box(), target, 0.0)
    assert box_ssim(image, target, box()) == pytest.approx(1.0, abs=1e-6)


def test_a_rectangle_is_never_smaller_than_a_window() -> None:
    mask = torch.zeros(80, 100, dtype=torch.bool)
    mask[78, 99] = True
    assert box_rectangle(mask) == (68, 79, 89, 100)
    assert box_rectangle(box()) == (20, 60, 30, 70)
