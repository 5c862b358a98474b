"""Keeping a skirt outside of the legs that move under it."""

import numpy as np
from jaxtyping import Float

_BONES = ((1, 4), (2, 5), (4, 7), (5, 8))


def leg_radii(
    clothed: Float[np.ndarray, "vertices 3"],
    weights: Float[np.ndarray, "vertices joints"],
    joints: Float[np.ndarray, "joints 3"],
) -> Float[np.ndarray, "4 2"]:
    """Measure how thick thighs and calves are at their upper and lower ends (m, rest pose)."""
    radii = []
    for start, end in _BONES:
        limb = clothed[weights[:, start] > 0.6]
        axis = joints[end] - joints[start]
        along = (limb - joints[start]) @ axis / (axis @ axis)
        distance = np.linalg.norm(limb - joints[start] - along[:, None] * axis, axis=1)
        ends = [np.abs(along - where) < 0.35 for where in (0.2, 0.8)]
        radii.append([np.percentile(distance[near], 80) + 0.010 for near in ends])
    return np.array(radii)


def settle_skirt(
    rings: Float[np.ndarray, "poses rings around 3"],
    joints: Float[np.ndarray, "poses joints 3"],
    radii: Float[np.ndarray, "4 2"],
    rounds: int = 4,
) -> Float[np.ndarray, "poses rings around 3"]:
    """Push skinned cloth out of the legs and smooth what that bends.

    Args:
        rings: the skirt as its skinning leaves it; the first ring is the waist, which stays.
        joints: posed joints in the same frame (m).
        radii: from `leg_radii`.
        rounds: times of pushing and smoothing.
    """
    cloth = rings.copy()
    for step in range(rounds):
        if step:
            around = 0.5 * (np.roll(cloth, 1, axis=2) + np.roll(cloth, -1, axis=2))
            along = 0.5 * (cloth[:, :-2] + cloth[:, 2:])
            cloth[:, 1:-1] += 0.5 * (0.5 * (around[:, 1:-1] + along) - cloth[:, 1:-1])
            cloth[:, -1] += 0.4 * (around[:, -1] - cloth[:, -1])
        for (start, end), (upper, lower) in zip(_BONES, radii, strict=True):
            first = joints[:, start, None, None]
            axis = joints[:, end, None, None] - first
            share = ((cloth - first) * axis).sum(-1) / (axis * axis).sum(-1)
            share = np.clip(share, 0.0, 1.0)[..., None]
            away = cloth - first - share * axis
            distance = np.linalg.norm(away, axis=-1, keepdims=True).clip(1e-6)
            wanted = upper + (lower - upper) * share
            push = np.clip(wanted - distance, 0.0, None)
            push[:, 0] = 0.0
            cloth += push * away / distance
    return cloth
