"""Pictures of the open body in plain clothes, good enough for a detector to know a person."""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from neuhmr.body.model_files import load_body_model
from neuhmr.body.motion import Motion
from neuhmr.geometry.cameras import Camera
from neuhmr.rendering.mesh_raster import rasterize_mesh

SKIN, SHIRT, TROUSERS, HAIR, SHOES, WALL = (
    (0.85, 0.65, 0.55), (0.2, 0.35, 0.6), (0.25, 0.25, 0.28), (0.2, 0.13, 0.1), (0.9, 0.9, 0.9),
    (0.62, 0.6, 0.56),
)  # fmt: skip


def film(motion: Motion, camera: Camera) -> tuple[list[UInt8[Tensor, "h w 3"]], list[Tensor]]:
    """Take pictures of a motion; also gives the exact masks."""
    model = load_body_model()
    paint = dress(model.v_template)
    pictures, masks = [], []
    for vertices in motion.pose(model).vertices:
        raster = rasterize_mesh(vertices, model.faces, camera)
        light = shade(vertices, model.faces)
        color = raster.interpolate(paint * light[:, None], model.faces)
        color = torch.where(raster.mask[..., None], color, torch.tensor(WALL))
        pictures.append((color.clamp(0, 1) * 255).byte())
        masks.append(raster.mask)
    return pictures, masks


def dress(rest: Float[Tensor, "vertices 3"]) -> Float[Tensor, "vertices 3"]:
    """Paint clothes by where a vertex lies in the rest pose (m, y up, z front)."""
    x, y, z = rest.unbind(dim=-1)
    paint = torch.tensor(SKIN).repeat(len(rest), 1)
    paint[(y > 0.0) & (y < 0.39) & (x.abs() < 0.32)] = torch.tensor(SHIRT)
    paint[(y < 0.0) & (y > -0.88) & (x.abs() < 0.3)] = torch.tensor(TROUSERS)
    paint[(y < -0.93) & (x.abs() < 0.3)] = torch.tensor(SHOES)
    paint[(y > 0.62) | ((y > 0.5) & (z < -0.04))] = torch.tensor(HAIR)
    return paint


def shade(vertices: Float[Tensor, "vertices 3"], faces: Tensor) -> Float[Tensor, " vertices"]:
    """Light the surface from above the camera's left shoulder."""
    a, b, c = vertices[faces].unbind(dim=1)
    normals = torch.zeros_like(vertices)
    face_normals = torch.linalg.cross(b - a, c - a)
    for corner in range(3):
        normals.index_add_(0, faces[:, corner], face_normals)
    normals = torch.nn.functional.normalize(normals, dim=-1)
    toward_light = torch.nn.functional.normalize(torch.tensor([-0.4, -0.7, -0.9]), dim=0)
    return 0.45 + 0.6 * (normals @ toward_light).clamp_min(0.0)
