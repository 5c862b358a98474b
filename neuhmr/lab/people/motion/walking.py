"""Motions that go somewhere: walking, turning, dancing."""

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.lab.people.motion.footsteps import GaitStyle, Path, Steps, walk_along
from neuhmr.lab.people.motion.key_poses import ArmTracks, interpolate_keys
from neuhmr.lab.people.motion.limb_solver import BodyTargets
from neuhmr.lab.people.motion.motion_parts import (
    GESTURES,
    LARGE_GESTURES,
    Trunk,
    assemble,
    random_arms,
)


def walking_targets(
    path: Path,
    times: Float[Tensor, " frames"],
    style: GaitStyle,
    arms: ArmTracks | None = None,
) -> BodyTargets:
    """Walk along a path with swinging arms, or with arms that do something else.

    Args:
        path: time (s) to x, z (m) and heading (rad).
        times: frame times (s).
        style: how to walk.
        arms: replaces the swing of the arms.
    """
    steps = walk_along(path, times, style)
    vigor = (steps.stride_length / 0.6).clamp(0.15, 1.3)
    trunk = Trunk.upright(times)
    lean = 0.05 * vigor
    # The pelvis turns with the swinging leg, the chest against it, and it is lowest when both
    # feet are down: cycle = 0 and pi.
    pelvis_yaw = -0.10 * vigor * torch.cos(steps.cycle)
    turn = torch.stack([pelvis_yaw, lean, 0.035 * torch.sin(steps.cycle)], dim=-1)
    drop = 0.02 + style.bounce * torch.cos(2 * steps.cycle)
    bend = torch.stack([0.3 * lean, -0.04 * torch.sin(steps.cycle), -1.9 * pelvis_yaw], dim=-1)
    head = torch.stack([-0.6 * lean, 0 * lean, 0.9 * pelvis_yaw], dim=-1)
    trunk = replace(trunk, drop=drop, turn=turn, bend=bend, head=head)
    return assemble(steps, trunk, arms if arms is not None else _swinging_arms(steps, vigor))


def _swinging_arms(steps: Steps, vigor: Tensor) -> ArmTracks:
    """Swing each arm with the opposite leg; the left leg is in front at cycle = pi."""
    hands, elbows = [], []
    for side in (1.0, -1.0):
        swing = 0.40 * vigor * side * torch.cos(steps.cycle) + 0.10
        height = -(0.96 - 0.35 * swing.clamp_min(0).square() - 0.15 * swing.clamp_max(0).square())
        outward = 0.15 - 0.10 * swing.clamp_min(0)
        hands.append(torch.stack([outward, height, swing], dim=-1))
        elbows.append(swing.new_tensor([0.35, 0.0, -1.0]).expand(len(swing), 3))
    wrists = swing.new_tensor([0.1, 0.1]).expand(len(swing), 2, 2)
    return ArmTracks(torch.stack(hands, 1), torch.stack(elbows, 1), wrists)


def _random_style(rng: np.random.Generator) -> GaitStyle:
    return GaitStyle(
        step_duration=float(rng.uniform(0.44, 0.6)),
        half_width=float(rng.uniform(0.07, 0.11)),
        foot_lift=float(rng.uniform(0.035, 0.08)),
        toe_out=float(rng.uniform(0.02, 0.2)),
        bounce=float(rng.uniform(0.01, 0.025)),
    )


def _arc_path(speed: float, turn_rate: float, heading: float) -> Path:
    """Walk a circle (m/s, rad/s); a rate near zero gives a line."""

    def path(times: Tensor) -> Tensor:
        angle = heading + turn_rate * times
        if abs(turn_rate) < 1e-3:
            x = speed * times * np.sin(heading)
            z = speed * times * np.cos(heading)
        else:
            radius = speed / turn_rate
            x = radius * (np.cos(heading) - torch.cos(angle))
            z = radius * (torch.sin(angle) - np.sin(heading))
        return torch.stack([x, z, angle], dim=-1)

    return path


