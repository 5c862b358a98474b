"""More motions on the spot: throwing, jumping jacks, balancing on one leg."""

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.lab.people.motion.footsteps import stand_still
from neuhmr.lab.people.motion.key_poses import arm_track, interpolate_keys, smooth_noise
from neuhmr.lab.people.motion.limb_solver import BodyTargets
from neuhmr.lab.people.motion.motion_parts import Trunk, assemble, random_arms


def throw(times: Float[Tensor, " frames"], rng: np.random.Generator) -> BodyTargets:
    """Draw one arm back and throw overhead, again and again, while the other arm points."""
    steps = stand_still(times, 0.12, 0.2)
    position, turn_feet = steps.feet_position.clone(), steps.feet_turn.clone()
    side = int(rng.integers(2))
    lead = 1.0 if side == 0 else -1.0
    position[:, side, 2] -= 0.22
    position[:, 1 - side, 2] += 0.20
    steps = replace(steps, feet_position=position, feet_turn=turn_feet)
    period, begin = rng.uniform(1.8, 2.4), rng.uniform(0.0, 0.5)
    throwing: list[tuple[float, str]] = [(0.0, "hang_wide")]
    pointing: list[tuple[float, str]] = [(0.0, "hang")]
    twist_times, twists = [0.0], [0.0]
    time = begin
    while time < float(times[-1]) + period:
        throwing += [(time + 0.1, "talk"), (time + 0.55, "side_high"), (time + 0.95, "front"),
                     (time + 1.25, "across"), (time + 1.6, "hang_wide")]  # fmt: skip
        pointing += [(time + 0.1, "talk"), (time + 0.55, "front_high"), (time + 1.0, "chest"),
                     (time + 1.6, "hang")]  # fmt: skip
        twist_times += [time + 0.1, time + 0.55, time + 1.0, time + 1.6]
        twists += [0.0, lead, -0.9 * lead, 0.0]
        time += period
    twist = interpolate_keys(
        times,
        torch.tensor(twist_times, dtype=times.dtype),
        torch.tensor(twists, dtype=times.dtype)[:, None],
    )[:, 0]
    zero = torch.zeros_like(twist)
    turn = torch.stack([0.45 * twist, 0.08 - 0.08 * twist * lead, zero], dim=-1)
    bend = torch.stack([0.10 - 0.15 * twist * lead, zero, 0.35 * twist], dim=-1)
    trunk = replace(Trunk.upright(times), turn=turn, bend=bend, drop=zero + 0.06)
    tracks = (throwing, pointing) if side == 0 else (pointing, throwing)
    return assemble(steps, trunk, arm_track(times, *tracks, jitter=0.04, rng=rng))


def jacks(times: Float[Tensor, " frames"], rng: np.random.Generator) -> BodyTargets:
    """Jump feet apart and arms up, and back."""
    steps = stand_still(times, 0.08, 0.12)
    period, height = rng.uniform(0.75, 1.1), rng.uniform(0.05, 0.12)
    phase = (times / period + rng.uniform()).remainder(1.0)
    open_share = 0.5 - 0.5 * torch.cos(2 * torch.pi * phase)
    # Both changes of the feet happen in the air.
    hop = height * torch.sin(2 * torch.pi * phase).abs().square()
    position = steps.feet_position.clone()
    for side, outward in ((0, 1.0), (1, -1.0)):
        position[:, side, 0] += outward * rng.uniform(0.2, 0.28) * open_share
        position[:, side, 1] += hop
    zero = torch.zeros_like(hop)
    trunk = replace(Trunk.upright(times), drop=0.03 + 0.05 * open_share - hop)
    low = arm_track(times, [(0.0, "hang_wide")], [(0.0, "hang_wide")])
    side = arm_track(times, [(0.0, "side")], [(0.0, "side")])
    high = arm_track(times, [(0.0, "up")], [(0.0, "up")])
    first = (2.0 * open_share).clamp(0.0, 1.0)[:, None, None]
    second = (2.0 * open_share - 1.0).clamp(0.0, 1.0)[:, None, None]
    arms = replace(
        low,
        hands=low.hands + first * (side.hands - low.hands) + second * (high.hands - side.hands),
        elbows=low.elbows + first * (side.elbows - low.elbows)
        + second * (high.elbows - side.elbows),
    )  # fmt: skip
    steps = replace(steps, feet_position=position)
    return assemble(steps, replace(trunk, head=torch.stack([zero, zero, zero], dim=-1)), arms)


def balance(times: Float[Tensor, " frames"], rng: np.random.Generator) -> BodyTargets:
    """Stand on one leg, lift the other sideways or behind, lean against it."""
    steps = stand_still(times, 0.09, 0.1)
    side = int(rng.integers(2))
    outward = 1.0 if side == 0 else -1.0
    period = rng.uniform(2.2, 3.4)
    keys = torch.tensor([0.0, 0.3, 0.7, 1.001], dtype=times.dtype)
    phase = (times / period + rng.uniform()).remainder(1.0)
    lift = interpolate_keys(phase, keys, keys.new_tensor([[0.0], [1.0], [1.0], [0.0]]))[:, 0]
    apart, behind = rng.uniform(0.1, 0.55), rng.uniform(0.0, 0.6)
    position, turn_feet = steps.feet_position.clone(), steps.feet_turn.clone()
    position[:, side, 0] += outward * apart * lift
    position[:, side, 1] += rng.uniform(0.3, 0.6) * lift
    position[:, side, 2] -= behind * lift
    turn_feet[:, side, 1] -= 0.7 * lift
    zero = torch.zeros_like(lift)
    sway = 0.02 * smooth_noise(rng, len(times), 2, 10.0)
    pelvis = steps.pelvis_position + torch.stack([-outward * 0.085 * lift, zero], dim=-1) + sway
    turn = torch.stack([zero, 0.5 * behind * lift, -outward * 0.35 * apart * lift], dim=-1)
    bend = torch.stack([-0.1 * lift, -outward * 0.2 * apart * lift, zero], dim=-1)
    steps = replace(steps, feet_position=position, feet_turn=turn_feet, pelvis_position=pelvis)
    trunk = replace(Trunk.upright(times), turn=turn, bend=bend, drop=0.03 + zero)
    arms = random_arms(times, rng, ("side", "up", "side_high", "front", "side_low"), pace=1.2)
    return assemble(steps, trunk, arms)
