"""What encoded source views show at points of the world."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.geometry.cameras import Camera, sample_at_pixels
from neuhmr.geometry.rigid import Rigid
from neuhmr.tensor_struct import TensorStruct

SMALLEST_DIFFERENCE = 1e-3
"""Unit rays that differ less have no meaningful direction of difference."""


@dataclass(frozen=True)
class EncodedViews(TensorStruct):
    """Everything that does not depend on the target: keep it and render many targets."""

    cameras: Camera
    """Batch axis: views; of the padded images."""
    T_camera_world: Float[Tensor, "views 4 4"]
    coarse: Float[Tensor, "views 35 quarter_height quarter_width"]
    """Features at a quarter of the resolution, and the colors."""
    middle: Float[Tensor, "views 16 half_height half_width"]
    """Features at half the resolution."""
    fine: Float[Tensor, "views 11 height width"]
    """Features at full resolution, and the colors."""
    coarse_empty: Float[Tensor, "views 1 quarter_height quarter_width"] | None
    """Share of the pixels that are black: nothing is there. None without a hull."""
    middle_empty: Float[Tensor, "views 1 half_height half_width"] | None
    """The same at half the resolution."""
    human: Float[Tensor, "views human_channels human_height human_width"] | None
    """Human features at their own resolution, before their ReLU."""


@dataclass(frozen=True)
class ProjectedPoints(TensorStruct):
    """Points of the world in every source view."""

    pixels: Float[Tensor, "views points 2"]
    directions: Float[Tensor, "views points 4"]
    """How the target's ray to a point differs from the view's: unit difference, in the target
    camera's frame, and cosine."""


def project_points(
    encoded: EncodedViews, points: Float[Tensor, "points 3"], T_camera_world: Float[Tensor, "4 4"]
) -> ProjectedPoints:
    """Project points into all views and compare the rays to them with the target's.

    Args:
        encoded: source views.
        points: in the world (m).
        T_camera_world: of the target.

    Note:
        ENeRF leaves the difference in the world's frame. In the target's, the same people seen from
        the same side look the same wherever the world's axes point.
    """
    T_view_world = Rigid.from_matrix(encoded.T_camera_world)
    in_views = points @ T_view_world.rotmat.mT + T_view_world.transl[:, None]
    pixels = encoded.cameras.project(in_views)
    with torch.no_grad():
        T_target_world = Rigid.from_matrix(T_camera_world)
        target_center = T_target_world.inverse().transl
        view_centers = T_view_world.inverse().transl
        target_rays = torch.nn.functional.normalize(points - target_center, dim=-1)
        view_rays = torch.nn.functional.normalize(points - view_centers[:, None], dim=-1)
        difference = (target_rays - view_rays) @ T_target_world.rotmat.mT
        length = difference.norm(dim=-1, keepdim=True).clamp_min(SMALLEST_DIFFERENCE)
        cosine = (target_rays * view_rays).sum(dim=-1, keepdim=True)
        directions = torch.cat([difference / length, cosine], dim=-1)
    return ProjectedPoints(pixels, directions)


def read_maps(
    maps: Float[Tensor, "views channels height width"],
    projected: ProjectedPoints,
    cameras: Camera,
) -> Float[Tensor, "views points channels"]:
    """Read maps of any resolution where points project; the border's value outside."""
    return sample_at_pixels(maps, projected.pixels, (cameras.height, cameras.width), "border")
