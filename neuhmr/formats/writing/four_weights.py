"""Skinning as graphics cards do it: four bones per vertex, no pose correctives.

What that costs is measured on the poses that are written.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from neuhmr.body.skinning_arrays import skin_vertices
from neuhmr.formats.writing.animation import Animation

NUM_WEIGHTS = 4


@dataclass(frozen=True, kw_only=True)
class FourWeights:
    """The strongest bones of each vertex."""

    joints: Int[np.ndarray, "vertices 4"]
    weights: Float[np.ndarray, "vertices 4"]
    """Sum to 1; those of unused places are 0."""
    remarks: tuple[str, ...]
    """How far vertices are moved, one sentence each."""


def four_weights(animation: Animation) -> FourWeights:
    """Keep the four largest weights of each vertex, scaled to sum to 1."""
    lbs_weights = np.asarray(animation.body.lbs_weights, np.float64)
    strongest = np.argsort(-lbs_weights, axis=1, kind="stable")[:, :NUM_WEIGHTS]
    kept = np.maximum(np.take_along_axis(lbs_weights, strongest, axis=1), 0.0)
    weights = kept / kept.sum(axis=1, keepdims=True)
    change = -lbs_weights
    change[np.arange(len(change))[:, None], strongest] += weights
    return FourWeights(
        joints=np.where(weights > 0.0, strongest, 0),
        weights=weights,
        remarks=(*_say_dropped(animation, change), *say_correctives(animation)),
    )


def say_correctives(animation: Animation) -> tuple[str, ...]:
    """Say how much of the body the pose correctives are, which are left out."""
    if animation.body.posedirs is None:
        return ()
    largest = 0.0
    for rows in animation.chunks():
        offsets = animation.pose_offsets(rows)
        assert offsets is not None, "the body has correctives"
        largest = max(largest, float(np.linalg.norm(offsets, axis=-1).max()))
    return (
        "Pose correctives are left out; without them vertices are off by up to "
        f"{1000.0 * largest:.1f} mm.",
    )


def _say_dropped(
    animation: Animation, change: Float[np.ndarray, "vertices joints"]
) -> tuple[str, ...]:
    changed = np.abs(change).max(axis=1) > 1e-6
    if not changed.any():
        return ()
    largest = 0.0
    for rows in animation.chunks():
        moved = skin_vertices(
            animation.v_shaped[changed],
            change[changed],
            animation.joints_rest,
            animation.rotmats[rows],
            animation.joints[rows],
        )
        largest = max(largest, float(np.linalg.norm(moved, axis=-1).max()))
    return (
        f"{int(changed.sum())} vertices with more than {NUM_WEIGHTS} bones keep the strongest "
        f"{NUM_WEIGHTS}, which moves them by up to {1000.0 * largest:.2f} mm.",
    )
