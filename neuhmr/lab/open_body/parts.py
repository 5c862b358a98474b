"""Name the parts of the body vertex by vertex, and give the eyes room in the texture."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from neuhmr.lab.open_body.openings import ClosedMesh
from neuhmr.lab.open_body.source import SourceMesh

PART_NAMES = (
    "torso", "neck", "head", "ears", "lips", "mouth", "eyes", "irises", "pupils",
    "left_upper_arm", "right_upper_arm", "left_forearm", "right_forearm", "left_hand",
    "right_hand", "left_thigh", "right_thigh", "left_calf", "right_calf", "left_foot",
    "right_foot",
)  # fmt: skip
"""`mouth` is the line between the lips, `eyes` the white of the eyeballs."""

PART_OF_JOINT = (
    "torso", "left_thigh", "right_thigh", "torso", "left_calf", "right_calf", "torso",
    "left_foot", "right_foot", "torso", "left_foot", "right_foot", "neck", "torso", "torso",
    "head", "left_upper_arm", "right_upper_arm", "left_forearm", "right_forearm", "left_hand",
    "right_hand", "left_hand", "right_hand",
)  # fmt: skip

NUM_LIP_RINGS = 5
"""The red of the lips reaches this many rings of quads outward from the line of the mouth."""

EAR_UVS = ((0.845, 0.342), (0.845, 0.625))
EAR_RADII = (0.026, 0.022)
"""The ears in Anny's texture: centers, and half axes along u and v."""

PUPIL_ANGLE, IRIS_ANGLE = np.deg2rad(16.0), np.deg2rad(30.0)
"""Angles (rad) from the eye's axis between the rings of vertices that bound pupil and iris."""

EYE_FRONT_UVS = {"L": (0.8855, 0.075), "R": (0.7985, 0.075)}
EYE_BACK_UVS = {"L": (0.12, 0.59), "R": (0.04, 0.59)}
EYE_UV_RADIUS = 0.041
"""Where the halves of the eyeballs go in the texture: the place of the mouth and eye cavities."""


@dataclass(frozen=True, kw_only=True)
class EyeTexture:
    """The eyeballs' new texture coordinates."""

    uv: Float[ndarray, "uvs 2"]
    """All texture coordinates, those of the eyes changed."""
    iris_uvs: Float[ndarray, "2 3"]
    """Center (u, v) and radius of the left and right iris."""


def lip_rings(source: SourceMesh, closed: ClosedMesh, num_rings: int) -> Int[ndarray, " vertices"]:
    """Count rings of quads from the line of the mouth (0) outward; -1 beyond the last ring."""
    rings = np.full(len(source.bone_weights), -1)
    rings[closed.lip_rim] = 0
    skin = source.quads[source.part_quads("head")]
    for ring in range(1, num_rings + 1):
        touched = np.unique(skin[(rings[skin] == ring - 1).any(axis=1)])
        rings[touched[rings[touched] < 0]] = ring
    return rings


def label_parts(
    source: SourceMesh,
    vertices: Float[ndarray, "vertices 3"],
    closed: ClosedMesh,
    joint_weights: Float[ndarray, "vertices 24"],
) -> Int[ndarray, " vertices"]:
    """Label each of Anny's vertices with an index into `PART_NAMES`."""
    number = {name: index for index, name in enumerate(PART_NAMES)}
    of_joint = np.array([number[name] for name in PART_OF_JOINT])
    labels = of_joint[joint_weights.argmax(axis=1)]
    skin = source.part_quads("head")
    offsets = source.uv[source.quad_uvs[skin]][:, :, None] - np.array(EAR_UVS)
    is_ear = (((offsets / EAR_RADII) ** 2).sum(axis=-1) < 1).any(axis=-1)
    labels[source.quads[skin][is_ear]] = number["ears"]
    rings = lip_rings(source, closed, NUM_LIP_RINGS)
    labels[rings > 0] = number["lips"]
    labels[rings == 0] = number["mouth"]
    for side in "LR":
        front, back = (source.part_vertices(f"eye_{half}.{side}") for half in ("front", "back"))
        labels[back] = number["eyes"]
        angles, _ = _eye_angles(vertices, front, np.union1d(front, back))
        limits = [angles < PUPIL_ANGLE, angles < IRIS_ANGLE]
        labels[front] = np.select(limits, [number["pupils"], number["irises"]], number["eyes"])
    return labels


def lay_out_eyes(source: SourceMesh, vertices: Float[ndarray, "vertices 3"]) -> EyeTexture:
    """Unroll both halves of each eyeball into discs.

    The distance from a disc's center grows with the square root of the angle from the eye's axis,
    which gives the iris half of the front's radius.
    """
    uv = source.uv.copy()
    irises = []
    for side in "LR":
        front, back = (source.part_vertices(f"eye_{half}.{side}") for half in ("front", "back"))
        eyeball = np.union1d(front, back)
        for half, centers, sign in (
            ("front", EYE_FRONT_UVS, 1.0),
            ("back", EYE_BACK_UVS, -1.0),
        ):
            quads = source.part_quads(f"eye_{half}.{side}")
            ids, corners = source.quads[quads].ravel(), source.quad_uvs[quads].ravel()
            angles, directions = _eye_angles(vertices, front, eyeball, of=ids)
            angles = angles if sign > 0 else np.pi - angles
            radii = EYE_UV_RADIUS * np.sqrt(np.minimum(angles / (np.pi / 2), 1.0))
            uv[corners] = np.array(centers[side]) + radii[:, None] * directions * (sign, 1.0)
        angles, _ = _eye_angles(vertices, front, eyeball)
        edge = angles[(angles > PUPIL_ANGLE) & (angles < IRIS_ANGLE)].mean()
        irises.append((*EYE_FRONT_UVS[side], EYE_UV_RADIUS * np.sqrt(edge / (np.pi / 2))))
    return EyeTexture(uv=uv, iris_uvs=np.array(irises))


def _eye_angles(
    vertices: Float[ndarray, "vertices 3"],
    front: Int[ndarray, " front"],
    eyeball: Int[ndarray, " eyeball"],
    of: Int[ndarray, " asked"] | None = None,
) -> tuple[Float[ndarray, " asked"], Float[ndarray, "asked 2"]]:
    """Measure angles (rad) from the eye's axis, and directions around it as unit vectors.

    Of the front's vertices, unless `of` names others.
    """
    corners = vertices[eyeball]
    center = 0.5 * (corners.min(axis=0) + corners.max(axis=0))
    back = np.setdiff1d(eyeball, front)
    axis = vertices[front].mean(axis=0) - vertices[back].mean(axis=0)
    axis /= np.linalg.norm(axis)
    offsets = vertices[front if of is None else of] - center
    offsets = offsets / np.linalg.norm(offsets, axis=1, keepdims=True)
    up = np.array([0.0, 1.0, 0.0]) - axis[1] * axis
    up /= np.linalg.norm(up)
    right = np.cross(up, axis)
    flat = np.stack([offsets @ right, offsets @ up], axis=-1)
    angles = np.arctan2(np.linalg.norm(flat, axis=1), offsets @ axis)
    return angles, flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
