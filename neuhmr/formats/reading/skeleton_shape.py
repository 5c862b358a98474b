"""The shape of a body whose skeleton is as long as one that a file holds."""

import numpy as np
from jaxtyping import Float

from neuhmr.body.skeleton import NUM_JOINTS, SMPL_PARENTS, joint_index
from neuhmr.formats.reading.reduce import NUM_BETAS
from neuhmr.formats.reading.rest_body import RestBody

_MEASURED = (
    ("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"),
    ("hip", "shoulder"),
)  # fmt: skip
"""Lengths that mean the same in all skeletons; those of either side are measured."""
_SAME_BODY = 1e-3
"""Offsets of all joints agree to that (m) on the very body that they were taken from."""
_LENGTH_ERROR = 0.03
"""What the bones of other skeletons are believed to (m); shapes have a variance of 1."""
_STEPS = 10


def shape_of_skeleton(
    rest_joints: Float[np.ndarray, "24 3"], body: RestBody
) -> tuple[Float[np.ndarray, "1 10"], float]:
    """Find the shape with the joints of that body, or else with bones of that length.

    Args:
        rest_joints: where nothing is turned (m); NaN where unknown.
        body: the body to give a shape.

    Returns:
        The shape, and how far bones differ on average (m).
    """
    betas, error = _same_offsets(rest_joints, body)
    if not error < _SAME_BODY:
        betas, error = _same_lengths(rest_joints, body)
    return betas[None], error


def _same_offsets(
    rest_joints: Float[np.ndarray, "24 3"], body: RestBody
) -> tuple[Float[np.ndarray, " 10"], float]:
    """Solve for the joints' offsets from their parents, which shapes change linearly."""
    betas = np.zeros(NUM_BETAS)
    if len(body.template) < NUM_JOINTS or not np.isfinite(rest_joints).all():
        return betas, np.inf
    child, parent = np.arange(1, NUM_JOINTS), np.array(SMPL_PARENTS[1:])
    directions = (body.directions[child] - body.directions[parent])[..., :NUM_BETAS]
    wanted = rest_joints[child] - rest_joints[parent]
    missing = wanted - (body.template[child] - body.template[parent])
    matrix = directions.reshape(-1, directions.shape[-1])
    solved = np.linalg.lstsq(matrix, missing.reshape(-1), rcond=1e-6)[0]
    betas[: len(solved)] = solved
    return betas, float(np.abs(matrix @ solved - missing.reshape(-1)).max())


def _same_lengths(
    rest_joints: Float[np.ndarray, "24 3"], body: RestBody
) -> tuple[Float[np.ndarray, " 10"], float]:
    """Fit lengths of bones, no farther from the mean shape than they ask for."""
    betas = np.zeros(NUM_BETAS)
    pairs = [
        (joint_index(f"{side}_{first}"), joint_index(f"{side}_{second}"))
        for first, second in _MEASURED
        for side in ("left", "right")
    ]
    first, second = np.array(pairs).T
    wanted = np.linalg.norm(rest_joints[second] - rest_joints[first], axis=-1)
    known = np.isfinite(wanted)
    if len(body.template) < NUM_JOINTS or not known.any():
        return betas, np.inf
    first, second, wanted = first[known], second[known], wanted[known]
    directions = (body.directions[second] - body.directions[first])[..., :NUM_BETAS]
    count = directions.shape[-1]
    for _ in range(_STEPS):
        bones = body.template[second] - body.template[first] + directions @ betas[:count]
        lengths = np.linalg.norm(bones, axis=-1)
        slope = np.einsum("bx,bxc->bc", bones / lengths[:, None], directions) / _LENGTH_ERROR
        missing = (wanted - lengths) / _LENGTH_ERROR
        step = slope.T @ missing - betas[:count]
        betas[:count] += np.linalg.solve(slope.T @ slope + np.eye(count), step)
    bones = body.template[second] - body.template[first] + directions @ betas[:count]
    return betas, float(np.abs(np.linalg.norm(bones, axis=-1) - wanted).mean())
