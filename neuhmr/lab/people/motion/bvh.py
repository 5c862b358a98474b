"""CMU motion recordings as BVH files with the bones of B. Hahne's conversion.

Every joint's numbers are Euler angles (deg) in the order of its channels, applied right to left;
the joint turns in its parent's axes, which at rest are the stage's. Offsets are in the units of
CMU's own skeletons. The first frame is a T-pose that nobody performed, and in some files frames of
nothing but zeros follow.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.errors import DatasetError
from neuhmr.geometry.rotations import rotation_about
from neuhmr.lab.people.motion.recording import METERS_PER_UNIT_LENGTH, Recording

_UNIT = METERS_PER_UNIT_LENGTH / 0.45
"""CMU writes `length 0.45` (m)."""
_BONE_OF_JOINT: dict[int, str] = {
    0: "Hips", 1: "LeftUpLeg", 2: "RightUpLeg", 3: "LowerBack", 4: "LeftLeg", 5: "RightLeg",
    6: "Spine", 7: "LeftFoot", 8: "RightFoot", 9: "Spine1", 12: "Neck", 13: "LeftShoulder",
    14: "RightShoulder", 15: "Head", 16: "LeftArm", 17: "RightArm", 18: "LeftForeArm",
    19: "RightForeArm", 20: "LeftFingerBase", 21: "RightFingerBase",
}  # fmt: skip
_ENDS: dict[str, str] = {
    "LeftUpLeg": "LeftLeg", "RightUpLeg": "RightLeg", "LeftLeg": "LeftFoot",
    "RightLeg": "RightFoot", "LeftFoot": "LeftToeBase", "RightFoot": "RightToeBase",
    "LeftArm": "LeftForeArm", "RightArm": "RightForeArm", "LeftForeArm": "LeftHand",
    "RightForeArm": "RightHand",
}  # fmt: skip
"""Limb bones and the joint at their other end."""


@dataclass(frozen=True)
class BvhJoint:
    """One joint of the hierarchy."""

    name: str
    parent: int
    """Position in the list of joints; -1 for the root."""
    offset: Float[np.ndarray, "3"]
    """From the parent, at rest (file units)."""
    channels: tuple[str, ...]


def read_recording(path: Path) -> Recording:
    """Read a recording, without the T-pose that it begins with.

    Raises:
        DatasetError: the file cannot be read as BVH, or has other joints.
    """
    joints, fps, values = read_bvh(path)
    names = [joint.name for joint in joints]
    missing = sorted({*_BONE_OF_JOINT.values(), *_ENDS.values()} - set(names))
    if missing or joints[0].channels[:3] != ("Xposition", "Yposition", "Zposition"):
        raise DatasetError(
            f"{path} lacks the joint {(missing or ['a root with a position'])[0]}; a CMU recording "
            "in B. Hahne's conversion was expected."
        )
    values = _performed(values)
    if not len(values):
        raise DatasetError(f"{path} holds a T-pose alone; a CMU recording was expected.")
    world = _world_rotmats(joints, values)
    offset = {joint.name: torch.from_numpy(joint.offset) for joint in joints}
    return Recording(
        name=path.stem,
        fps=fps,
        turned={joint: world[names.index(bone)] for joint, bone in _BONE_OF_JOINT.items()},
        directions={
            joint: offset[_ENDS[bone]] for joint, bone in _BONE_OF_JOINT.items() if bone in _ENDS
        },
        path=torch.from_numpy(values[:, :3] + joints[0].offset) * _UNIT,
        leg_length=_UNIT * float(offset["LeftLeg"].norm() + offset["LeftFoot"].norm()),
    )


def _performed(values: Float[np.ndarray, "frames channels"]) -> Float[np.ndarray, "some channels"]:
    """Leave out what comes before the performance."""
    filled = values[1:].any(axis=1)
    return values[1:][int(filled.argmax()) if filled.any() else len(filled) :]


def read_bvh(path: Path) -> tuple[list[BvhJoint], float, Float[np.ndarray, "frames channels"]]:
    """Read a BVH file: joints, frames per second, channel values (deg, file units).

    Raises:
        DatasetError: the file cannot be read as BVH.
    """
    try:
        hierarchy, motion = path.read_text(encoding="latin-1").split("MOTION", 1)
        joints = _read_hierarchy(hierarchy.split())
        lines = motion.strip().splitlines()
        count, seconds = int(lines[0].split()[-1]), float(lines[1].split()[-1])
        values = np.array([line.split() for line in lines[2:] if line.strip()], dtype=np.float64)
        expected = (count, sum(len(joint.channels) for joint in joints))
        if values.shape != expected or count < 2 or not seconds > 0.0:
            raise ValueError(f"{values.shape} numbers, {expected} were announced")
    except (OSError, ValueError, IndexError) as error:
        raise DatasetError(
            f"{path} is no BVH recording ({error}); give a .bvh file with a HIERARCHY and a MOTION."
        ) from error
    return joints, 1.0 / seconds, values


def _read_hierarchy(words: list[str]) -> list[BvhJoint]:
    """Walk through the nested blocks."""
    joints: list[BvhJoint] = []
    ancestors: list[int] = []
    name, offset, position = "", np.zeros(3), 0
    while position < len(words):
        word = words[position]
        if word in ("ROOT", "JOINT", "End"):
            name = words[position + 1] if word != "End" else ""
            position += 1
        elif word == "OFFSET":
            offset = np.array([float(number) for number in words[position + 1 : position + 4]])
            position += 3
            if not name:
                ancestors.append(-1)
        elif word == "CHANNELS":
            count = int(words[position + 1])
            channels = tuple(words[position + 2 : position + 2 + count])
            joints.append(BvhJoint(name, ancestors[-1] if ancestors else -1, offset, channels))
            ancestors.append(len(joints) - 1)
            position += 1 + count
        elif word == "}":
            ancestors.pop()
        position += 1
    if not joints:
        raise ValueError("no joints")
    return joints


def _world_rotmats(
    joints: list[BvhJoint], values: Float[np.ndarray, "frames channels"]
) -> list[Float[Tensor, "frames 3 3"]]:
    """Turn every joint by its own angles within its parent's."""
    world: list[Tensor] = []
    column = 0
    for joint in joints:
        turn = torch.eye(3, dtype=torch.float64).expand(len(values), 3, 3)
        for channel in joint.channels:
            if channel.endswith("rotation"):
                angle = torch.deg2rad(torch.from_numpy(values[:, column]))
                turn = turn @ rotation_about(channel[0].lower(), angle)
            column += 1
        world.append(turn if joint.parent < 0 else world[joint.parent] @ turn)
    return world
