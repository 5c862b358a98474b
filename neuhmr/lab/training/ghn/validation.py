"""How well a GHN renders people it has not seen: numbers and a picture."""

import math
from dataclasses import dataclass
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import torch
from torch import Tensor

from neuhmr.clip.atomic import atomic_path
from neuhmr.ghn.avatar import ImageRendering, render_image
from neuhmr.ghn.model import Ghn
from neuhmr.lab.training.ghn.batches import PreparedPerson, draw_rows


@dataclass(frozen=True)
class GhnScores:
    """Means over validation frames."""

    psnr_db: float
    """Over the person's box, against the image on black."""
    iou: float
    """Of W > 0.5 with the mask."""
    frames: int


def psnr_in_box(rendered: Tensor, target: Tensor, mask: Tensor) -> float:
    """PSNR (dB) over the mask's bounding box; images `height width 3` in [0, 1] on black."""
    rows = mask.any(dim=1).nonzero()[:, 0]
    columns = mask.any(dim=0).nonzero()[:, 0]
    box = (slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1))
    error = (rendered[box] - target[box]).square().mean().item()
    return -10.0 * math.log10(max(error, 1e-10))


def mask_iou(first: Tensor, second: Tensor) -> float:
    """Intersection over union of two boolean masks; 1 where both are empty."""
    union = (first | second).sum().item()
    return (first & second).sum().item() / union if union else 1.0


@torch.no_grad()
def validate_ghn(
    ghn: Ghn, people: list[PreparedPerson], seed: int = 0, picture: Path | None = None
) -> GhnScores:
    """Render one unseen frame of each person from two anchors; the same ones at every call."""
    was_training, device = ghn.training, next(ghn.parameters()).device
    ghn.eval()
    generator = torch.Generator().manual_seed(seed)
    psnrs, ious, strips = [], [], []
    for person in people:
        anchors, targets = draw_rows(person, 1, generator)
        views = person.views(anchors, torch.ones(3))
        avatar = person.condition(ghn, views)
        row = int(targets[0])
        mask = person.masks[row]
        target = person.images[row].permute(1, 2, 0).float() / 255.0 * mask[..., None]
        posed, camera = person.posed[row].to(device), person.cameras[row].to(device)
        rendering = render_image(avatar, posed, camera).to("cpu")
        psnrs.append(psnr_in_box(rendering.color, target, mask))
        ious.append(mask_iou(rendering.opacity > 0.5, mask))
        strips.append(_strip(views.images, target, mask, rendering))
    if picture is not None:
        picture.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(picture) as partial:
            iio.imwrite(partial, np.concatenate(strips, axis=0))
    ghn.train(was_training)
    return GhnScores(sum(psnrs) / len(psnrs), sum(ious) / len(ious), len(people))


def _strip(anchors: Tensor, target: Tensor, mask: Tensor, rendering: ImageRendering) -> np.ndarray:
    """Anchors, target, rendering, mask, W and depth side by side."""
    gray = [mask.float(), rendering.opacity, shade_depth(rendering.depth)]
    tiles = [*anchors.permute(0, 2, 3, 1), target, rendering.color]
    tiles += [image[..., None].expand(-1, -1, 3) for image in gray]
    return (torch.cat(tiles, dim=1).clamp(0, 1) * 255).byte().numpy()


def shade_depth(depth: Tensor) -> Tensor:
    """Map depth (m, 0 where empty) to gray: near is bright, empty is black."""
    seen = depth > 0
    if not seen.any():
        return torch.zeros_like(depth)
    near, far = depth[seen].quantile(0.02), depth[seen].quantile(0.98)
    gray = 1.0 - 0.8 * (depth - near) / (far - near).clamp_min(1e-3)
    return gray.clamp(0, 1) * seen
