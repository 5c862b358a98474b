"""Image metrics: values worked by hand, limits, agreement with torchmetrics."""

import pytest
import torch
from torchmetrics.functional.image import peak_signal_noise_ratio

from neuhmr.lab.metrics.image_metrics import psnr_db, silhouette_iou


def test_iou_of_two_overlapping_rectangles() -> None:
    # Columns 0-3 and 2-5 of 8: 2 columns in common, 6 together.
    first, second = torch.zeros(2, 4, 8, dtype=torch.bool)
    first[:, 0:4] = True
    second[:, 2:6] = True
    assert silhouette_iou(first, second).item() == pytest.approx(2 / 6)


@pytest.mark.parametrize("batch", [(), (1,), (3, 1, 2)])
def test_iou_limits(batch: tuple[int, ...]) -> None:
    nothing = torch.zeros(*batch, 4, 5, dtype=torch.bool)
    everything = ~nothing
    assert (silhouette_iou(everything, everything) == 1).all()
    assert (silhouette_iou(nothing, nothing) == 1).all()
    assert (silhouette_iou(nothing, everything) == 0).all()
    assert silhouette_iou(nothing, everything).shape == batch


def test_psnr_of_a_constant_difference() -> None:
    # An error of 0.1 everywhere: mean square 0.01, -10 log10(0.01) = 20 dB.
    image = torch.full((3, 4, 4), 0.6)
    assert psnr_db(image, image - 0.1).item() == pytest.approx(20.0, abs=1e-4)


def test_psnr_counts_only_the_mask() -> None:
    target = torch.zeros(3, 2, 2)
    image = torch.zeros(3, 2, 2)
    image[:, 0, 0] = 0.1
    image[:, 1, 1] = 0.9
    mask = torch.tensor([[True, False], [False, False]])
    assert psnr_db(image, target, mask).item() == pytest.approx(20.0, abs=1e-4)
    assert psnr_db(image, target, torch.zeros_like(mask)).isnan()
    assert psnr_db(target, target).isinf()


def test_psnr_agrees_with_torchmetrics() -> None:
    image, target = torch.rand(2, 3, 8, 9, generator=torch.Generator().manual_seed(0))
    expected = peak_signal_noise_ratio(image, target, data_range=1.0)
    assert psnr_db(image, target).item() == pytest.approx(expected.item(), abs=1e-4)
