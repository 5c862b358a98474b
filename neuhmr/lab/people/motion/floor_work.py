"""Motions on the floor: sitting down, sit-ups, crawling, push-ups.

Key poses are joint angles; whatever is lowest rests on the floor. Angles are Euler angles in the
order of `joint_limits`, of left joints; right ones mirror them.
"""

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.skeleton import LEFT_RIGHT_JOINTS
from neuhmr.body.smpl_model import ShapedBody
from neuhmr.geometry.rotations import euler_to_rotmat, rotation_about
from neuhmr.lab.people.motion.key_poses import interpolate_keys, smooth_noise
from neuhmr.lab.people.motion.stage_motion import StageMotion, set_on_floor, smooth_over_time

FloorKind = Literal["sit_down", "sit_up", "crawl", "push_up"]
FLOOR_KINDS: tuple[FloorKind, ...] = get_args(FloorKind)

_HIP, _KNEE, _ANKLE, _COLLAR, _SHOULDER, _ELBOW, _WRIST = 1, 4, 7, 13, 16, 18, 20
_SPINE, _NECK = (3, 6, 9), (12, 15)
_RESTS_ON = {"crawl": (4, 5), "push_up": (10, 11)}
"""Knees or toes, which with the hands carry the body."""


@dataclass(frozen=True, kw_only=True)
class FloorPose:
    """Angles (rad) of one key pose, left and right alike."""

    tilt: float
    """Of the pelvis: forward is positive."""
    hip: tuple[float, float, float] = (0.0, 0.0, 0.0)
    knee: float = 0.05
    ankle: float = 0.0
    spine: float = 0.0
    neck: float = 0.0
    shoulder: tuple[float, float, float] = (0.0, 0.0, 0.0)
    elbow: float = -0.15
    wrist: float = 0.0


_STAND = FloorPose(tilt=0.05, hip=(-0.1, 0.0, 0.03), knee=0.1, shoulder=(0.0, -0.1, -1.2))
_CROUCH = FloorPose(
    tilt=0.25, hip=(-1.75, 0.2, 0.2), knee=2.0, ankle=-0.35, spine=0.35, neck=-0.2,
    shoulder=(0.0, -1.0, -0.5),
)  # fmt: skip
_SIT = FloorPose(
    tilt=-0.25, hip=(-1.35, 0.1, 0.1), knee=0.75, spine=0.25, neck=0.05,
    shoulder=(0.0, -0.45, -0.9), elbow=-0.5,
)  # fmt: skip
_LIE = FloorPose(
    tilt=-1.52,
    hip=(-0.75, 0.0, 0.06),
    knee=1.45,
    neck=0.15,
    shoulder=(0.0, -0.35, -0.9),
    elbow=-0.4,
)
_SAT_UP = FloorPose(
    tilt=-0.45, hip=(-1.55, 0.0, 0.06), knee=1.45, spine=0.45, neck=0.1,
    shoulder=(0.0, -1.1, -0.3), elbow=-0.3,
)  # fmt: skip
_FOURS = FloorPose(
    tilt=1.38, hip=(-1.4, 0.0, 0.05), knee=1.65, ankle=1.0, neck=-0.4,
    shoulder=(0.1, -1.45, 0.0), elbow=-0.15, wrist=1.1,
)  # fmt: skip
_PUSHED = FloorPose(
    tilt=1.25, hip=(-0.05, 0.0, 0.05), ankle=-0.3, neck=-0.25,
    shoulder=(0.3, -1.45, 0.0), elbow=-0.1, wrist=1.2,
)  # fmt: skip
_LOWERED = FloorPose(
    tilt=1.45, hip=(-0.05, 0.0, 0.05), ankle=-0.3, neck=-0.3,
    shoulder=(0.25, 0.05, -0.5), elbow=-1.75, wrist=1.2,
)  # fmt: skip


def floor_motion(
    kind: FloorKind,
    num_frames: int,
    shaped: ShapedBody,
    rng: np.random.Generator,
    fps: float = 30.0,
    sole: float = 0.0,
) -> StageMotion:
    """Make one motion on the floor.

    Args:
        kind: what is done.
        num_frames: length.
        shaped: the body, double precision.
        rng: where pace and looseness come from.
        fps: frames per second.
        sole: thickness of the shoes' soles (m).
    """
    times = torch.arange(num_frames, dtype=torch.float64) / fps
    keys = {
        "sit_down": [(0.0, _STAND), (0.75, _CROUCH), (1.35, _SIT), (2.2, _SAT_UP), (3.2, _SIT)],
        "sit_up": [(0.8 * k, (_LIE, _SAT_UP)[k % 2]) for k in range(6)],
        "crawl": [(0.0, _FOURS), (9.0, _FOURS)],
        "push_up": [(0.65 * k, (_PUSHED, _LOWERED)[k % 2]) for k in range(8)],
    }[kind]
    pace, begin = rng.uniform(0.9, 1.15), rng.uniform(-0.2, 0.2)
    key_times = torch.tensor([pace * time + begin for time, _ in keys], dtype=torch.float64)
    table = torch.stack([_angles(pose) for _, pose in keys])
    angles = interpolate_keys(times, key_times, table.flatten(start_dim=1)).reshape(-1, 24, 3)
    forward = torch.zeros_like(times)
    if kind == "crawl":
        angles, forward = _crawling(angles, times, rng)
    angles = angles + 0.03 * smooth_noise(rng, num_frames, 72, 0.3 * fps).reshape(-1, 24, 3)
    motion = _as_motion(angles, forward, shaped)
    if kind in _RESTS_ON:
        motion = _leveled(motion, shaped, _RESTS_ON[kind])
    else:
        motion = _feet_kept(motion, shaped)
    return set_on_floor(motion, shaped, sole, smoothing_frames=1.5)


