"""A person to put right: the synthetic body's bones, walking along before a camera."""

import torch

from neuhmr.body.local_pose import LocalPose
from neuhmr.body.motion import Motion
from neuhmr.geometry.cameras import camera_from_focal
from neuhmr.geometry.rotations import axisangle_to_rotmat, rotation_about
from neuhmr.refine.correction.skeleton import Skeleton
from tests.synthetic_body import JOINTS

SKELETON = Skeleton(JOINTS)
CAMERA = camera_from_focal(1000.0, 720, 1280)
UPRIGHT = rotation_about("x", torch.tensor(torch.pi))
"""From +y up to the camera's +y down, facing it."""


def walking(frames: int = 21, seed: int = 0) -> Motion:
    """Turn joints a little more each frame, 4 m before the camera."""
    generator = torch.Generator().manual_seed(seed)
    start = 0.4 * torch.randn(24, 3, generator=generator)
    speed = 0.02 * torch.randn(24, 3, generator=generator)
    times = torch.arange(frames, dtype=torch.float32)[:, None, None]
    rotmat = axisangle_to_rotmat(start + times * speed)
    rotmat[:, 0] = UPRIGHT @ rotmat[:, 0]
    transl = torch.tensor([0.2, 0.1, 4.0]) + 0.01 * times[:, 0] * torch.tensor([1.0, 0.0, 0.5])
    empty = Motion.from_axisangle(
        torch.zeros(frames, 3), torch.zeros(frames, 69), torch.zeros(frames, 3), torch.zeros(10)
    )
    return LocalPose(rotmat, transl).into(empty)


def rotmats(motion: Motion) -> torch.Tensor:
    return LocalPose.from_motion(motion).rotmat


def joints(motion: Motion, row: int) -> torch.Tensor:
    return SKELETON.joints(rotmats(motion)[row], motion.transl[row])


def bone_lengths(places: torch.Tensor) -> torch.Tensor:
    from neuhmr.body.skeleton import SMPL_PARENTS

    return (places[1:] - places[list(SMPL_PARENTS[1:])]).norm(dim=-1)


def angle(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    from neuhmr.geometry.rotations import rotation_angle

    return rotation_angle(first.transpose(-1, -2) @ second)
