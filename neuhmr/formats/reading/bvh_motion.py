"""A tree of joints that moves, as BVH tells it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from neuhmr.geometry.rotation_arrays import rotmats_from_axisangles

_ADDED = 0.5
"""Position channels below this share of their joint's offset are added to it, not put for it."""


@dataclass(kw_only=True)
class BvhJoint:
    """One joint of the tree."""

    name: str
    parent: int
    """Its place in the list; -1 for the root."""
    offset: Sequence[float] = (0.0, 0.0, 0.0)
    channels: tuple[str, ...] = ()
    end: Sequence[float] | None = None
    """Offset of its end site."""


@dataclass(frozen=True, kw_only=True)
class BvhMotion:
    """A tree of joints and its motion, lengths in the file's unit."""

    joints: list[BvhJoint]
    fps: float
    numbers: Float[np.ndarray, "rows channels"]

    @property
    def parents(self) -> list[int]:
        """Of each joint; the root's is -1."""
        return [joint.parent for joint in self.joints]

    def rest_places(self) -> Float[np.ndarray, "joints 3"]:
        """Place the joints where all angles are zero."""
        places: list[np.ndarray] = []
        for joint in self.joints:
            base = places[joint.parent] if joint.parent >= 0 else np.zeros(3)
            places.append(base + np.array(joint.offset) * (joint.parent >= 0))
        return np.stack(places)

    def posed(self) -> "BvhPosed":
        """Walk down the tree: each joint's rotation and place in the world."""
        rotmats: list[np.ndarray] = []
        places: list[np.ndarray] = []
        first = 0
        for joint in self.joints:
            columns = self.numbers[:, first : first + len(joint.channels)]
            first += len(joint.channels)
            local = _local_rotmats(joint.channels, columns)
            shift = _shifts(joint, columns)
            if joint.parent >= 0:
                above = rotmats[joint.parent]
                shift = places[joint.parent] + (above @ shift[..., None])[..., 0]
                local = above @ local
            rotmats.append(local)
            places.append(shift)
        return BvhPosed(np.stack(rotmats, axis=1), np.stack(places, axis=1))


class BvhPosed(NamedTuple):
    """Joints in the world, lengths in the file's unit."""

    rotmats: Float[np.ndarray, "rows joints 3 3"]
    places: Float[np.ndarray, "rows joints 3"]


def _local_rotmats(
    channels: tuple[str, ...], columns: Float[np.ndarray, "rows channels"]
) -> Float[np.ndarray, "rows 3 3"]:
    """Multiply the turns about single axes in the order of the channels."""
    rotmats = np.broadcast_to(np.eye(3), (len(columns), 3, 3))
    for channel, degrees in zip(channels, columns.T, strict=True):
        if channel.endswith("rotation"):
            vectors = np.zeros((len(columns), 3))
            vectors[:, "xyz".index(channel[0])] = np.deg2rad(degrees)
            rotmats = rotmats @ rotmats_from_axisangles(vectors)
    return rotmats


def _shifts(
    joint: BvhJoint, columns: Float[np.ndarray, "rows channels"]
) -> Float[np.ndarray, "rows 3"]:
    """Place a joint relative to its parent: by its offset, or the position channels instead."""
    offset = np.broadcast_to(np.array(joint.offset), (len(columns), 3))
    places = [index for index, name in enumerate(joint.channels) if name.endswith("position")]
    if not places:
        return offset
    shifts = np.zeros((len(columns), 3))
    for index in places:
        shifts[:, "xyz".index(joint.channels[index][0])] = columns[:, index]
    length = np.linalg.norm(offset[0])
    if joint.parent >= 0 and np.median(np.linalg.norm(shifts, axis=-1)) < _ADDED * length:
        return shifts + offset
    return shifts
