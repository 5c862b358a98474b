"""A random synthetic person: body, clothes and texture from one seed."""

import zlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from neuhmr.body.model_files import load_body_model
from neuhmr.body.open_body import load_open_body_surface
from neuhmr.body.skinning import skin_points
from neuhmr.body.smpl_model import PosedBody, ShapedBody
from neuhmr.people.cloth_shape import cloth_offsets
from neuhmr.people.outfit import paint_look
from neuhmr.people.surface_points import canonical_points
from neuhmr.people.uv_bake import bake_open_body
from neuhmr.people.wardrobe import Look, sample_look

MAX_BETA = 2.0
"""Shapes beyond two standard deviations are clipped."""


def stream(seed: int, purpose: str) -> np.random.Generator:
    """Give every purpose its own random numbers, so that adding one leaves the others alone."""
    return np.random.default_rng([seed, zlib.crc32(purpose.encode())])


@dataclass(frozen=True)
class Person:
    """Somebody made from a seed."""

    seed: int
    look: Look
    betas: Float[Tensor, " betas"]
    shaped: ShapedBody
    """The naked body, which the truth refers to."""
    clothed_vertices: Float[Tensor, "vertices 3"]
    """Rest-pose surface with clothes, hair and shoes (m)."""
    texture: UInt8[np.ndarray, "size size 3"]
    """sRGB, laid out as the body's texture coordinates."""

    @property
    def sole(self) -> float:
        """How far the shoes reach below the naked soles (m)."""
        return float(self.shaped.v_shaped[:, 1].min() - self.clothed_vertices[:, 1].min())

    def clothed_surface(self, posed: PosedBody) -> Float[Tensor, "*batch vertices 3"]:
        """Pose the clothed surface with a posed body's bones (m, the posed body's frame)."""
        weights = self.shaped.model.lbs_weights
        return skin_points(self.clothed_vertices, weights, posed.bones)


def make_person(seed: int, texture_size: int = 512) -> Person:
    """Make the person that belongs to a seed."""
    model = load_body_model()
    surface = load_open_body_surface()
    rng = stream(seed, "shape")
    betas = np.clip(0.8 * rng.standard_normal(model.num_betas), -MAX_BETA, MAX_BETA)
    betas = torch.from_numpy(betas).float()
    look = sample_look(stream(seed, "look"))
    shaped = model.with_shape(betas)
    v_shaped = shaped.v_shaped.numpy().astype(np.float64)
    offsets = cloth_offsets(look, canonical_points(model, surface), v_shaped, model.faces.numpy())
    bake = bake_open_body(texture_size)
    texture = bake.texture(paint_look(look, bake.points))
    clothed = shaped.v_shaped + torch.from_numpy(offsets).float()
    return Person(seed, look, betas, shaped, clothed, texture)


@dataclass(frozen=True)
class TexturedLayout:
    """The body's mesh cut along its texture seams, as a graphics card wants it."""

    vertex: Int[np.ndarray, " corners"]
    """Which body vertex each cut vertex is."""
    faces: Int[np.ndarray, "faces 3"]
    uv: Float[np.ndarray, "corners 2"]

    @cached_property
    def size(self) -> int:
        """Number of cut vertices."""
        return len(self.vertex)


def textured_layout(faces: np.ndarray, vt: np.ndarray, ft: np.ndarray) -> TexturedLayout:
    """Cut a mesh so that each vertex has one texture coordinate."""
    pairs = np.stack([faces.ravel(), ft.ravel()], axis=1).astype(np.int64)
    unique, inverse = np.unique(pairs, axis=0, return_inverse=True)
    return TexturedLayout(
        vertex=unique[:, 0],
        faces=inverse.reshape(-1, 3),
        uv=vt[unique[:, 1]].astype(np.float64),
    )
