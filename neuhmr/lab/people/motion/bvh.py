"""CMU motion recordings as BVH files with the bones of B. Hahne's conversion.

A joint turns in its parent's axes, which at rest are the stage's. Offsets are in the units of CMU's
own skeletons. The first frame is a T-pose that nobody performed, and in some files frames of
nothing but zeros follow.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float

from neuhmr.errors import DatasetError, PoseFileError
from neuhmr.formats.reading.bvh_motion import BvhMotion
from neuhmr.formats.reading.bvh_text import load_bvh
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


def read_recording(path: Path) -> Recording:
    """Read a recording, without the T-pose that it begins with.

    Raises:
        DatasetError: the file cannot be read as BVH, or has other joints.
    """
    motion = read_bvh(path)
    names = [joint.name for joint in motion.joints]
    missing = sorted({*_BONE_OF_JOINT.values(), *_ENDS.values()} - set(names))
    if missing or motion.joints[0].channels[:3] != ("xposition", "yposition", "zposition"):
        raise DatasetError(
            f"{path} lacks the joint {(missing or ['a root with a position'])[0]}; a CMU recording "
            "in B. Hahne's conversion was expected."
        )
    numbers = _performed(motion.numbers)
    if not len(numbers):
        raise DatasetError(f"{path} holds a T-pose alone; a CMU recording was expected.")
    posed = replace(motion, numbers=numbers).posed()
    rotmats = torch.from_numpy(posed.rotmats)
    offset = {
        joint.name: torch.tensor(joint.offset, dtype=torch.float64) for joint in motion.joints
    }
    return Recording(
        name=path.stem,
        fps=motion.fps,
        turned={joint: rotmats[:, names.index(bone)] for joint, bone in _BONE_OF_JOINT.items()},
        directions={
            joint: offset[_ENDS[bone]] for joint, bone in _BONE_OF_JOINT.items() if bone in _ENDS
        },
        path=torch.from_numpy(posed.places[:, 0]) * _UNIT,
        leg_length=_UNIT * float(offset["LeftLeg"].norm() + offset["LeftFoot"].norm()),
    )


def _performed(values: Float[np.ndarray, "frames channels"]) -> Float[np.ndarray, "some channels"]:
    """Leave out what comes before the performance."""
    filled = values[1:].any(axis=1)
    return values[1:][int(filled.argmax()) if filled.any() else len(filled) :]


def read_bvh(path: Path) -> BvhMotion:
    """Read a BVH file, lengths in its own unit.

    Raises:
        DatasetError: the file cannot be read as BVH.
    """
    try:
        motion = load_bvh(path)
    except PoseFileError as error:
        raise DatasetError(str(error)) from error
    if motion is None:
        raise DatasetError(f"{path} is no BVH recording; give a .bvh file with a HIERARCHY.")
    return motion
