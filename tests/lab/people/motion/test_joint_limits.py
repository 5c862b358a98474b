import numpy as np
import roma
import torch

from neuhmr.lab.people.motion.joint_limits import (
    euler_limits,
    random_motion,
)


def test_limits_mirror_between_left_and_right():
    limits = euler_limits()
    left, right = limits[15], limits[16]  # Shoulders: joints 16 and 17.
    torch.testing.assert_close(left[0], right[0])
    torch.testing.assert_close(left[1], -right[1].flip(0))
    torch.testing.assert_close(left[2], -right[2].flip(0))
    assert bool((limits[..., 0] <= limits[..., 1]).all())


def test_random_motion_stays_within_the_limits_and_uses_them(shaped):
    body = shaped.to(torch.float64)
    motion = random_motion(40, body, np.random.default_rng(1))
    limits = euler_limits()
    knees = motion.body_pose[:, [3, 4]]
    flexion = torch.atan2(knees[..., 2, 1], knees[..., 1, 1])
    assert float(flexion.min()) >= -1e-6
    assert float(flexion.max()) <= float(limits[3, 0, 1]) + 1e-6
    moving = (limits[..., 1] - limits[..., 0] > 0).any(dim=-1) & (limits.abs()[:, 1].amax(-1) < 1.5)
    angles = roma.rotmat_to_euler("xyz", motion.body_pose[:, moving])
    assert bool((angles >= limits[moving][..., 0] - 1e-6).all())
    assert bool((angles <= limits[moving][..., 1] + 1e-6).all())
    assert float(motion.body_pose.std(dim=0).max()) > 0.1
