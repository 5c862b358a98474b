"""How near a rendered picture and its heatmaps are to the true ones.

As ENeRF's and GHNeRF's tables do: PSNR over the pixels of the subject's projected box, SSIM over
the rectangle around them, black outside the box.
"""

from dataclasses import dataclass

from jaxtyping import Bool, Float
from torch import Tensor

from neuhmr.lab.extra import lab_extra
from neuhmr.lab.metrics.image_metrics import psnr_db

with lab_extra("The benchmark of GHNeRF"):
    from torchmetrics.functional.image import structural_similarity_index_measure

SSIM_WINDOW = 11
"""SSIM compares windows of this size (px); smaller rectangles are grown to it."""


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
    """Measure SSIM over the rectangle around the projected box (Wang et al. 2004).

    Values range over 1. Gaussian windows of 1.5 px, 11 px wide; only those that lie wholly within
    the rectangle count, torchmetrics' own mean has mirrored ones beyond its edges too.
    """
    top, bottom, left, right = box_rectangle(box)
    cut = [(each * box)[None, :, top:bottom, left:right] for each in (image, target)]
    _, similarity = structural_similarity_index_measure(
        cut[0], cut[1], data_range=1.0, return_full_image=True
    )
    edge = SSIM_WINDOW // 2
    return float(similarity[..., edge:-edge, edge:-edge].mean())


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
