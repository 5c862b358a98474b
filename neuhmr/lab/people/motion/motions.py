"""The project's own motions, generated: no recorded data are needed.

Every motion is a list of targets (feet, pelvis, trunk, hands) for `limb_solver`, so it fits bodies
of any proportions and its feet stand where they are put.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor

from neuhmr.body.smpl_model import ShapedBody
from neuhmr.lab.people.motion.exercises import gesture, kick, lunge, punch, reach, squat
from neuhmr.lab.people.motion.floor_work import FLOOR_KINDS, FloorKind, floor_motion
from neuhmr.lab.people.motion.joint_limits import random_motion
from neuhmr.lab.people.motion.key_poses import smooth_noise
from neuhmr.lab.people.motion.limb_solver import BodyTargets, solve_targets
from neuhmr.lab.people.motion.spins import pirouette, spin_kick
from neuhmr.lab.people.motion.sports import balance, jacks, throw
from neuhmr.lab.people.motion.stage_motion import StageMotion
from neuhmr.lab.people.motion.walking import dance, jog, turn_around, walk

MotionKind = Literal[
    "walk", "turn", "arms", "squat", "kick", "punch", "reach", "lunge", "dance", "random", "throw",
    "jacks", "balance",
]  # fmt: skip
MOTION_KINDS: tuple[MotionKind, ...] = get_args(MotionKind)
"""What people of all presets but `wide` are dealt (see `splits`)."""
WideKind = Literal["spin_kick", "pirouette", "jog", FloorKind]
WIDE_KINDS: tuple[WideKind, ...] = get_args(WideKind)
"""Held out: met in the wide test set alone."""


def generate_motion(
    kind: MotionKind | WideKind,
    num_frames: int,
    shaped: ShapedBody,
    rng: np.random.Generator,
    fps: float = 30.0,
    sole: float = 0.0,
) -> StageMotion:
    """Make one motion for one body.

    Args:
        kind: what is done; "turn" is a walk that turns fully around within the clip.
        num_frames: length.
        shaped: the body; its limb lengths set the joint angles.
        rng: where pace, amplitudes and order come from.
        fps: frames per second.
        sole: thickness of the shoes' soles (m).
    """
    body = shaped.to(torch.float64)
    if kind == "random":
        return random_motion(num_frames, body, rng, fps, sole).to(torch.float32)
    if kind in FLOOR_KINDS:
        return floor_motion(kind, num_frames, body, rng, fps, sole).to(torch.float32)
    times = torch.arange(num_frames, dtype=torch.float64) / fps
    targets = _BUILDERS[kind](times, rng)
    targets = _with_small_sway(targets, rng, fps)
    return solve_targets(targets, body, sole).to(torch.float32)


def _with_small_sway(targets: BodyTargets, rng: np.random.Generator, fps: float) -> BodyTargets:
    """Nobody holds still: add slow noise of millimetres and degrees."""
    frames = len(targets.pelvis_drop)
    slow = 0.4 * fps
    return replace(
        targets,
        pelvis_position=targets.pelvis_position + 0.006 * smooth_noise(rng, frames, 2, slow),
        trunk_bend=targets.trunk_bend + 0.025 * smooth_noise(rng, frames, 3, slow),
        head_bend=targets.head_bend + 0.06 * smooth_noise(rng, frames, 3, slow),
        hands=targets.hands + 0.02 * smooth_noise(rng, frames, 6, slow).reshape(frames, 2, 3),
    )


_BUILDERS: dict[str, Callable[[Tensor, np.random.Generator], BodyTargets]] = {
    "walk": walk, "turn": turn_around, "arms": gesture, "squat": squat, "kick": kick,
    "punch": punch, "reach": reach, "lunge": lunge, "dance": dance, "throw": throw,
    "jacks": jacks, "balance": balance, "spin_kick": spin_kick, "pirouette": pirouette, "jog": jog,
}  # fmt: skip
