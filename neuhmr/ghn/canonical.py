"""The canonical space: one star-shaped pose in which limbs keep apart.

Points near the body are tied to their nearest vertex. A point's offset from that vertex, turned
back by the vertex's blended bone transform, is its *rest offset*; the same offset put onto the
same vertex in another pose is where the point goes there. Blending comes before inverting, in both
directions, so going to another pose and back is exact (NeuHMR Eq. 4; the sum over bones is taken
per vertex). Pose correctives need no extra term: offsets are measured from posed vertices.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.body.skinning import blend_bones, invert_3x3
from neuhmr.body.smpl_model import PosedBody, ShapedBody
from neuhmr.geometry.mesh_normals import vertex_normals
from neuhmr.geometry.rotations import rotation_about
from neuhmr.rendering.body_band import vertex_neighbors
from neuhmr.tensor_struct import TensorStruct

LEG_SPREAD = 0.35
"""How far each leg is swung outward in the canonical pose (rad)."""

LEAST_DETERMINANT = 0.1
"""Blended rotations that oppose each other nearly cancel (an arm twisted by 180 degrees); beyond
this their inverse would throw samples far away."""


@dataclass(frozen=True)
class CanonicalBody(TensorStruct):
    """One person's body in the canonical pose (m), with what sampling needs per vertex."""

    vertices: Float[Tensor, "vertices 3"]
    normals: Float[Tensor, "vertices 3"]
    linear: Float[Tensor, "vertices 3 3"]
    """Turns rest offsets into canonical offsets."""
    lbs_weights: Float[Tensor, "vertices joints"]
    neighbors: Int[Tensor, "vertices most"]
    faces: Int[Tensor, "faces 3"]


def canonical_body(body: ShapedBody) -> CanonicalBody:
    """Pose a shaped body in the canonical star: arms level, legs apart."""
    options = {"dtype": body.v_shaped.dtype, "device": body.v_shaped.device}
    pose = torch.eye(3, **options).repeat(23, 1, 1)
    angles = torch.tensor([LEG_SPREAD, -LEG_SPREAD], **options)
    pose[0:2] = rotation_about("z", angles)
    posed = body.with_pose(pose, torch.eye(3, **options), torch.zeros(3, **options))
    linear, _ = blend_bones(body.model.lbs_weights, posed.bones)
    faces = body.model.faces
    return CanonicalBody(
        vertices=posed.vertices,
        normals=vertex_normals(posed.vertices, faces),
        linear=linear,
        lbs_weights=body.model.lbs_weights,
        neighbors=vertex_neighbors(faces, len(posed.vertices)),
        faces=faces,
    )


def rest_offsets(
    points: Float[Tensor, "points 3"],
    nearest: Int[Tensor, " points"],
    posed: PosedBody,
    lbs_weights: Float[Tensor, "vertices joints"],
) -> Float[Tensor, "points 3"]:
    """Turn offsets from posed vertices back into the rest pose (m; NeuHMR Eq. 4).

    Differentiable in the pose: through the vertices and through the bones' rotations.
    """
    linear, _ = blend_bones(lbs_weights, posed.bones)
    inverse = invert_3x3(linear, LEAST_DETERMINANT)
    per_vertex = torch.cat([inverse.flatten(start_dim=1), posed.vertices], dim=1)[nearest]
    offsets = points - per_vertex[:, 9:]
    return (per_vertex[:, :9].unflatten(1, (3, 3)) @ offsets[..., None])[..., 0]


def position_code(
    positions: Float[Tensor, "*batch 3"], octaves: int = 4
) -> Float[Tensor, "*batch code"]:
    """Encode positions (m) by sines of wavelengths 2 m, 1 m, 0.5 m, ... beside themselves."""
    frequencies = math.pi * 2.0 ** torch.arange(octaves).to(positions)
    phases = (positions[..., None] * frequencies).flatten(start_dim=-2)
    return torch.cat([positions, phases.sin(), phases.cos()], dim=-1)


def position_code_channels(octaves: int = 4) -> int:
    """Width of `position_code`."""
    return 3 + 6 * octaves
