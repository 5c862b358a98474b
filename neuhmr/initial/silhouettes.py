"""Person masks as a fit can use them: how far outside a pixel lies, and where the outline runs."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy import ndimage
from torch import Tensor

from neuhmr.body.skinning import skin_points
from neuhmr.body.smpl_model import SmplModel
from neuhmr.geometry.cameras import sample_at_pixels
from neuhmr.geometry.rigid import Rigid
from neuhmr.tensor_struct import TensorStruct

GRID = 96
"""Distances are kept on a square grid of this many cells around the person."""
OUTLINE_POINTS = 96
SURFACE_SPACING = 0.065
"""The body's surface is sampled about this densely (m)."""
MARGIN = 0.15
"""Of the grid around the mask, in sizes of the mask."""


@dataclass(frozen=True)
class Silhouettes(TensorStruct):
    """Masks of one person over frames; an empty mask has no outline and nothing outside it."""

    distances: Float[Tensor, "frames grid grid"]
    """How far a pixel lies outside the mask (px, 0 inside), on a grid over the window."""
    corners: Float[Tensor, "frames 2"]
    """Left and top of the window (px)."""
    sides: Float[Tensor, " frames"]
    """Width and height of the window (px)."""
    outline: Float[Tensor, "frames points 2"]
    """Pixels along the mask's edge, where it is not the picture's."""
    has_outline: Bool[Tensor, "frames points"]

    @property
    def sizes(self) -> Float[Tensor, " frames"]:
        """Of the person: the larger of the mask's width and height (px)."""
        return self.sides / (1 + 2 * MARGIN)

    def distances_at(
        self, pixels: Float[Tensor, "frames points 2"]
    ) -> Float[Tensor, "frames points"]:
        """Measure how far pixels lie outside the mask (px); beyond the window, as on its edge."""
        inside = (pixels - self.corners[:, None]) * (GRID / self.sides[:, None, None])
        sampled = sample_at_pixels(self.distances[:, None], inside, (GRID, GRID), padding="border")
        return sampled[..., 0]


def collect_silhouettes(masks: Iterable[Bool[np.ndarray, "height width"]]) -> Silhouettes:
    """Turn masks, as they come, into silhouettes."""
    parts = [_silhouette(mask) for mask in masks]
    distances, corners, sides, outlines, has_outline = zip(*parts, strict=True)
    return Silhouettes(
        distances=torch.from_numpy(np.stack(distances)),
        corners=torch.tensor(corners, dtype=torch.float32),
        sides=torch.tensor(sides, dtype=torch.float32),
        outline=torch.from_numpy(np.stack(outlines)),
        has_outline=torch.tensor(has_outline)[:, None].expand(-1, OUTLINE_POINTS),
    )


def _silhouette(
    mask: Bool[np.ndarray, "height width"],
) -> tuple[np.ndarray, tuple[float, float], float, np.ndarray, bool]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    outline = np.zeros((OUTLINE_POINTS, 2), np.float32)
    if rows.size == 0:
        return np.zeros((GRID, GRID), np.float32), (0.0, 0.0), float(GRID), outline, False
    size = int(max(rows[-1] - rows[0], columns[-1] - columns[0])) + 1
    side = size * (1 + 2 * MARGIN)
    left = (float(columns[0] + columns[-1]) + 1 - side) / 2
    top = (float(rows[0] + rows[-1]) + 1 - side) / 2
    centers = (np.arange(GRID) + 0.5) * (side / GRID)
    y, x = np.floor(top + centers).astype(int), np.floor(left + centers).astype(int)
    height, width = mask.shape
    is_known = ((y >= 0) & (y < height))[:, None] & ((x >= 0) & (x < width))
    inside = mask[np.clip(y, 0, height - 1)[:, None], np.clip(x, 0, width - 1)]
    # What lies beyond the picture is not outside the person: nobody knows.
    cells = np.asarray(ndimage.distance_transform_edt(~inside))
    distances = cells * is_known * (side / GRID)
    edge = mask & ~ndimage.binary_erosion(mask, border_value=1)
    edge[[0, -1]] = edge[:, [0, -1]] = False
    pixels = np.argwhere(edge)[:, ::-1]
    if len(pixels) > 0:
        chosen = np.linspace(0, len(pixels) - 1, OUTLINE_POINTS).round().astype(int)
        outline = (pixels[chosen] + 0.5).astype(np.float32)
    return distances.astype(np.float32), (left, top), side, outline, len(pixels) > 0


@dataclass(frozen=True)
class SurfaceSample(TensorStruct):
    """A few hundred evenly spread points of a body's surface, linear in the shape (m, rest)."""

    template: Float[Tensor, "points 3"]
    dirs: Float[Tensor, "points 3 betas"]
    lbs_weights: Float[Tensor, "points joints"]

    def pose(
        self, betas: Float[Tensor, " betas"], bones: Rigid
    ) -> Float[Tensor, "frames points 3"]:
        """Move the points with the bones (`frames joints`)."""
        return skin_points(self.template + self.dirs @ betas, self.lbs_weights, bones)


def sample_surface(model: SmplModel) -> SurfaceSample:
    """Take one vertex per small cube of space."""
    cells = np.floor(model.v_template.numpy() / SURFACE_SPACING).astype(int)
    _, first = np.unique(cells, axis=0, return_index=True)
    rows = torch.from_numpy(np.sort(first))
    return SurfaceSample(model.v_template[rows], model.shapedirs[rows], model.lbs_weights[rows])
