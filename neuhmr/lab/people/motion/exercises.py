"""Motions on the spot: gestures, squats, kicks, punches, reaching, lunges."""

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.lab.people.motion.footsteps import stand_still
from neuhmr.lab.people.motion.key_poses import ArmTracks, arm_track, interpolate_keys, smooth_noise
from neuhmr.lab.people.motion.limb_solver import BodyTargets
from neuhmr.lab.people.motion.motion_parts import (
    GESTURES,
    LARGE_GESTURES,
    Trunk,
    assemble,
    random_arms,
)


def gesture(times: Float[Tensor, " frames"], rng: np.random.Generator) -> BodyTargets:
    """Stand and move the arms through random gestures."""
    steps = stand_still(times, rng.uniform(0.08, 0.2), rng.uniform(0.05, 0.25))
    trunk = Trunk.upright(times)
    look = 0.25 * smooth_noise(rng, len(times), 3, 12.0) * times.new_tensor([0.6, 0.4, 1.5])
    twist = 0.12 * smooth_noise(rng, len(times), 3, 12.0)
    arms = random_arms(times, rng, LARGE_GESTURES + GESTURES, pace=0.7)
    return assemble(steps, replace(trunk, head=look, bend=twist), arms)


def _repeat_keys(times: Tensor, period: float, low: float, high: float, start: float) -> Tensor:
    """Go from low to high and back once per period (minimum jerk)."""
    count = int(float(times[-1]) / period) + 2
    key_times = torch.arange(2 * count + 1, dtype=times.dtype) * period / 2 - start
    values = torch.tensor([low, high] * count + [low], dtype=times.dtype)[:, None]
    return interpolate_keys(times, key_times, values)[:, 0]


def squat(times: Float[Tensor, " frames"], rng: np.random.Generator) -> BodyTargets:
    """Go down and come up again with the arms stretched forward."""
    steps = stand_still(times, rng.uniform(0.13, 0.24), rng.uniform(0.2, 0.5))
    period = rng.uniform(1.4, 2.4)
    depth = _repeat_keys(times, period, 0.0, rng.uniform(0.6, 1.0), rng.uniform(0, period / 2))
    trunk = Trunk.upright(times)
    zero = torch.zeros_like(depth)
    # The pelvis goes back and the chest forward, which keeps the weight over the feet.
    pelvis = steps.pelvis_position + torch.stack([zero, -0.20 * depth], dim=-1)
    turn = torch.stack([zero, 0.50 * depth, zero], dim=-1)
    bend = torch.stack([0.35 * depth, zero, zero], dim=-1)
    head = torch.stack([-0.45 * depth, zero, zero], dim=-1)
    arms = arm_track(times, [(0.0, "hang")], [(0.0, "hang")])
    raised = arm_track(times, [(0.0, "front")], [(0.0, "front")])
    share = depth[:, None, None] * rng.uniform(0.6, 1.0)
    arms = ArmTracks(
        arms.hands + share * (raised.hands - arms.hands),
        arms.elbows + share * (raised.elbows - arms.elbows),
        arms.wrists,
    )
    trunk = replace(trunk, drop=trunk.drop + 0.40 * depth, turn=turn, bend=bend, head=head)
    return assemble(replace(steps, pelvis_position=pelvis), trunk, arms)


def kick(times: Float[Tensor, " frames"], rng: np.random.Generator) -> BodyTargets:
    """Kick forward again and again with one leg."""
    steps = stand_still(times, 0.10, 0.12)
    side = int(rng.integers(2))
    period = rng.uniform(1.1, 1.6)
    begin = rng.uniform(0.1, 0.4)
    phase = ((times - begin) / period).clamp_min(0).remainder(1.0)[:, None]
    ahead, height = rng.uniform(0.45, 0.75), rng.uniform(0.25, 0.75)
    # Stand, draw back, kick, come back: sideways, up, ahead, pitch of the foot.
    keys = torch.tensor([0.0, 0.25, 0.48, 0.62, 0.85, 1.001], dtype=times.dtype)
    values = times.new_tensor(
        [[0, 0, 0, 0], [0, 0.22, -0.30, -0.8], [0, height, ahead, -0.2],
         [0, height * 0.9, ahead * 0.9, 0], [0, 0.12, 0.0, 0], [0, 0, 0, 0]]
    )  # fmt: skip
    track = interpolate_keys(phase[:, 0], keys, values)
    raised = (track[:, 1] / 0.25).clamp(0.0, 1.0)
    position, turn_feet = steps.feet_position.clone(), steps.feet_turn.clone()
    position[:, side] += track[:, :3]
    turn_feet[:, side, 1] += track[:, 3]
    outward = 1.0 if side == 0 else -1.0
    zero = torch.zeros_like(raised)
    pelvis = steps.pelvis_position + torch.stack([-outward * 0.075 * raised, zero], dim=-1)
    back = (track[:, 2] / 0.6).clamp(-0.5, 1.0)
    turn = torch.stack([-outward * 0.2 * back, -0.22 * back, -outward * 0.06 * raised], dim=-1)
    bend = torch.stack([0.18 * back, 0 * back, outward * 0.2 * back], dim=-1)
    steps = replace(steps, feet_position=position, feet_turn=turn_feet, pelvis_position=pelvis)
    trunk = replace(Trunk.upright(times), turn=turn, bend=bend, drop=0.03 + 0.02 * raised)
    arms = random_arms(times, rng, ("guard", "side_low", "hang_wide", "side"), pace=1.0)
    return assemble(steps, trunk, arms)


