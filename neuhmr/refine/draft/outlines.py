"""Bodies against masks by points alone: some hundred times cheaper than rendering.

The points of the body's surface must project into the mask, and the mask's outline must be met by
some of them. The points lie off the body by the thickness of clothes; what these do beyond that
makes both inexact, and `sigma` says by how much. Rendering the avatar knows better, and comes
later.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.body.skinning import blend_bones
from neuhmr.body.smpl_model import ShapedBody, SmplModel
from neuhmr.clip.crops import PersonCrops
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.mesh_normals import vertex_normals
from neuhmr.geometry.rigid import Rigid
from neuhmr.initial.silhouettes import Silhouettes, collect_silhouettes
from neuhmr.losses.image import geman_mcclure
from neuhmr.tensor_struct import TensorStruct

SPACING = 0.065
"""Points that must lie in the mask are about so far apart (m)."""
EDGE_SPACING = 0.04
"""The same for points that the mask's outline is compared with: a limb is seen by its edge."""


@dataclass(frozen=True)
class BodyPoints(TensorStruct):
    """Points of a body's surface in the rest pose."""

    rest: Float[Tensor, "*batch points 3"]
    """Where they are (m)."""
    normals: Float[Tensor, "*batch points 3"]
    """Unit vectors out of the body."""
    lbs_weights: Float[Tensor, "*batch points joints"]

    def project(
        self, camera: Camera, bones: Rigid, thickness: Float[Tensor, " joints"]
    ) -> Float[Tensor, "frames points 2"]:
        """Draw the points (px).

        Args:
            camera: of each frame.
            bones: rest space to the camera's frame (batch axes: frames joints).
            thickness: of the clothes around each joint's flesh (m).
        """
        dressed = self.rest + self.normals * (self.lbs_weights @ thickness)[..., None]
        linear, transl = blend_bones(self.lbs_weights, bones)
        # Products and sums: so many small matrix products would take several times as long.
        return camera.project((linear * dressed[..., None, :]).sum(dim=-1) + transl)


@dataclass(frozen=True)
class Outlines(TensorStruct):
    """Masks as distances and outlines, beside the points that are compared with them."""

    silhouettes: Silhouettes
    surface: BodyPoints
    """Points that must lie in the mask."""
    edge: BodyPoints
    """Points of which some must lie on the mask's outline."""

    def of_rows(self, rows: Int[Tensor, " rows"]) -> "Outlines":
        """Keep some frames."""
        return replace(self, silhouettes=self.silhouettes[rows])


def collect_outlines(
    crops: PersonCrops, model: SmplModel, betas: Float[Tensor, " betas"]
) -> Outlines:
    """Measure the masks of all frames and sample the surface of a body."""
    masks: list[np.ndarray] = [(mask > 0.5).cpu().numpy() for mask in crops.masks]
    body = model.with_shape(betas)
    return Outlines(
        collect_silhouettes(masks).to(betas.device),
        _spread_points(body, SPACING),
        _spread_points(body, EDGE_SPACING),
    )


def _spread_points(body: ShapedBody, spacing: float) -> BodyPoints:
    """Take one vertex per small cube of space."""
    cells = np.floor(body.model.v_template.cpu().numpy() / spacing).astype(int)
    _, first = np.unique(cells, axis=0, return_index=True)
    rows = torch.from_numpy(np.sort(first)).to(body.v_shaped.device)
    normals = vertex_normals(body.v_shaped, body.model.faces)
    return BodyPoints(body.v_shaped[rows], normals[rows], body.model.lbs_weights[rows])


@torch.no_grad()
def nearest_points(
    outlines: Outlines, camera: Camera, bones: Rigid, thickness: Float[Tensor, " joints"]
) -> BodyPoints:
    """Find the surface point that projects nearest to each point of the masks' outlines."""
    pixels = outlines.edge.project(camera, bones, thickness)
    return outlines.edge[torch.cdist(outlines.silhouettes.outline, pixels).argmin(dim=-1)]


def outline_loss(
    silhouettes: Silhouettes,
    surface: Float[Tensor, "frames points 2"],
    partners: Float[Tensor, "frames outline 2"],
    sigma: float,
    outlier: float,
) -> Float[Tensor, " frames"]:
    """Squared distance of points outside the mask, and of its outline from the points.

    Both are means over points, in standard deviations, and bounded: skirts and bags are in masks
    but not on bodies.

    Args:
        silhouettes: the masks.
        surface: points that must lie in the mask (px).
        partners: the partner of each outline point (px).
        sigma: error of masks and clothes, in sizes of the person.
        outlier: distance from which on points lose their say (standard deviations).
    """
    unit = sigma * silhouettes.sizes[:, None]
    protruding = (silhouettes.distances_at(surface) / unit).square()
    uncovered = (silhouettes.outline - partners).square().sum(dim=-1) / unit.square()
    missing = geman_mcclure(uncovered, outlier) * silhouettes.has_outline
    return geman_mcclure(protruding, outlier).mean(dim=1) + missing.mean(dim=1)
