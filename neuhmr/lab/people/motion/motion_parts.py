"""What the motions are put together from: trunk channels and gesturing arms."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.lab.people.motion.footsteps import Steps
from neuhmr.lab.people.motion.key_poses import ArmTracks, arm_track, random_arm_keys
from neuhmr.lab.people.motion.limb_solver import BodyTargets

GESTURES = ("talk", "wave", "hip", "hang", "hang_wide", "front_low", "chest", "side_low", "head")
LARGE_GESTURES = (
    "side",
    "side_high",
    "up",
    "front",
    "front_high",
    "across",
    "side_low",
    "hang_wide",
)


@dataclass(frozen=True)
class Trunk:
    """The trunk's part of `BodyTargets`."""

    drop: Float[Tensor, " frames"]
    """Pelvis below standing height (m)."""
    turn: Float[Tensor, "frames 3"]
    """Pelvis relative to the heading: heading, forward tilt, tilt to the left (rad)."""
    bend: Float[Tensor, "frames 3"]
    """Spine: forward, to the left, twist to the left (rad)."""
    head: Float[Tensor, "frames 3"]
    """Head: nod, to the left, turn to the left (rad)."""

    @staticmethod
    def upright(times: Float[Tensor, " frames"]) -> "Trunk":
        """Stand straight, knees not quite stretched."""
        zeros = torch.zeros(len(times), 3, dtype=times.dtype)
        return Trunk(torch.full_like(times, 0.015), zeros, zeros, zeros)


def assemble(steps: Steps, trunk: Trunk, arms: ArmTracks) -> BodyTargets:
    """Put feet, trunk and arms together; the trunk turns with the steps' heading."""
    turn = trunk.turn.clone()
    turn[:, 0] = turn[:, 0] + steps.heading
    return BodyTargets(
        pelvis_drop=trunk.drop,
        pelvis_position=steps.pelvis_position,
        pelvis_turn=turn,
        trunk_bend=trunk.bend,
        head_bend=trunk.head,
        feet_position=steps.feet_position,
        feet_turn=steps.feet_turn,
        hands=arms.hands,
        elbows=arms.elbows,
        wrists=arms.wrists,
    )


def random_arms(
    times: Float[Tensor, " frames"],
    rng: np.random.Generator,
    names: tuple[str, ...],
    pace: float,
) -> ArmTracks:
    """Move both arms through random poses, now and then alike; `pace` is seconds per pose."""
    duration = float(times[-1]) + 0.1
    left = random_arm_keys(rng, duration, names, pace)
    symmetric = rng.uniform() < 0.4
    right = left if symmetric else random_arm_keys(rng, duration, names, pace)
    return arm_track(times, left, right, jitter=0.05, rng=rng)
