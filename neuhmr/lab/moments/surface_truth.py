"""What the naked body tells about each pixel: body parts, a surface embedding, box coordinates."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from neuhmr.body.smpl_model import PosedBody, SmplModel
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rigid import Rigid
from neuhmr.rendering.mesh_raster import rasterize_mesh
from neuhmr.tensor_struct import TensorStruct

PART_NAMES: tuple[str, ...] = (
    "trunk", "head", "left_upper_arm", "right_upper_arm", "left_forearm", "right_forearm",
    "left_hand", "right_hand", "left_thigh", "right_thigh", "left_shin", "right_shin", "left_foot",
    "right_foot",
)  # fmt: skip

_PARTS_OF_JOINTS: tuple[str, ...] = (
    "trunk", "left_thigh", "right_thigh", "trunk", "left_shin", "right_shin", "trunk",
    "left_foot", "right_foot", "trunk", "left_foot", "right_foot", "head", "trunk", "trunk",
    "head", "left_upper_arm", "right_upper_arm", "left_forearm", "right_forearm", "left_hand",
    "right_hand", "left_hand", "right_hand",
)  # fmt: skip
"""The part that moves with each of SMPL's 24 joints."""

NUM_PARTS = len(PART_NAMES)
UNKNOWN_PART = -1
EMBEDDING_CHANNELS = 3


@dataclass(frozen=True)
class SurfacePixels(TensorStruct):
    """The body's surface as one camera sees it."""

    is_body: Bool[Tensor, " rays"]
    """False where the ray passes the naked body; the rest means nothing there."""
    parts: Int[Tensor, " rays"]
    """Index into `PART_NAMES`, or `UNKNOWN_PART`."""
    embedding: Float[Tensor, "rays 3"]
    """NaN where it is not known."""
    coordinates: Float[Tensor, "rays 3"]
    """Where in the subject's box the surface lies, in [0, 1]; NaN where it is not known."""

    @property
    def has_part(self) -> Bool[Tensor, " rays"]:
        """True where a body part is known."""
        return self.is_body & (self.parts != UNKNOWN_PART)

    @property
    def has_embedding(self) -> Bool[Tensor, " rays"]:
        """True where the surface embedding is known."""
        return self.is_body & self.embedding.isfinite().all(dim=-1)

    @property
    def has_coordinates(self) -> Bool[Tensor, " rays"]:
        """True where the place in the box is known."""
        return self.is_body & self.coordinates.isfinite().all(dim=-1)


def vertex_parts(model: SmplModel) -> Int[Tensor, " vertices"]:
    """Give each vertex the part of the joint that it follows most."""
    part_of_joint = torch.tensor([PART_NAMES.index(name) for name in _PARTS_OF_JOINTS])
    return part_of_joint[model.lbs_weights.argmax(dim=1)]


def vertex_embedding(model: SmplModel) -> Float[Tensor, "vertices 3"]:
    """Place each vertex in the rest pose's box, in [-1, 1]: smooth, and left is not right."""
    low, high = _rest_box(model)
    return (model.v_template - low) / (high - low) * 2.0 - 1.0


def embedded_places(
    embedding: Float[Tensor, "*batch 3"], model: SmplModel
) -> Float[Tensor, "*batch 3"]:
    """Tell which places of the rest pose an embedding stands for (m); undoes `vertex_embedding`."""
    low, high = _rest_box(model)
    return low + (embedding + 1.0) / 2.0 * (high - low)


def surface_at(
    body: PosedBody,
    model: SmplModel,
    camera: Camera,
    T_camera_world: Float[Tensor, "4 4"],
    box: Float[Tensor, "2 3"],
    pixels: Float[Tensor, "rays 2"],
) -> SurfacePixels:
    """Look the body's surface up at some pixels of a camera; not differentiable.

    Args:
        body: posed (m, world).
        model: the body's model.
        camera: the camera.
        T_camera_world: of the camera.
        box: low and high corner of the subject's box (m, world).
        pixels: where (px); the pixel that holds each is looked up.
    """
    vertices = Rigid.from_matrix(T_camera_world).apply(body.vertices)
    mesh = rasterize_mesh(vertices, body.faces, camera)
    column = pixels[:, 0].long().clamp(0, camera.width - 1)
    row = pixels[:, 1].long().clamp(0, camera.height - 1)
    face = mesh.face_index[row, column]
    corners = body.faces.long()[face.clamp_min(0)]
    shares = mesh.barycentric[row, column]
    nearest = corners.gather(1, shares.argmax(dim=1, keepdim=True))[:, 0]
    place = (shares[..., None] * body.vertices[corners]).sum(dim=1)
    return SurfacePixels(
        is_body=face >= 0,
        parts=vertex_parts(model)[nearest],
        embedding=(shares[..., None] * vertex_embedding(model)[corners]).sum(dim=1),
        coordinates=(place - box[0]) / (box[1] - box[0]),
    )


def _rest_box(model: SmplModel) -> tuple[Float[Tensor, "3"], Float[Tensor, "3"]]:
    """Find the low and high corner of the rest pose's box (m)."""
    return model.v_template.amin(dim=0), model.v_template.amax(dim=0)
