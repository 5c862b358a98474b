"""Ten betas by principal components, and a regressor from vertices to joints."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from scipy.optimize import nnls
from scipy.spatial import KDTree

from neuhmr.lab.open_body.symmetry import FLIP, MIRROR_JOINTS

NUM_BETAS = 10
NUM_NEAREST = 700
"""A joint is regressed from this many vertices around it."""
SUM_WEIGHT = 10.0
"""How firmly the weights of a joint must sum to one, against errors in meters."""
MEAN_WEIGHT = 4.0
"""How much more the mean joint counts than its change with a beta."""


@dataclass(frozen=True, kw_only=True)
class ShapeSpace:
    """Bodies as `v_template + shapedirs @ betas` (m), betas of unit standard deviation."""

    v_template: Float[ndarray, "vertices 3"]
    shapedirs: Float[ndarray, "vertices 3 betas"]
    explained_variance: float
    """Share of the people's variance that the betas keep, in [0, 1]."""
    betas: Float[ndarray, "people betas"]
    """The people themselves."""


def fit_shape_space(people: Float[ndarray, "people vertices 3"]) -> ShapeSpace:
    """Find the principal components of people in the T-pose; a positive beta is the taller.

    Works on the people's Gram matrix, which is far smaller than the vertices' covariance.
    """
    count, num_vertices, _ = people.shape
    v_template = people.mean(axis=0)
    offsets = (people - v_template).reshape(count, -1)
    variances, directions = np.linalg.eigh(offsets @ offsets.T / (count - 1))
    variances, directions = variances[::-1], directions[:, ::-1]
    betas = directions[:, :NUM_BETAS] * np.sqrt(count - 1)
    shapedirs = np.linalg.lstsq(betas, offsets, rcond=None)[0].T
    shapedirs = shapedirs.reshape(num_vertices, 3, NUM_BETAS)
    heights = shapedirs[v_template[:, 1].argmax(), 1] - shapedirs[v_template[:, 1].argmin(), 1]
    signs = np.where(heights < 0, -1.0, 1.0)
    return ShapeSpace(
        v_template=v_template,
        shapedirs=shapedirs * signs,
        explained_variance=float(variances[:NUM_BETAS].sum() / variances.sum()),
        betas=betas * signs,
    )


def fit_joint_regressor(
    space: ShapeSpace,
    joints: Float[ndarray, "people joints 3"],
    mirror: Int[ndarray, " vertices"],
) -> Float[ndarray, "joints vertices"]:
    """Regress joints from nearby vertices; rows are non-negative, sparse and sum to one.

    Fits the mean joint and its change with each beta. An exact fit without the signs would be
    possible, but its large opposite weights make joints of posed or noisy meshes useless.
    The right side is the left side mirrored.
    """
    mean = joints.mean(axis=0)
    offsets = (joints - mean).reshape(len(joints), -1)
    directions = np.linalg.lstsq(space.betas, offsets, rcond=None)[0].T
    directions = directions.reshape(*mean.shape, NUM_BETAS)
    tree = KDTree(space.v_template)
    regressor = np.zeros((len(mean), len(space.v_template)))
    for joint, other in enumerate(MIRROR_JOINTS):
        if other < joint:
            regressor[joint] = regressor[other][mirror]
            continue
        nearest = np.atleast_1d(tree.query(mean[joint], k=min(NUM_NEAREST, tree.n))[1])
        equations = np.concatenate(
            [
                MEAN_WEIGHT * space.v_template[nearest].T,
                space.shapedirs[nearest].reshape(len(nearest), -1).T,
                np.full((1, len(nearest)), SUM_WEIGHT),
            ]
        )
        values = np.concatenate(
            [MEAN_WEIGHT * mean[joint], directions[joint].reshape(-1), [SUM_WEIGHT]]
        )
        regressor[joint, nearest] = nnls(equations, values)[0]
        if other == joint:
            regressor[joint] = 0.5 * (regressor[joint] + regressor[joint][mirror])
    return regressor / regressor.sum(axis=1, keepdims=True)


def joint_errors(
    space: ShapeSpace,
    joints: Float[ndarray, "people joints 3"],
    regressor: Float[ndarray, "joints vertices"],
) -> Float[ndarray, " joints"]:
    """Measure how far regressed joints lie from the bones' own, averaged over people (m)."""
    template = regressor @ space.v_template
    directions = np.einsum("jv,vck->jck", regressor, space.shapedirs)
    regressed = template + np.einsum("jck,nk->njc", directions, space.betas)
    return np.linalg.norm(regressed - joints, axis=-1).mean(axis=0)


def shape_errors(
    space: ShapeSpace, people: Float[ndarray, "people vertices 3"]
) -> Float[ndarray, " 2"]:
    """Measure how far ten betas leave people's vertices (m): mean, and the worst person's mean."""
    offsets = (people - space.v_template).reshape(len(people), -1)
    offsets -= space.betas @ space.shapedirs.reshape(-1, NUM_BETAS).T
    errors = np.linalg.norm(offsets.reshape(people.shape), axis=-1).mean(axis=1)
    return np.array([errors.mean(), errors.max()])


def symmetrize_joints(
    joints: Float[ndarray, "people joints 3"],
) -> Float[ndarray, "people joints 3"]:
    """Average joints with their mirror images."""
    return 0.5 * (joints + joints[:, MIRROR_JOINTS] * FLIP)