def walk(times: Float[Tensor, " frames"], rng: np.random.Generator) -> BodyTargets:
    """Walk straight or in a wide arc."""
    path = _arc_path(rng.uniform(0.6, 1.4), rng.uniform(-0.5, 0.5), rng.uniform(0, 2 * np.pi))
    return walking_targets(path, times, _random_style(rng), _some_arms(times, rng, 0.3))


def jog(times: Float[Tensor, " frames"], rng: np.random.Generator) -> BodyTargets:
    """Jog straight or in a wide arc, elbows bent."""
    path = _arc_path(rng.uniform(1.8, 2.4), rng.uniform(-0.4, 0.4), rng.uniform(0, 2 * np.pi))
    style = GaitStyle(
        step_duration=float(rng.uniform(0.30, 0.36)),
        half_width=0.06,
        foot_lift=float(rng.uniform(0.14, 0.24)),
        toe_out=0.05,
        heel_rise=0.9,
        bounce=0.03,
        sway=0.01,
    )
    steps = walk_along(path, times, style)
    hands, elbows = [], []
    for side in (1.0, -1.0):
        swing = side * torch.cos(steps.cycle)
        hands.append(
            torch.stack([0.08 - 0.08 * swing, -0.55 + 0.1 * swing, 0.28 + 0.28 * swing], -1)
        )
        elbows.append(swing.new_tensor([0.3, -0.2, -1.0]).expand(len(swing), 3))
    wrists = times.new_tensor([0.1, 0.2]).expand(len(times), 2, 2)
    arms = ArmTracks(torch.stack(hands, 1), torch.stack(elbows, 1), wrists)
    return walking_targets(path, times, style, arms)


def turn_around(times: Float[Tensor, " frames"], rng: np.random.Generator) -> BodyTargets:
    """Walk a full circle within the clip."""
    duration = float(times[-1]) if len(times) > 1 else 1.0
    rate = rng.choice([-1.0, 1.0]) * 2 * np.pi * rng.uniform(1.0, 1.08) / duration
    style = replace(_random_style(rng), step_duration=float(rng.uniform(0.38, 0.46)))
    path = _arc_path(rng.uniform(0.35, 0.7), rate, rng.uniform(0, 2 * np.pi))
    return walking_targets(path, times, style, _some_arms(times, rng, 0.5))


def _some_arms(times: Tensor, rng: np.random.Generator, chance: float) -> ArmTracks | None:
    """Now and then the arms gesture instead of swinging."""
    if rng.uniform() > chance:
        return None
    return random_arms(times, rng, GESTURES, pace=0.8)


def dance(times: Float[Tensor, " frames"], rng: np.random.Generator) -> BodyTargets:
    """Step on the spot and turn, with large arms and a moving trunk, all on one beat."""
    beat = float(rng.uniform(0.42, 0.6))
    turn_to = np.cumsum(np.concatenate([[0.0], rng.choice([-1.2, 0.0, 0.0, 1.2], size=40)]))
    side_to = 0.18 * np.concatenate([[0.0], rng.uniform(-1, 1, size=40)])
    key_times = torch.arange(41, dtype=times.dtype) * 2 * beat
    table = torch.from_numpy(np.stack([side_to, np.roll(side_to, 1), turn_to], axis=-1))

    def path(at: Tensor) -> Tensor:
        return interpolate_keys(at, key_times, table)

    style = GaitStyle(step_duration=beat, half_width=0.13, foot_lift=0.07, toe_out=0.15)
    steps = walk_along(path, times, style)
    zero = torch.zeros_like(times)
    sine, cosine = torch.sin(steps.cycle), torch.cos(2 * steps.cycle)
    hips, twist = rng.uniform(0.03, 0.10), rng.uniform(0.05, 0.25)
    turn = torch.stack([0.15 * sine, 0.05 + zero, hips * sine], dim=-1)
    bend = torch.stack([0.05 * cosine, -1.3 * hips * sine, -twist * sine], dim=-1)
    head = torch.stack([0.10 * cosine, hips * sine, 0.5 * twist * sine], dim=-1)
    trunk = replace(
        Trunk.upright(times), drop=0.06 + 0.03 * cosine, turn=turn, bend=bend, head=head
    )
    return assemble(steps, trunk, random_arms(times, rng, LARGE_GESTURES + GESTURES, pace=2 * beat))
