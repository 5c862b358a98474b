"""How far the joints of a person bend, and random motions within that.

Limits are Euler angles in the order x, y, z applied as R_z @ R_y @ R_x, in the parent's rest
axes: about x is forward and back, about y is twisting, about z is sideways (for arms in the
T-pose: up and down). Left joints are listed; right ones mirror them (y and z change sign).
"""

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.skeleton import LEFT_RIGHT_JOINTS
from neuhmr.body.smpl_model import ShapedBody
from neuhmr.geometry.rotations import euler_to_rotmat, rotation_about
from neuhmr.lab.people.motion.key_poses import smooth_noise
from neuhmr.lab.people.motion.stage_motion import StageMotion, set_on_floor

_DEGREES_LEFT: dict[int, tuple[tuple[float, float], tuple[float, float], tuple[float, float]]] = {
    1: ((-95, 20), (-25, 30), (-10, 35)),
    3: ((-8, 22), (-12, 12), (-8, 8)),
    4: ((0, 110), (0, 0), (0, 0)),
    6: ((-8, 22), (-12, 12), (-8, 8)),
    7: ((-20, 25), (-10, 10), (-8, 8)),
    9: ((-6, 15), (-10, 10), (-6, 6)),
    12: ((-18, 22), (-25, 25), (-15, 15)),
    13: ((-5, 5), (-15, 5), (-5, 18)),
    15: ((-18, 22), (-25, 25), (-12, 12)),
    16: ((-35, 35), (-80, 20), (-80, 50)),
    18: ((-20, 20), (-125, 0), (0, 0)),
    20: ((-20, 20), (-15, 15), (-35, 35)),
    22: ((0, 0), (0, 0), (-35, 5)),
}


def euler_limits() -> Float[Tensor, "23 3 2"]:
    """Lower and upper Euler angles of joints 1 to 23 (rad); joints not listed do not bend."""
    limits = torch.zeros(24, 3, 2, dtype=torch.float64)
    for joint, ranges in _DEGREES_LEFT.items():
        limits[joint] = torch.tensor(ranges, dtype=torch.float64)
    for left, right in LEFT_RIGHT_JOINTS:
        limits[right, 0] = limits[left, 0]
        limits[right, 1:] = -limits[left, 1:].flip(-1)
    return torch.deg2rad(limits[1:])


def random_motion(
    num_frames: int,
    shaped: ShapedBody,
    rng: np.random.Generator,
    fps: float = 30.0,
    sole: float = 0.0,
) -> StageMotion:
    """Drift through random poses within the limits, standing on whatever is lowest.

    Angles are slow Gaussian noise squashed into the limits about each joint's usual angle, so
    extremes are rare but occur.
    """
    limits = euler_limits()
    noise = smooth_noise(rng, num_frames, 69, 0.35 * fps).reshape(num_frames, 23, 3)
    usual = _usual_angles().clamp(limits[..., 0], limits[..., 1])
    squashed = torch.tanh(0.55 * noise)
    room = torch.where(squashed > 0, limits[..., 1] - usual, usual - limits[..., 0])
    body_pose = euler_to_rotmat(usual + squashed * room)
    heading = float(rng.uniform(0, 2 * np.pi)) + 0.8 * smooth_noise(rng, num_frames, 1, fps)[:, 0]
    tilt = 0.12 * smooth_noise(rng, num_frames, 2, 0.6 * fps)
    orient = rotation_about("y", heading) @ euler_to_rotmat(
        torch.stack([tilt[:, 0], torch.zeros_like(heading), tilt[:, 1]], dim=-1)
    )
    transl = torch.zeros(num_frames, 3, dtype=torch.float64)
    motion = StageMotion(orient, body_pose, transl - shaped.joints_rest[0])
    motion = replace(motion, transl=motion.transl.to(shaped.joints_rest.dtype))
    return set_on_floor(motion, shaped, sole)


def _usual_angles() -> Float[Tensor, "23 3"]:
    """A relaxed stance: arms hanging, elbows and knees a little bent (rad)."""
    usual = torch.zeros(24, 3, dtype=torch.float64)
    usual[[1, 2], 0] = -0.25
    usual[[4, 5], 0] = 0.4
    usual[[7, 8], 0] = -0.12
    usual[16], usual[17] = usual.new_tensor([0, -0.2, -1.0]), usual.new_tensor([0, 0.2, 1.0])
    usual[18, 1], usual[19, 1] = -0.5, 0.5
    usual[22, 2], usual[23, 2] = -0.2, 0.2
    return usual[1:]
