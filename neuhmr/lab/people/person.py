"""A random synthetic person: body, clothes and texture from one seed."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from neuhmr.body.model_files import load_body_model
from neuhmr.body.open_body import OpenBodySurface, load_open_body_surface
from neuhmr.body.skinning import skin_points
from neuhmr.body.smpl_model import PosedBody, ShapedBody
from neuhmr.lab.people.look.attachments import make_attachments
from neuhmr.lab.people.look.cloth_shape import cloth_offsets
from neuhmr.lab.people.look.look import Look
from neuhmr.lab.people.look.outfit import paint_look
from neuhmr.lab.people.look.skirt_motion import leg_radii, settle_skirt
from neuhmr.lab.people.look.surface_points import canonical_points
from neuhmr.lab.people.look.tubes import RING, Tube
from neuhmr.lab.people.look.uv_bake import bake_open_body
from neuhmr.lab.people.look.wardrobe import sample_look
from neuhmr.lab.people.random_streams import stream
from neuhmr.lab.people.splits import split_of

SHAPE_SPREAD = 1.15
"""Standard deviation of the shapes; 1 is the population that the body model was built from."""
MAX_BETA = 2.8
"""Shapes beyond that many standard deviations are clipped."""
PATCHES = 4
"""Things that are worn share a strip under the body's texture, a quarter of its width each."""


@dataclass(frozen=True)
class Person:
    """Somebody made from a seed."""

    seed: int
    look: Look
    betas: Float[Tensor, " betas"]
    shaped: ShapedBody
    """The naked body, which the truth refers to."""
    clothed_vertices: Float[Tensor, "vertices 3"]
    """Rest-pose surface with clothes and hair, vertex by vertex of the body (m)."""
    attachments: tuple[Tube, ...]
    """Shoes, skirt, tied hair, brim."""
    texture: UInt8[np.ndarray, "height size 3"]
    """sRGB, laid out as `layout` says: the body above, the attachments below."""

    @property
    def sole(self) -> float:
        """How far the shoes reach below the naked soles (m)."""
        lowest = self.surface_at_rest()[:, 1].min()
        return float(self.shaped.v_shaped[:, 1].min()) - float(lowest)

    def surface_at_rest(self) -> Float[np.ndarray, "points 3"]:
        """Everything that is seen, in the rest pose (m); ordered as `layout` expects."""
        parts = [tube.vertices for tube in self.attachments]
        return np.concatenate([self.clothed_vertices.numpy().astype(np.float64), *parts])

    def surface(self, posed: PosedBody) -> Float[np.ndarray, "poses points 3"]:
        """Pose everything that is seen with a posed body's bones (m, the posed body's frame)."""
        body = self.clothed_surface(posed).numpy().astype(np.float64)
        parts = [body]
        for tube in self.attachments:
            rest, weights = (torch.from_numpy(a).float() for a in (tube.vertices, tube.skinning))
            part = skin_points(rest, weights, posed.bones).numpy().astype(np.float64)
            parts.append(self._settled(part, posed) if tube.name == "skirt" else part)
        return np.concatenate(parts, axis=1)

    def clothed_surface(self, posed: PosedBody) -> Float[Tensor, "*batch vertices 3"]:
        """Pose the clothed body without attachments (m, the posed body's frame)."""
        weights = self.shaped.model.lbs_weights
        return skin_points(self.clothed_vertices, weights, posed.bones)

    def _settled(self, part: np.ndarray, posed: PosedBody) -> np.ndarray:
        rings = part.reshape(len(part), -1, RING + 1, 3)[:, :, :RING]
        joints = posed.joints.numpy().astype(np.float64)
        settled = settle_skirt(rings, joints, self._leg_radii)
        return np.concatenate([settled, settled[:, :, :1]], axis=2).reshape(part.shape)

    @cached_property
    def _leg_radii(self) -> np.ndarray:
        weights = self.shaped.model.lbs_weights.numpy()
        joints = self.shaped.joints_rest.numpy().astype(np.float64)
        return leg_radii(self.clothed_vertices.numpy().astype(np.float64), weights, joints)

    @cached_property
    def layout(self) -> "TexturedLayout":
        """The mesh of everything that is seen."""
        body = textured_layout(*_body_layout(load_open_body_surface(), self.shaped))
        return _with_attachments(body, len(self.clothed_vertices), self.attachments)


