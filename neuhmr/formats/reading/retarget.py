"""From the rotations of another skeleton to those of SMPL's joints.

A joint's rotation counts from its skeleton's zero pose, which is seldom SMPL's T-pose. With the
directions d of a bone in the target's rest pose and s in a pose of the source, the rotation A that
takes d to s without twisting it against the bone before makes the target's joint turn by G A,
where G is the source's rotation counted from that pose.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from neuhmr.body.skeleton import SMPL_JOINT_NAMES, SMPL_PARENTS, joint_index

_CHAINS = (
    ("hip", "knee"), ("knee", "ankle"), ("ankle", "foot"),
    ("collar", "shoulder"), ("shoulder", "elbow"), ("elbow", "wrist"),
)  # fmt: skip
_STANDING_ANGLE = np.deg2rad(60.0)
"""Thighs and shins of somebody who stands point down to within that."""
_STRAIGHT_ANGLE = np.deg2rad(60.0)
"""Between the two parts of an arm at rest."""


class Retargeted(NamedTuple):
    """Rotations of SMPL's joints in the world."""

    rotmats: Float[np.ndarray, "rows 24 3 3"]
    remark: str
    """Which pose the rotations were counted from."""


def retarget(
    rotmats: Float[np.ndarray, "rows 24 3 3"],
    places: Float[np.ndarray, "rows 24 3"],
    zero: Float[np.ndarray, "24 3"],
    rest: Float[np.ndarray, "24 3"],
) -> Retargeted:
    """Turn a body as another skeleton turns.

    Args:
        rotmats: of the source's joints in the world, counted from its zero pose.
        places: of its joints in the world, NaN where it has none.
        zero: its joints in the zero pose, NaN where it has none.
        rest: the target's joints at rest.
    """
    if stands(zero):
        align = aligned(zero[None], rest)
        remark = "its zero pose is taken for a person who stands upright and looks ahead"
    elif stands(places[0]):
        align = np.swapaxes(rotmats[:1], -1, -2) @ aligned(places[:1], rest)
        remark = (
            "its zero pose is no standing person, so that its first frame is taken for one who "
            "stands upright and looks ahead"
        )
    else:
        each = np.swapaxes(rotmats, -1, -2) @ aligned(places, rest)
        left, _, right = np.linalg.svd(each.mean(axis=0))
        flip = np.linalg.det(left @ right)
        left[..., -1] *= np.sign(flip)[..., None]
        align = (left @ right)[None]
        remark = (
            "neither its zero pose nor its first frame is a standing person, so that how limbs "
            "are twisted about their own length is an estimate from the whole motion"
        )
    return Retargeted(rotmats @ align, remark)


def aligned(
    places: Float[np.ndarray, "rows 24 3"], rest: Float[np.ndarray, "24 3"]
) -> Float[np.ndarray, "rows 24 3 3"]:
    """Turn each of the target's joints so that its bones point as the source's."""
    trunk = _trunk_frame(places) @ np.swapaxes(_trunk_frame(rest[None]), -1, -2)
    turned = np.repeat(trunk[:, None], len(SMPL_JOINT_NAMES), axis=1)
    after = {
        joint_index(f"{side}_{first}"): joint_index(f"{side}_{second}")
        for side in ("left", "right")
        for first, second in _CHAINS
    }
    for joint, parent in enumerate(SMPL_PARENTS):
        if parent >= 0:
            turned[:, joint] = turned[:, parent]
        if joint not in after:
            continue
        along = places[:, after[joint]] - places[:, joint]
        carried = turned[:, parent] @ (rest[after[joint]] - rest[joint])
        has_bone = np.linalg.norm(np.nan_to_num(along), axis=-1) > 0
        swing = _swing(carried[has_bone], along[has_bone])
        turned[has_bone, joint] = swing @ turned[has_bone, parent]
    return turned


def stands(places: Float[np.ndarray, "24 3"]) -> bool:
    """Tell whether it is a pose that people are set up in: legs down, arms straight, toes ahead."""
    at = {name: places[index] for index, name in enumerate(SMPL_JOINT_NAMES)}
    if not np.linalg.norm(at["left_hip"] - at["right_hip"]) > 0:
        return False
    frame = _trunk_frame(places[None])[0]
    if not np.isfinite(frame).all():
        return False
    lateral, up, ahead = frame.T
    for side, sign in (("left", 1.0), ("right", -1.0)):
        hip, knee, ankle = (at[f"{side}_{name}"] for name in ("hip", "knee", "ankle"))
        shoulder, elbow, wrist = (at[f"{side}_{name}"] for name in ("shoulder", "elbow", "wrist"))
        legs_down = all(_angle(-up, bone) < _STANDING_ANGLE for bone in (knee - hip, ankle - knee))
        arm, forearm = elbow - shoulder, wrist - elbow
        is_straight = not _angle(arm, forearm) > _STRAIGHT_ANGLE  # Also where there is no wrist.
        is_outside = sign * (lateral @ arm) > -0.1 * np.linalg.norm(arm)
        toes = at[f"{side}_foot"] - ankle
        looks_ahead = not (ahead @ toes < 0)
        if not (legs_down and is_straight and is_outside and looks_ahead):
            return False
    return True


def _trunk_frame(places: Float[np.ndarray, "rows 24 3"]) -> Float[np.ndarray, "rows 3 3"]:
    """Set up axes to the left, up the trunk and ahead, in columns."""
    left_hip, right_hip = (places[:, joint_index(f"{side}_hip")] for side in ("left", "right"))
    arms = [places[:, joint_index(f"{side}_shoulder")] for side in ("left", "right")]
    lateral = _unit(left_hip - right_hip)
    up = (arms[0] + arms[1] - left_hip - right_hip) / 2.0
    up = _unit(up - (up * lateral).sum(axis=-1, keepdims=True) * lateral)
    return np.stack([lateral, up, np.cross(lateral, up)], axis=-1)


def _unit(vectors: Float[np.ndarray, "rows 3"]) -> Float[np.ndarray, "rows 3"]:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(length > 0, length, np.nan)


def _angle(first: Float[np.ndarray, " 3"], second: Float[np.ndarray, " 3"]) -> float:
    lengths = np.linalg.norm(first) * np.linalg.norm(second)
    return float(np.arccos(np.clip(first @ second / lengths, -1, 1))) if lengths > 0 else np.nan


def _swing(
    start: Float[np.ndarray, "rows 3"], end: Float[np.ndarray, "rows 3"]
) -> Float[np.ndarray, "rows 3 3"]:
    """Turn one direction into another the short way."""
    start, end = _unit(start), _unit(end)
    axis, cosine = np.cross(start, end), (start * end).sum(axis=-1)
    x, y, z = axis.T
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1).reshape(-1, 3, 3)
    # Of opposite directions any turn by half a circle will do; the bones are none of those.
    scale = 1.0 / np.maximum(1.0 + cosine, 1e-6)
    turns = np.eye(3) + cross + cross @ cross * scale[:, None, None]
    left, _, right = np.linalg.svd(turns)
    return left @ right
