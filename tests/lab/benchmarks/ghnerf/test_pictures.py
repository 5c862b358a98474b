import math

import pytest
import torch
from torchmetrics.functional.image import structural_similarity_index_measure

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


def test_ssim_agrees_with_torchmetrics() -> None:
    image, target = picture(1), 0.5 * picture(1) + 0.3 * picture(2)
    _, expected = structural_similarity_index_measure(
        image[None, :, 20:60, 30:70], target[None, :, 20:60, 30:70], data_range=1.0,
        return_full_image=True,
    )  # fmt: skip
    # It mirrors the picture beyond its edges; only whole windows are the definition's.
    whole = float(expected[..., 5:-5, 5:-5].mean())
    assert box_ssim(image, target, box()) == pytest.approx(whole, abs=1e-5)


def test_ssim_of_identical_pictures_is_one_whatever_lies_outside() -> None:
    target = picture(3)
    image = torch.where(box(), target, 0.0)
    assert box_ssim(image, target, box()) == pytest.approx(1.0, abs=1e-6)


def test_a_rectangle_is_never_smaller_than_a_window() -> None:
    mask = torch.zeros(80, 100, dtype=torch.bool)
    mask[78, 99] = True
    assert box_rectangle(mask) == (68, 79, 89, 100)
    assert box_rectangle(box()) == (20, 60, 30, 70)
