"""How near a rendered picture and its heatmaps are to the true ones.

As ENeRF's and GHNeRF's tables do: PSNR over the pixels of the subject's projected box, SSIM over
the rectangle around them, black outside the box.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from neuhmr.lab.metrics.image_metrics import psnr_db

SSIM_WINDOW = 11
"""SSIM compares windows of this size (px); smaller rectangles are grown to it."""
SSIM_SIGMA = 1.5
SSIM_C1, SSIM_C2 = 0.01**2, 0.03**2
"""Constants of the definition, for values up to 1."""


@dataclass(frozen=True, kw_only=True)
class HeatmapErrors:
    """Mean squared errors, and those of a predictor that says zero everywhere.

    Keypoints fill a thousandth of a picture: a figure means something only beside the predictor
    that has learned nothing.
    """

    box: float
    """Over the pixels of the projected box."""
    whole: float
    """Over the whole picture."""
    zero_box: float
    zero_whole: float


def score_heatmaps(
    heatmaps: Float[Tensor, "joints height width"],
    truth: Float[Tensor, "joints height width"],
    valid: Bool[Tensor, " joints"],
    box: Bool[Tensor, "height width"],
) -> HeatmapErrors | None:
    """Compare heatmaps; None where no joint has a truth or the box is empty.

    Args:
        heatmaps: rendered, in [0, 1].
        truth: Gaussians about the true keypoints.
        valid: joints that have a truth; the others are left out.
        box: pixels within the subject's projected box.
    """
    if not valid.any() or not box.any():
        return None
    error = (heatmaps[valid] - truth[valid]).square()
    zero = truth[valid].square()
    return HeatmapErrors(
        box=float(error[:, box].mean()),
        whole=float(error.mean()),
        zero_box=float(zero[:, box].mean()),
        zero_whole=float(zero.mean()),
    )


def box_psnr_db(
    image: Float[Tensor, "3 height width"],
    target: Float[Tensor, "3 height width"],
    box: Bool[Tensor, "height width"],
) -> float:
    """Measure PSNR over the pixels of the projected box (dB)."""
    return float(psnr_db(image, target, box))


def box_ssim(
    image: Float[Tensor, "3 height width"],
    target: Float[Tensor, "3 height width"],
    box: Bool[Tensor, "height width"],
) -> float:
    """Measure SSIM over the rectangle around the projected box; the range of the values is 1."""
    top, bottom, left, right = box_rectangle(box)
    cut = [(each * box)[None, :, top:bottom, left:right] for each in (image, target)]
    return float(ssim(cut[0], cut[1]).mean())


def ssim(
    image: Float[Tensor, "*batch 3 height width"], target: Float[Tensor, "*batch 3 height width"]
) -> Float[Tensor, "*batch 3 rows columns"]:
    """Map the structural similarity of pictures in [0, 1] (Wang et al. 2004), unreduced.

    Gaussian windows of 1.5 px, 11 px wide; only windows that lie wholly within the picture, so a
    row and a column is missing for every pixel of their radius.
    """
    steps = torch.arange(SSIM_WINDOW, device=image.device) - SSIM_WINDOW // 2
    bell = torch.exp(-steps.square() / (2.0 * SSIM_SIGMA**2)).to(image)
    kernel = torch.outer(bell, bell)[None, None] / bell.sum().square()

    def blurred(picture: Tensor) -> Tensor:
        size = picture.shape[-2:]
        blurry = functional.conv2d(picture.reshape(-1, 1, *size), kernel)
        return blurry.reshape(*picture.shape[:-2], *blurry.shape[-2:])

    mean, target_mean = blurred(image), blurred(target)
    product = mean * target_mean
    squares = mean.square() + target_mean.square()
    variances = blurred(image.square() + target.square()) - squares
    covariance = blurred(image * target) - product
    return ((2.0 * product + SSIM_C1) * (2.0 * covariance + SSIM_C2)) / (
        (squares + SSIM_C1) * (variances + SSIM_C2)
    )


def box_rectangle(box: Bool[Tensor, "height width"]) -> tuple[int, int, int, int]:
    """Find the rows and columns (top, bottom, left, right) that hold a mask, ends excluded."""
    rows, columns = box.any(dim=1).nonzero()[:, 0], box.any(dim=0).nonzero()[:, 0]
    top, bottom = _grown(int(rows[0]), int(rows[-1]) + 1, box.shape[0])
    left, right = _grown(int(columns[0]), int(columns[-1]) + 1, box.shape[1])
    return top, bottom, left, right


def _grown(start: int, stop: int, size: int) -> tuple[int, int]:
    missing = max(SSIM_WINDOW - (stop - start), 0)
    start = max(start - missing, 0)
    return start, min(max(stop, start + SSIM_WINDOW), size)
