"""Skeleton animation as BVH: SMPL's joints by name, at rest in a T-pose, lengths in centimeters.

Angles are in degrees, channels Z, X, Y: R = R_z R_x R_y. Turning about the vertical comes first, so
that no heading locks the angles of the root.
"""

import io
from pathlib import Path

import numpy as np
from jaxtyping import Float

from neuhmr.body.skeleton import SMPL_JOINT_NAMES
from neuhmr.clip.atomic import atomic_path
from neuhmr.formats.writing.animation import Animation, Remarks
from neuhmr.formats.writing.continuity import zxy_angles

CM_PER_M = 100.0
_ROTATIONS = "Zrotation Xrotation Yrotation"
_END_LENGTH = 0.5
"""Of the bones that end the limbs, by the bone before."""


def write(path: Path, animation: Animation) -> Remarks:
    """Write hierarchy and motion; the root's position is the pelvis' place in the world.

    Raises:
        OutputError: the file cannot be written.
    """
    angles = np.rad2deg(zxy_angles(animation.local_rotmats))
    order = _depth_first(animation.parents)
    pelvis = CM_PER_M * animation.joints[:, 0]
    channels = np.concatenate([pelvis, angles[:, order].reshape(len(animation), -1)], axis=1)
    numbers = io.StringIO()
    np.savetxt(numbers, channels, fmt="%.6f")
    lines = [
        "HIERARCHY",
        *_joint_lines(0, animation.joints_rest, animation.parents, ""),
        "MOTION",
        f"Frames: {len(animation)}",
        f"Frame Time: {1.0 / animation.motion.fps:.9f}",
    ]
    with atomic_path(path) as partial:
        text = "\n".join(lines) + "\n" + numbers.getvalue()
        partial.write_text(text, encoding="ascii", newline="\n")
    remarks = ["Lengths are in centimeters, angles in degrees in the order Z, X, Y."]
    if animation.motion.frame_index[0]:
        remarks.append(f"The first row is frame {animation.motion.frame_index[0]} of the clip.")
    return tuple(remarks)


def _joint_lines(
    joint: int,
    joints_rest: Float[np.ndarray, "joints 3"],
    parents: tuple[int, ...],
    indent: str,
) -> list[str]:
    """Describe a joint and all below it."""
    is_root = parents[joint] < 0
    # The root's position channels say all; an offset would be added by some readers only.
    offset = np.zeros(3) if is_root else joints_rest[joint] - joints_rest[parents[joint]]
    positions = "Xposition Yposition Zposition " if is_root else ""
    lines = [
        f"{indent}{'ROOT' if is_root else 'JOINT'} {SMPL_JOINT_NAMES[joint]}",
        f"{indent}{{",
        f"{indent}  OFFSET {_in_cm(offset)}",
        f"{indent}  CHANNELS {6 if is_root else 3} {positions}{_ROTATIONS}",
    ]
    children = [child for child, parent in enumerate(parents) if parent == joint]
    for child in children:
        lines += _joint_lines(child, joints_rest, parents, indent + "  ")
    if not children:
        end = _in_cm(_END_LENGTH * offset)
        lines += [f"{indent}  {line}" for line in ("End Site", "{", f"  OFFSET {end}", "}")]
    return [*lines, f"{indent}}}"]


def _in_cm(offset: Float[np.ndarray, " 3"]) -> str:
    return " ".join(f"{number:.6f}" for number in CM_PER_M * offset)


def _depth_first(parents: tuple[int, ...]) -> list[int]:
    """List the joints in the order of the hierarchy, which is that of the channels."""
    order: list[int] = []
    waiting = [0]
    while waiting:
        joint = waiting.pop()
        order.append(joint)
        waiting += [child for child, parent in enumerate(parents) if parent == joint][::-1]
    return order
