"""Source features seen through planes in front of the target camera, and how they differ."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rigid import Rigid

BEHIND_CAMERA = 1e-3
"""Points nearer to a source camera than this are not seen by it (m)."""


def sweep_coordinates(
    target: Camera,
    T_source_target: Rigid,
    source: Camera,
    depths: Float[Tensor, "rows columns planes"],
) -> Float[Tensor, "rows columns planes 2"]:
    """Project the pixels of the target, pushed to depths, into one source image.

    A pixel's points over all depths project to d (K_s R K_t^-1 u) + K_s t, the plane-sweep
    homographies, so that a plane costs one multiplication and one addition.

    Args:
        target: its image has the depths' rows and columns.
        T_source_target: from the target camera's frame to the source camera's.
        source: one camera.
        depths: camera depths in the target (m).

    Returns:
        Positions in the source image from -1 to 1 over its whole width and height, as
        `grid_sample` reads them; far outside for points behind the source camera.
    """
    rays = target.ray_directions(target.pixel_grid())
    slopes = rays @ (source.K @ T_source_target.rotmat).mT
    x, y, z = (
        depths * slope[..., None] + shift
        for slope, shift in zip(
            slopes.unbind(dim=-1), source.K @ T_source_target.transl, strict=True
        )
    )
    is_behind = z < BEHIND_CAMERA
    scale = (2.0 / z.clamp_min(BEHIND_CAMERA)).masked_fill(is_behind, 0.0)
    u = x * scale / source.width - 1.0
    v = y * scale / source.height - 1.0
    return torch.stack([u.masked_fill(is_behind, -4.0), v], dim=-1)


def warp(
    maps: Float[Tensor, "views channels height width"],
    coordinates: Float[Tensor, "views rows columns planes 2"],
) -> Float[Tensor, "views channels rows columns planes"]:
    """Read what views show where a pixel would be at each depth; 0 outside images."""
    views, rows, columns, planes = coordinates.shape[:4]
    flat = coordinates.reshape(views, rows, columns * planes, 2)
    warped = functional.grid_sample(maps, flat, align_corners=False)
    return warped.view(views, -1, rows, columns, planes)
