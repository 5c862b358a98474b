"""Other ways to read the numbers of poses: units, axes and focal lengths that tools differ in."""

import re
from collections.abc import Callable
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.motion import Motion
from neuhmr.errors import PoseFileError

GIVEN = "given"
"""As they are."""
MILLIMETERS, CENTIMETERS, Y_UP = "millimeters", "centimeters", "y-up"
EXPECTED = f"{GIVEN}, {MILLIMETERS}, {CENTIMETERS}, {Y_UP} or depth*NUMBER"
_DEPTH = re.compile(r"depth\*([0-9]*\.?[0-9]+)")


def depth_reading(factor: float) -> str:
    """Name the reading that changes distances by a factor."""
    return f"depth*{factor:.3g}"


def read_as(motion: Motion, reading: str, pelvis: Float[Tensor, "3"]) -> Motion:
    """Read poses in another way.

    Args:
        motion: as the file has it.
        reading: one of `EXPECTED`.
        pelvis: at rest, of the body of the poses (m).

    Raises:
        PoseFileError: there is no such reading.
    """
    found = _DEPTH.fullmatch(reading)
    factor = float(found[1]) if found else 0.0
    changes: dict[str, Callable[[], Motion]] = {
        GIVEN: lambda: motion,
        MILLIMETERS: lambda: replace(motion, transl=0.001 * motion.transl),
        CENTIMETERS: lambda: replace(motion, transl=0.01 * motion.transl),
        Y_UP: lambda: _turned_over(motion, pelvis),
    }
    if reading in changes:
        return changes[reading]()
    if factor > 0.0:
        return _at_depth(motion, pelvis, factor)
    raise PoseFileError(f"--poses-as is {reading!r}, {EXPECTED} was expected; change it.")


def _turned_over(motion: Motion, pelvis: Float[Tensor, "3"]) -> Motion:
    """Turn by half about x: from y up and z backward to y down and z forward."""
    flip = motion.transl.new_tensor([1.0, -1.0, -1.0])
    transl = flip * (motion.transl + pelvis) - pelvis
    return replace(motion, global_orient=flip[:, None] * motion.global_orient, transl=transl)


def _at_depth(motion: Motion, pelvis: Float[Tensor, "3"], factor: float) -> Motion:
    """Change the distance of the pelvis, as another focal length of the same crop would.

    Tools place a person beside the picture's middle by size alone: x and y do not know the focal
    length, z grows with it.
    """
    place = motion.transl + pelvis
    scale = torch.tensor([1.0, 1.0, factor]).to(place)
    return replace(motion, transl=scale * place - pelvis)
