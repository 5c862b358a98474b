"""How well GHNeRF renders moments it has not seen: numbers and a picture."""

import math
from dataclasses import dataclass
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.clip.atomic import atomic_path
from neuhmr.ghnerf.network.frustum import box_pixels
from neuhmr.ghnerf.network.image_rendering import GhnerfImage, render_target
from neuhmr.ghnerf.network.model import Ghnerf
from neuhmr.ghnerf.network.views import TargetView
from neuhmr.lab.metrics.pck import count_correct
from neuhmr.lab.moments.heatmaps import draw_heatmaps
from neuhmr.lab.moments.moment_pictures import (
    Picture,
    share_for,
    shown,
    shown_target,
    source_views,
)
from neuhmr.lab.moments.moments import Moment
from neuhmr.lab.training.ghnerf.batches import DrawConfig, nearest_views

THRESHOLD = 0.1
"""A joint whose heatmap stays below was not found."""


@dataclass(frozen=True)
class GhnerfScores:
    """Means over validation views."""

    psnr_db: float
    """Over the pixels of the subject's projected box, against the image on black."""
    iou: float
    """Of opacity > 0.5 with the mask."""
    pck: float | None
    """PCK@0.2 of the heatmaps' highest pixels; None without heatmaps."""
    heatmap_mse: float | None
    """Over the same pixels as PSNR; None without heatmaps."""
    zero_mse: float | None
    """What a network that sees no joints would get."""


@torch.no_grad()
def validate_ghnerf(
    model: Ghnerf, moments: list[Moment], config: DrawConfig, picture: Path | None = None
) -> GhnerfScores:
    """Render one view of each moment from its nearest ones; the same ones at every call."""
    was_training = model.training
    model.eval()
    rows, strips = [], []
    for number, moment in enumerate(moments):
        view = (5 * number) % len(moment)
        share = share_for(moment, view, config.sizes[1])
        truth, target = shown(moment, view, share), shown_target(moment, view, share)
        sources = source_views(moment, nearest_views(moment, view)[: config.sources], share)
        device = next(model.parameters()).device
        image = render_target(model, model.encode(sources.to(device)), target.to(device))
        image = image.to("cpu")
        rows.append(_score(model, image, truth, target))
        strips.append(_strip(model, image, truth, sources.images))
    if picture is not None:
        picture.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(picture) as partial:
            iio.imwrite(partial, _stacked(strips))
    model.train(was_training)
    psnr, iou, pck, mse, zero = (_mean(list(column)) for column in zip(*rows, strict=True))
    assert psnr is not None and iou is not None, rows
    return GhnerfScores(psnr, iou, pck, mse, zero)


def _score(
    model: Ghnerf, image: GhnerfImage, truth: Picture, target: TargetView
) -> tuple[float, float, float | None, float | None, float | None]:
    column, row = box_pixels(target).long().unbind(dim=-1)
    color = truth.layers[:3].permute(1, 2, 0)
    error = (image.color - color)[row, column].square().mean().item()
    found = image.opacity > 0.5
    union = (found | truth.mask).sum().item()
    iou = (found & truth.mask).sum().item() / union if union else 1.0
    psnr = -10.0 * math.log10(max(error, 1e-10))
    kinds = [head.kind for head in model.config.feature_heads]
    if "heatmaps" not in kinds:
        return psnr, iou, None, None, None
    maps = image.features[..., model.config.feature_slice("heatmaps")].permute(2, 0, 1)
    known = truth.keypoints[:, 2] > 0
    targets = draw_heatmaps(truth.keypoints, truth.camera.height, truth.camera.width)
    inside, wanted = maps[:, row, column][known], targets[:, row, column][known]
    mse, zero = (inside - wanted).square().mean().item(), wanted.square().mean().item()
    return psnr, iou, joint_accuracy(maps, truth.keypoints), mse, zero


def joint_accuracy(
    maps: Float[Tensor, "25 height width"], keypoints: Float[Tensor, "25 3"]
) -> float | None:
    """Share of the known joints whose highest pixel is near (PCK@0.2); None without a torso."""
    values, places = maps.flatten(1).max(dim=1)
    width = maps.shape[2]
    points = torch.stack([places % width, places // width], dim=-1) + 0.5
    return count_correct(points, values >= THRESHOLD, keypoints[:, :2], keypoints[:, 2] > 0).pck


def _strip(
    model: Ghnerf,
    image: GhnerfImage,
    truth: Picture,
    sources: Float[Tensor, "views 3 rows columns"],
) -> Tensor:
    """Sources, target, rendering, opacity, and the heatmaps over the target, side by side."""
    color = truth.layers[:3].permute(1, 2, 0)
    tiles = [*sources.permute(0, 2, 3, 1), color, image.color]
    tiles.append(image.opacity[..., None].expand(-1, -1, 3))
    if "heatmaps" in [head.kind for head in model.config.feature_heads]:
        maps = image.features[..., model.config.feature_slice("heatmaps")]
        wanted = draw_heatmaps(truth.keypoints, truth.camera.height, truth.camera.width)
        for layer in (wanted.amax(dim=0), maps.amax(dim=-1)):
            tiles.append(0.5 * color + layer[..., None] * torch.tensor([1.0, 0.3, 0.1]))
    height = max(tile.shape[0] for tile in tiles)
    padded = [torch.nn.functional.pad(tile, (0, 0, 0, 0, 0, height - len(tile))) for tile in tiles]
    return torch.cat(padded, dim=1).clamp(0.0, 1.0)


def _stacked(strips: list[Tensor]) -> np.ndarray:
    width = max(strip.shape[1] for strip in strips)
    padded = [torch.nn.functional.pad(strip, (0, 0, 0, width - strip.shape[1])) for strip in strips]
    return (torch.cat(padded, dim=0) * 255).byte().numpy()


def _mean(values: list[float | None]) -> float | None:
    given = [value for value in values if value is not None]
    return sum(given) / len(given) if given else None