def _angles(pose: FloorPose) -> Float[Tensor, "24 3"]:
    angles = torch.zeros(24, 3, dtype=torch.float64)
    angles[0, 0] = pose.tilt
    angles[_HIP] = angles.new_tensor(pose.hip)
    angles[_KNEE, 0], angles[_ANKLE, 0] = pose.knee, pose.ankle
    angles[_SHOULDER] = angles.new_tensor(pose.shoulder)
    angles[_ELBOW, 1], angles[_WRIST, 2] = pose.elbow, pose.wrist
    for joint in _SPINE:
        angles[joint, 0] = pose.spine / len(_SPINE)
    for joint in _NECK:
        angles[joint, 0] = pose.neck / len(_NECK)
    return _mirrored_to_right(angles)


def _mirrored_to_right(angles: Float[Tensor, "*batch 24 3"]) -> Float[Tensor, "*batch 24 3"]:
    for left, right in LEFT_RIGHT_JOINTS:
        angles[..., right, :] = angles[..., left, :] * angles.new_tensor([1.0, -1.0, -1.0])
    return angles


def _crawling(
    angles: Float[Tensor, "frames 24 3"], times: Float[Tensor, " frames"], rng: np.random.Generator
) -> tuple[Float[Tensor, "frames 24 3"], Float[Tensor, " frames"]]:
    """Move hand and opposite knee forward in turn; says how far the body has come (m)."""
    period, reach = rng.uniform(1.0, 1.4), rng.uniform(0.25, 0.4)
    cycle = 2 * np.pi * (times / period + rng.uniform())
    moved = angles.clone()
    for side, (hip, knee, shoulder, elbow) in enumerate(((1, 4, 17, 19), (2, 5, 16, 18))):
        wave = torch.sin(cycle + np.pi * side)
        lifted = torch.cos(cycle + np.pi * side).clamp_min(0.0)
        moved[:, hip, 0] -= reach * wave + 0.15 * lifted
        # The shank stays level, or its foot would lift the knee off the floor.
        moved[:, knee, 0] += reach * wave + 0.25 * lifted
        moved[:, shoulder, 0] -= 0.9 * reach * wave
        moved[:, elbow, 1] += (0.4 if elbow == 19 else -0.4) * lifted
    moved[:, 0, 1] += 0.06 * torch.sin(cycle)
    return moved, 4 * 0.4 * np.sin(reach) / period * times


def _as_motion(
    angles: Float[Tensor, "frames 24 3"], forward: Float[Tensor, " frames"], shaped: ShapedBody
) -> StageMotion:
    rotmats = euler_to_rotmat(angles)
    zero = torch.zeros_like(forward)
    transl = torch.stack([zero, zero, forward], dim=-1) - shaped.joints_rest[0]
    return StageMotion(rotmats[:, 0], rotmats[:, 1:], transl)


def _leveled(motion: StageMotion, shaped: ShapedBody, rests_on: tuple[int, int]) -> StageMotion:
    """Tilt the body until hands and knees, or hands and toes, are equally high; keep the latter."""
    joints = motion.pose(shaped).joints
    hands, others = joints[:, [22, 23]], joints[:, list(rests_on)]
    # Knees are thicker than hands and toes.
    rise = hands[..., 1].amin(dim=1) - others[..., 1].amin(dim=1)
    rise = rise + (0.03 if rests_on == (4, 5) else 0.0)
    ahead = hands[..., 2].mean(dim=1) - others[..., 2].mean(dim=1)
    tilt = smooth_over_time(torch.atan2(rise, ahead)[:, None], 1.5)[:, 0]
    level = replace(motion, global_orient=rotation_about("x", tilt) @ motion.global_orient)
    if rests_on == (4, 5):
        return level
    return _moved_back(level, level.pose(shaped).joints[:, list(rests_on)].mean(dim=1))


def _feet_kept(motion: StageMotion, shaped: ShapedBody) -> StageMotion:
    return _moved_back(motion, motion.pose(shaped).joints[:, [7, 8]].mean(dim=1))


def _moved_back(motion: StageMotion, points: Float[Tensor, "frames 3"]) -> StageMotion:
    """Keep a point of the body where it is over the floor in the first frame."""
    moved = (points - points[:1]) * points.new_tensor([1.0, 0.0, 1.0])
    return replace(motion, transl=motion.transl - moved)
