import numpy as np
import pytest
import torch

from neuhmr.geometry.rigid import Rigid
from neuhmr.geometry.rotations import axisangle_to_rotmat
from neuhmr.lab.people.motion.motions import generate_motion
from neuhmr.lab.people.motion.stage_motion import StageMotion, set_on_floor, smooth_over_time


@pytest.fixture(scope="module")
def motion(shaped):
    return generate_motion("arms", 4, shaped, np.random.default_rng(0))


def test_seen_from_moves_the_mesh_as_the_camera_transform_does(motion, shaped):
    T = Rigid(axisangle_to_rotmat(torch.tensor([0.3, -1.0, 0.4])), torch.tensor([0.1, 0.2, 3.0]))
    moved = motion.seen_from(T, shaped.joints_rest[0]).pose(shaped).vertices
    torch.testing.assert_close(moved, T.apply(motion.pose(shaped).vertices), atol=1e-5, rtol=0)


def test_seen_from_takes_one_camera_per_frame(motion, shaped):
    T = Rigid(axisangle_to_rotmat(torch.rand(4, 3)), torch.rand(4, 3))
    all_at_once = motion.seen_from(T, shaped.joints_rest[0])
    alone = motion[2:3].seen_from(T[2:3], shaped.joints_rest[0])
    torch.testing.assert_close(all_at_once[2:3].transl, alone.transl)


def test_turned_by_a_quarter_takes_front_to_the_left(motion, shaped):
    turned = motion.turned(torch.pi / 2, shaped.joints_rest[0]).pose(shaped).joints
    x, y, z = motion.pose(shaped).joints.unbind(-1)
    # Turning about +y by 90 degrees takes +z (front) to +x and +x to -z.
    torch.testing.assert_close(turned, torch.stack([z, y, -x], dim=-1), atol=1e-5, rtol=0)


def test_centered_puts_the_pelvis_range_around_the_axis(motion, shaped):
    path = torch.tensor([[1.0, 0.1, 5.0], [2.0, 0.0, 5.0], [3.0, 0.2, 7.0], [2.0, 0.0, 9.0]])
    moved = StageMotion(motion.global_orient, motion.body_pose, path)
    pelvis = moved.centered(shaped.joints_rest[0]).transl + shaped.joints_rest[0]
    torch.testing.assert_close(pelvis[:, 0], torch.tensor([-1.0, 0.0, 1.0, 0.0]))
    torch.testing.assert_close(pelvis[:, 2], torch.tensor([-2.0, -2.0, 0.0, 2.0]))
    torch.testing.assert_close(pelvis[:, 1], path[:, 1] + shaped.joints_rest[0, 1])


def test_set_on_floor_puts_a_floating_body_on_its_soles(motion, shaped):
    floating = StageMotion(motion.global_orient, motion.body_pose, motion.transl + 1.7)
    lowest = set_on_floor(floating, shaped, sole=0.02).pose(shaped).vertices[..., 1].amin(dim=1)
    torch.testing.assert_close(lowest, torch.full((4,), 0.02), atol=2e-3, rtol=0)


def test_smoothing_keeps_a_constant_and_shrinks_noise():
    torch.testing.assert_close(smooth_over_time(torch.ones(20, 2), 3.0), torch.ones(20, 2))
    noise = torch.randn(200, 1, generator=torch.Generator().manual_seed(0))
    # A Gaussian of deviation 3 leaves 1 / (2 * 3 * sqrt(pi)) = 9 % of the variance.
    assert smooth_over_time(noise, 3.0).var() < 0.2 * noise.var()