def sample_betas(
    rng: np.random.Generator,
    num_betas: int,
    spread: float = SHAPE_SPREAD,
    limit: float = MAX_BETA,
) -> Float[Tensor, " betas"]:
    """Draw a body's shape."""
    betas = np.clip(spread * rng.standard_normal(num_betas), -limit, limit)
    return torch.from_numpy(betas).float()


def make_person(
    seed: int, texture_size: int = 512, betas: Float[Tensor, " betas"] | None = None
) -> Person:
    """Make the person that belongs to a seed.

    Args:
        seed: see `person_seed`; its split says which fabrics there are.
        texture_size: width of the texture (px).
        betas: another shape than the seed's.
    """
    model = load_body_model()
    points = canonical_points(model, load_open_body_surface())
    if betas is None:
        betas = sample_betas(stream(seed, "shape"), model.num_betas)
    look = sample_look(stream(seed, "look"), split_of(seed))
    shaped = model.with_shape(betas)
    v_shaped = shaped.v_shaped.numpy().astype(np.float64)
    offsets = cloth_offsets(look, points, v_shaped, model.faces.numpy())
    bake = bake_open_body(texture_size)
    texture = bake.texture(paint_look(look, bake.points))
    joints = shaped.joints_rest.numpy().astype(np.float64)
    patch = texture_size // PATCHES
    tubes = make_attachments(look, points, v_shaped, v_shaped + offsets, joints, patch)
    clothed = shaped.v_shaped + torch.from_numpy(offsets).float()
    return Person(seed, look, betas, shaped, clothed, tuple(tubes), _atlas(texture, tubes, patch))


def _atlas(texture: np.ndarray, tubes: list[Tube], patch: int) -> np.ndarray:
    """Put the attachments' patches under the body's texture."""
    strip = np.zeros((patch, texture.shape[1], 3), np.uint8)
    for name, place in patch_places(tubes).items():
        colors = next(tube.colors for tube in tubes if tube.name == name)
        pixels = (np.clip(colors, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
        strip[:, place * patch : (place + 1) * patch] = pixels
    return np.concatenate([texture, strip])


def patch_places(tubes: "list[Tube] | tuple[Tube, ...]") -> dict[str, int]:
    """Both shoes share a patch."""
    return {name: i for i, name in enumerate(dict.fromkeys(tube.name for tube in tubes))}


def _body_layout(
    surface: OpenBodySurface, shaped: ShapedBody
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Faces and texture coordinates of the body within the atlas."""
    scale = PATCHES / (PATCHES + 1.0)
    vt = surface.vt * np.array([1.0, scale]) + np.array([0.0, 1.0 - scale])
    return shaped.model.faces.numpy(), vt, surface.ft


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


def _with_attachments(
    body: TexturedLayout, num_vertices: int, tubes: tuple[Tube, ...]
) -> TexturedLayout:
    vertex, faces, uv = [body.vertex], [body.faces], [body.uv]
    first, first_cut = num_vertices, body.size
    places = patch_places(tubes)
    for tube in tubes:
        count = len(tube.vertices)
        vertex.append(np.arange(first, first + count))
        faces.append(tube.faces + first_cut)
        corner = np.array([places[tube.name] / PATCHES, 0.0])
        uv.append(corner + tube.uv * np.array([1.0 / PATCHES, 1.0 / (PATCHES + 1)]))
        first, first_cut = first + count, first_cut + count
    return TexturedLayout(np.concatenate(vertex), np.concatenate(faces), np.concatenate(uv))
