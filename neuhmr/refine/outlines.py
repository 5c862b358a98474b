"""Bodies against masks by points alone: some hundred times cheaper than rendering.

The points of the body's surface must project into the mask, and the mask's outline must be met by
some of them. Clothes, hair and the thickness of what is worn make both inexact; `sigma` says by
how much. Rendering the avatar knows better, and comes later.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.anchors.image_losses import geman_mcclure
from neuhmr.body.skinning import skin_points
from neuhmr.body.smpl_model import SmplModel
from neuhmr.clip.crops import PersonCrops
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rigid import Rigid
from neuhmr.initial.silhouettes import MARGIN, Silhouettes, collect_silhouettes, sample_surface
from neuhmr.tensor_struct import TensorStruct


@dataclass(frozen=True)
class Outlines(TensorStruct):
    """Masks as distances and outlines, beside the points that are compared with them."""

    silhouettes: Silhouettes
    rest: Float[Tensor, "points 3"]
    """Of the body's surface, in the rest pose (m)."""
    lbs_weights: Float[Tensor, "points joints"]

    def of_rows(self, rows: Int[Tensor, " rows"]) -> "Outlines":
        """Keep some frames."""
        return replace(self, silhouettes=self.silhouettes[rows])

    def project(self, camera: Camera, bones: Rigid) -> Float[Tensor, "frames points 2"]:
        """Draw the surface's points (px).

        Args:
            camera: of each frame.
            bones: rest space to the camera's frame (batch axes: frames joints).
        """
        return camera.project(skin_points(self.rest, self.lbs_weights, bones))


def collect_outlines(
    crops: PersonCrops, model: SmplModel, betas: Float[Tensor, " betas"]
) -> Outlines:
    """Measure the masks of all frames and sample the surface of a body."""
    masks: list[np.ndarray] = [(mask > 0.5).cpu().numpy() for mask in crops.masks]
    surface = sample_surface(model.to("cpu")).to(betas.device)
    rest = surface.template + surface.dirs[..., : len(betas)] @ betas
    return Outlines(collect_silhouettes(masks).to(betas.device), rest, surface.lbs_weights)


@torch.no_grad()
def nearest_points(
    outlines: Outlines, pixels: Float[Tensor, "frames points 2"]
) -> Int[Tensor, "frames outline"]:
    """Find the surface point that projects nearest to each point of the masks' outlines."""
    return torch.cdist(outlines.silhouettes.outline, pixels).argmin(dim=-1)


def outline_loss(
    outlines: Outlines,
    pixels: Float[Tensor, "frames points 2"],
    nearest: Int[Tensor, "frames outline"],
    sigma: float,
    outlier: float,
) -> Float[Tensor, " frames"]:
    """Squared distance of points outside the mask, and of its outline from the points.

    Both are means over points, in standard deviations, and bounded: hair, skirts and bags are in
    masks but not on bodies.

    Args:
        outlines: the masks.
        pixels: the projected surface (px).
        nearest: the partner of each outline point.
        sigma: error of masks and thickness of clothes, in sizes of the person.
        outlier: distance from which on points lose their say (standard deviations).
    """
    silhouettes = outlines.silhouettes
    unit = sigma * silhouettes.sides[:, None] / (1 + 2 * MARGIN)
    protruding = (silhouettes.distances_at(pixels) / unit).square()
    partners = pixels.gather(1, nearest[..., None].expand(-1, -1, 2))
    uncovered = (silhouettes.outline - partners).square().sum(dim=-1) / unit.square()
    missing = geman_mcclure(uncovered, outlier) * silhouettes.has_outline
    return geman_mcclure(protruding, outlier).mean(dim=1) + missing.mean(dim=1)