def punch(times: Float[Tensor, " frames"], rng: np.random.Generator) -> BodyTargets:
    """Box: guard, twist, punch, with either hand."""
    steps = stand_still(times, 0.13, 0.25)
    position, turn_feet = steps.feet_position.clone(), steps.feet_turn.clone()
    lead = rng.choice([-1.0, 1.0])
    position[:, 0, 2] += 0.17 * lead
    position[:, 1, 2] -= 0.17 * lead
    steps = replace(steps, feet_position=position, feet_turn=turn_feet)
    keys: list[list[tuple[float, str]]] = [[(0.0, "guard")], [(0.0, "guard")]]
    twist_times, twist_values, time = [0.0], [0.0], rng.uniform(0.1, 0.4)
    while time < float(times[-1]) + 1.0:
        side = int(rng.integers(2))
        target = str(rng.choice(["front", "front", "front_high", "across"]))
        keys[side] += [(time, "guard"), (time + 0.22, target), (time + 0.5, "guard")]
        twist_times += [time, time + 0.22, time + 0.5]
        twist_values += [0.0, -0.5 if side == 0 else 0.5, 0.0]
        time += 0.5 + rng.uniform(0.02, 0.4)
    twist = interpolate_keys(
        times,
        torch.tensor(twist_times, dtype=times.dtype),
        torch.tensor(twist_values, dtype=times.dtype)[:, None],
    )[:, 0]
    zero = torch.zeros_like(twist)
    turn = torch.stack([-0.35 * lead + 0.5 * twist, zero + 0.1, zero], dim=-1)
    bend = torch.stack([zero + 0.12, zero, 0.6 * twist], dim=-1)
    head = torch.stack([zero, zero, 0.35 * lead - 0.9 * twist], dim=-1)
    trunk = replace(Trunk.upright(times), turn=turn, bend=bend, head=head, drop=zero + 0.08)
    return assemble(steps, trunk, arm_track(times, keys[0], keys[1], 0.03, rng))


def reach(times: Float[Tensor, " frames"], rng: np.random.Generator) -> BodyTargets:
    """Bend down to the floor on one side, come up, reach high on the other."""
    steps = stand_still(times, rng.uniform(0.12, 0.22), 0.2)
    period = rng.uniform(1.6, 2.6)
    cycle = _repeat_keys(times, period, -1.0, 1.0, rng.uniform(0, period))
    down, high = (-cycle).clamp_min(0), cycle.clamp_min(0)
    side = rng.choice([-1.0, 1.0]) * rng.uniform(0.2, 0.7)
    zero = torch.zeros_like(down)
    turn = torch.stack([side * 0.4 * (down - high), 0.45 * down, zero], dim=-1)
    bend = torch.stack([0.85 * down - 0.12 * high, -0.25 * side * high, side * (down - high)], -1)
    head = torch.stack([-0.2 * down - 0.35 * high, zero, 0.3 * side * (down - high)], dim=-1)
    pelvis = steps.pelvis_position + torch.stack([zero, -0.12 * down], dim=-1)
    trunk = replace(Trunk.upright(times), drop=0.02 + 0.22 * down, turn=turn, bend=bend, head=head)
    key_times = [float(period * k / 2) for k in range(int(float(times[-1]) / period * 2) + 3)]
    low_high = [
        (t, ("front_low", "front_high", "up", "front")[int(rng.integers(4))]) for t in key_times
    ]
    other = low_high if rng.uniform() < 0.5 else [(0.0, "hang_wide")]
    arms = arm_track(times, low_high, other, 0.04, rng)
    return assemble(replace(steps, pelvis_position=pelvis), trunk, arms)


def lunge(times: Float[Tensor, " frames"], rng: np.random.Generator) -> BodyTargets:
    """Step far forward, sink, and step back."""
    steps = stand_still(times, 0.11, 0.1)
    period = rng.uniform(1.8, 2.6)
    begin = rng.uniform(0.0, 0.5)
    phase = ((times - begin) / period).clamp_min(0).remainder(1.0)
    length = rng.uniform(0.55, 0.8)
    keys = torch.tensor([0.0, 0.16, 0.32, 0.62, 0.80, 1.001], dtype=times.dtype)
    # Step out: lift, land ahead, stay low, lift, come back: up, ahead, depth of the pelvis.
    values = times.new_tensor(
        [[0, 0, 0], [0.12, 0.55, 0.15], [0, 1, 0.8], [0, 1, 1.0], [0.12, 0.45, 0.2], [0, 0, 0]]
    )
    up, ahead, depth = interpolate_keys(phase, keys, values).unbind(dim=-1)
    side = int(rng.integers(2))
    position, turn_feet = steps.feet_position.clone(), steps.feet_turn.clone()
    position[:, side, 1] += up
    position[:, side, 2] += length * ahead
    turn_feet[:, 1 - side, 1] -= 0.9 * depth
    zero = torch.zeros_like(up)
    pelvis = steps.pelvis_position + torch.stack([zero, 0.45 * length * ahead], dim=-1)
    steps = replace(steps, feet_position=position, feet_turn=turn_feet, pelvis_position=pelvis)
    trunk = replace(
        Trunk.upright(times),
        drop=0.02 + 0.30 * depth,
        bend=torch.stack([0.12 * depth, zero, zero], dim=-1),
    )
    return assemble(
        steps, trunk, random_arms(times, rng, (*LARGE_GESTURES, "hip", "guard"), pace=0.9)
    )
