"""Shading a mesh's visible surface, without OpenGL.

One light from the upper left, one from the camera, a matte surface.
"""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.mesh_normals import vertex_normals
from neuhmr.rendering.mesh_raster import rasterize_mesh

GAMMA = 2.2
"""Light adds up in linear values; colors of pictures are encoded."""

SUPERSAMPLING = 2
"""The z-buffer takes this many samples per pixel and axis, for smooth outlines."""

# Direction towards the light (camera frame: x right, y down, z forward), strength.
LIGHTS = (((-0.7, -0.7, -0.45), 0.75), ((0.25, 0.0, -1.0), 0.3))
AMBIENT = 0.08


def shade_mesh(
    vertices: Float[Tensor, "vertices 3"],
    faces: Int[Tensor, "faces 3"],
    camera: Camera,
    color: tuple[float, float, float],
) -> tuple[Float[np.ndarray, "height width 3"], Float[np.ndarray, "height width"]]:
    """Shade the visible surface; returns colors and the share of each pixel that is covered."""
    fine = camera.resized(camera.height * SUPERSAMPLING, camera.width * SUPERSAMPLING)
    raster = rasterize_mesh(vertices, faces, fine)
    seen = raster.mask.nonzero(as_tuple=True)
    corners = vertex_normals(vertices, faces)[faces[raster.face_index[seen]]]
    normals = (raster.barycentric[seen][..., None] * corners).sum(dim=-2)
    normals = torch.nn.functional.normalize(normals, dim=-1)
    # Open meshes show their inside too: turn such normals around.
    rays = fine.ray_directions(fine.pixel_grid()[seen])
    normals = torch.where((normals * rays).sum(dim=-1, keepdim=True) > 0, -normals, normals)
    light = torch.full_like(normals[:, 0], AMBIENT)
    for direction, strength in LIGHTS:
        towards = torch.nn.functional.normalize(torch.tensor(direction), dim=0)
        light += strength * (normals @ towards).clamp_min(0.0)
    linear = light[:, None] * torch.tensor(color) ** GAMMA
    samples = torch.zeros(fine.height, fine.width, 4)
    samples[seen] = torch.cat(
        [linear.clamp(0, 1) ** (1 / GAMMA), torch.ones_like(light)[:, None]], 1
    )
    shape = (camera.height, SUPERSAMPLING, camera.width, SUPERSAMPLING, 4)
    pixels = samples.view(shape).mean(dim=(1, 3)).numpy()
    coverage = pixels[..., 3]
    return pixels[..., :3] / coverage.clip(1e-6)[..., None], coverage
