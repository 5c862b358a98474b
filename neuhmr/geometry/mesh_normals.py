"""Normals of triangle meshes."""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def vertex_normals(
    vertices: Float[Tensor, "*batch vertices 3"], faces: Int[Tensor, "faces 3"]
) -> Float[Tensor, "*batch vertices 3"]:
    """Average the normals of the faces around each vertex, weighted by area; unit length."""
    corners = vertices[..., faces, :]
    face_normals = torch.linalg.cross(
        corners[..., 1, :] - corners[..., 0, :], corners[..., 2, :] - corners[..., 0, :]
    )
    normals = torch.zeros_like(vertices)
    for corner in range(3):
        normals = normals.index_add(-2, faces[:, corner], face_normals)
    return torch.nn.functional.normalize(normals, dim=-1)
