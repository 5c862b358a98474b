"""Named arm poses and smooth tracks through key values."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.lab.people.motion.stage_motion import smooth_over_time


@dataclass(frozen=True)
class ArmPose:
    """One arm's targets in chest axes; x is outward on both sides (see BodyTargets)."""

    hand: tuple[float, float, float]
    elbow: tuple[float, float, float]
    wrist: tuple[float, float] = (0.1, 0.0)


ARM_POSES: dict[str, ArmPose] = {
    "hang": ArmPose((0.16, -0.95, 0.08), (0.35, 0.0, -1.0)),
    "hang_wide": ArmPose((0.34, -0.90, 0.06), (0.3, 0.1, -1.0)),
    "hip": ArmPose((0.14, -0.70, 0.18), (1.0, -0.1, -0.5), (-0.6, 0.6)),
    "side": ArmPose((0.97, -0.05, 0.12), (0.0, -0.3, -1.0)),
    "side_low": ArmPose((0.75, -0.60, 0.12), (0.2, 0.0, -1.0)),
    "side_high": ArmPose((0.66, 0.72, 0.10), (0.5, -0.3, -0.6)),
    "up": ArmPose((0.16, 0.95, 0.08), (0.9, 0.0, 0.1)),
    "front": ArmPose((-0.02, -0.02, 0.97), (0.6, -0.8, 0.0)),
    "front_low": ArmPose((0.05, -0.55, 0.70), (0.6, -0.4, -0.6)),
    "front_high": ArmPose((0.05, 0.55, 0.75), (0.8, -0.5, 0.0)),
    "across": ArmPose((-0.32, -0.30, 0.52), (0.8, -0.7, 0.2)),
    "wave": ArmPose((0.46, 0.38, 0.20), (0.7, -0.8, 0.0)),
    "wave_out": ArmPose((0.62, 0.36, 0.24), (0.7, -0.8, 0.0)),
    "guard": ArmPose((-0.05, -0.10, 0.44), (0.5, -0.9, 0.1), (0.0, 0.5)),
    "chest": ArmPose((-0.16, -0.36, 0.40), (0.9, -0.4, -0.1)),
    "head": ArmPose((-0.02, 0.36, 0.22), (1.0, 0.1, 0.2)),
    "talk": ArmPose((0.16, -0.50, 0.46), (0.6, -0.6, -0.5), (-0.2, -0.3)),
    "back_low": ArmPose((0.25, -0.80, -0.40), (0.5, 0.2, -1.0)),
    "carry": ArmPose((0.0, -0.48, 0.55), (0.6, -0.6, -0.5), (-0.1, -0.6)),
}


@dataclass(frozen=True)
class ArmTracks:
    """Hands, elbows and wrists of both arms over frames; the left arm comes first."""

    hands: Float[Tensor, "frames 2 3"]
    elbows: Float[Tensor, "frames 2 3"]
    wrists: Float[Tensor, "frames 2 2"]


def interpolate_keys(
    times: Float[Tensor, " frames"],
    key_times: Float[Tensor, " keys"],
    values: Float[Tensor, "keys channels"],
) -> Float[Tensor, "frames channels"]:
    """Move from key to key with zero speed and acceleration at each key (minimum jerk)."""
    following = torch.searchsorted(key_times, times, right=True).clamp(1, len(key_times) - 1)
    before, after = key_times[following - 1], key_times[following]
    share = ((times - before) / (after - before)).clamp(0.0, 1.0)[:, None]
    ease = share**3 * (10.0 - 15.0 * share + 6.0 * share**2)
    return values[following - 1] + ease * (values[following] - values[following - 1])


def arm_track(
    times: Float[Tensor, " frames"],
    left: list[tuple[float, str]],
    right: list[tuple[float, str]],
    jitter: float = 0.0,
    rng: np.random.Generator | None = None,
) -> ArmTracks:
    """Run each arm through (time, pose name) keys.

    Args:
        times: frame times (s).
        left: keys of the left arm, ascending in time.
        right: keys of the right arm.
        jitter: standard deviation of the key hands' positions (arm lengths).
        rng: source of the jitter; needed where jitter is not zero.
    """
    hands, elbows, wrists = [], [], []
    for keys in (left, right):
        names = [ARM_POSES[name] for _, name in keys]
        key_times = torch.tensor([time for time, _ in keys], dtype=times.dtype)
        table = np.array([pose.hand + pose.elbow + pose.wrist for pose in names])
        if rng is not None and jitter > 0:
            table[:, :3] += jitter * rng.standard_normal((len(names), 3))
            table[:, 3:6] += 2.0 * jitter * rng.standard_normal((len(names), 3))
        if len(keys) == 1:
            track = torch.from_numpy(table).expand(len(times), -1)
        else:
            track = interpolate_keys(times, key_times, torch.from_numpy(table))
        hands.append(track[:, :3])
        elbows.append(track[:, 3:6])
        wrists.append(track[:, 6:])
    return ArmTracks(torch.stack(hands, 1), torch.stack(elbows, 1), torch.stack(wrists, 1))


def random_arm_keys(
    rng: np.random.Generator, duration: float, names: tuple[str, ...], pace: float
) -> list[tuple[float, str]]:
    """Draw a sequence of arm poses that changes every `pace` seconds or so."""
    keys, time = [(0.0, str(rng.choice(names)))], 0.0
    while time < duration:
        time += pace * float(rng.uniform(0.7, 1.4))
        keys.append((time, str(rng.choice(names))))
    return keys


def smooth_noise(
    rng: np.random.Generator, frames: int, channels: int, deviation_frames: float
) -> Float[Tensor, "frames channels"]:
    """Draw slowly changing noise of about unit variance."""
    pad = int(4 * deviation_frames) + 1
    white = torch.from_numpy(rng.standard_normal((frames + 2 * pad, channels)))
    smooth = smooth_over_time(white, deviation_frames)[pad : pad + frames]
    # A Gaussian filter of deviation s leaves 1 / (2 s sqrt(pi)) of the variance of white noise.
    return smooth * max(1.0, 2.0 * deviation_frames * torch.pi**0.5) ** 0.5
