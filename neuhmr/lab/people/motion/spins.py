"""Turns about the body's own axis: spinning kicks and pirouettes."""

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.lab.people.motion.footsteps import Steps, stand_still
from neuhmr.lab.people.motion.key_poses import arm_track, interpolate_keys
from neuhmr.lab.people.motion.limb_solver import BodyTargets
from neuhmr.lab.people.motion.motion_parts import Trunk, assemble


def spin_kick(times: Float[Tensor, " frames"], rng: np.random.Generator) -> BodyTargets:
    """Turn once around on one foot and strike with the other leg on the way."""
    side, outward = _kicking_side(rng)
    begin, period = rng.uniform(0.15, 0.35), rng.uniform(0.85, 1.1)
    keys = times.new_tensor([0.0, begin, begin + period, begin + period + 2.0])
    # The leg on the outside of the turn strikes.
    angle = interpolate_keys(times, keys, keys.new_tensor([[0.0], [0.0], [1.0], [1.0]]))[:, 0]
    angle = -outward * 2 * np.pi * angle
    phase = ((times - begin) / period).clamp(0.0, 1.0)
    marks = times.new_tensor([0.0, 0.25, 0.5, 0.66, 0.85, 1.001])
    height, far = rng.uniform(0.75, 1.05), rng.uniform(0.6, 0.75)
    # Up, out to the side, ahead.
    values = times.new_tensor(
        [[0, 0, 0], [0.35, 0.1, 0.05], [height, far, 0.25], [0.9 * height, far, 0.1],
         [0.2, 0.15, 0], [0, 0, 0]]
    )  # fmt: skip
    up, out, ahead = interpolate_keys(phase, marks, values).unbind(dim=-1)
    lift = (up / 0.4).clamp(0.0, 1.0)
    steps = _turned(stand_still(times, 0.09, 0.1), angle, side, (outward * out, up, ahead), lift)
    zero = torch.zeros_like(lift)
    lean = (up / height).clamp(0.0, 1.0)
    turn = torch.stack([zero, zero, outward * -0.35 * lean], dim=-1)
    bend = torch.stack([0.1 * lean, -0.35 * outward * lean, -0.3 * outward * lean], dim=-1)
    head = torch.stack([zero, zero, 0.3 * outward * lean], dim=-1)
    trunk = replace(Trunk.upright(times), drop=0.03 + zero, turn=turn, bend=bend, head=head)
    end = float(begin + period)
    arms: list[tuple[float, str]] = [
        (0.0, "guard"), (begin + 0.3 * period, "chest"), (begin + 0.55 * period, "side_low"),
        (end, "guard"), (end + 2.0, "guard"),
    ]  # fmt: skip
    return assemble(steps, trunk, arm_track(times, arms, arms, 0.06, rng))


def pirouette(times: Float[Tensor, " frames"], rng: np.random.Generator) -> BodyTargets:
    """Turn twice or so on the ball of one foot, the other foot at the knee, then stand."""
    side, outward = _kicking_side(rng)
    begin, period = rng.uniform(0.1, 0.3), rng.uniform(1.1, 1.3)
    turns = float(rng.choice([1.0, 2.0], p=[0.4, 0.6]))
    keys = times.new_tensor([0.0, begin, begin + period, begin + period + 2.0])
    share = interpolate_keys(times, keys, keys.new_tensor([[0.0], [0.0], [1.0], [1.0]]))[:, 0]
    phase = ((times - begin) / period).clamp(0.0, 1.0)
    marks = times.new_tensor([0.0, 0.2, 0.8, 1.001])
    lift = interpolate_keys(phase, marks, marks.new_tensor([[0.0], [1.0], [1.0], [0.0]]))[:, 0]
    zero = torch.zeros_like(lift)
    raised = (-0.02 * outward * lift, 0.42 * lift, 0.12 * lift)
    steps = _turned(
        stand_still(times, 0.08, 0.35), outward * 2 * np.pi * turns * share, side, raised, lift
    )
    feet_turn = steps.feet_turn.clone()
    feet_turn[:, 1 - side, 1] -= 0.75 * lift
    feet_turn[:, side, 1] -= 0.8 * lift
    feet_turn[:, side, 0] += outward * 0.7 * lift
    trunk = replace(Trunk.upright(times), drop=0.10 * (1.0 - lift) - 0.05 * lift)
    trunk = replace(trunk, head=torch.stack([zero - 0.05, zero, zero], dim=-1))
    closed = str(rng.choice(["front_low", "up", "chest"]))
    end = float(begin + period)
    arms: list[tuple[float, str]] = [
        (0.0, "side_low"), (begin + 0.25 * period, closed), (end - 0.15, closed),
        (end + 0.3, "side"), (end + 2.0, "side"),
    ]  # fmt: skip
    return assemble(
        replace(steps, feet_turn=feet_turn), trunk, arm_track(times, arms, arms, 0.05, rng)
    )


def _kicking_side(rng: np.random.Generator) -> tuple[int, float]:
    """Draw a leg, left or right, and where its outside is."""
    side = int(rng.integers(2))
    return side, 1.0 if side == 0 else -1.0


def _turned(
    steps: Steps,
    angle: Float[Tensor, " frames"],
    side: int,
    raised: tuple[Tensor, Tensor, Tensor],
    lift: Float[Tensor, " frames"],
) -> Steps:
    """Turn somebody who stands about the foot that stays, whose place does not change.

    Args:
        steps: feet and pelvis before the turn, heading to +z.
        angle: of the turn (rad, to the left).
        side: the foot that leaves the floor.
        raised: how far it moves to the left, up and ahead of where it stood, before the turn (m).
        lift: share of the weight that the standing foot takes over.
    """
    feet, standing = steps.feet_position.clone(), steps.feet_position[:, 1 - side]
    feet[:, side] += torch.stack(raised, dim=-1)
    middle = steps.pelvis_position + lift[:, None] * (standing[:, [0, 2]] - steps.pelvis_position)
    cos, sin = angle.cos(), angle.sin()

    def around(points: Float[Tensor, "frames 2"]) -> Float[Tensor, "frames 2"]:
        x, z = (points - standing[:, [0, 2]]).unbind(dim=-1)
        return standing[:, [0, 2]] + torch.stack([cos * x + sin * z, cos * z - sin * x], dim=-1)

    moved = around(feet[:, side][:, [0, 2]])
    feet[:, side, 0], feet[:, side, 2] = moved[:, 0], moved[:, 1]
    turned = steps.feet_turn.clone()
    turned[..., 0] += angle[:, None]
    return replace(
        steps,
        feet_position=feet,
        feet_turn=turned,
        pelvis_position=around(middle),
        heading=steps.heading + angle,
    )
