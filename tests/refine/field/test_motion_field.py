import math
from dataclasses import replace

import pytest
import torch

from neuhmr.body.local_pose import LocalPose
from neuhmr.geometry.rotations import rot6d_to_rotmat, rotation_about, rotation_angle
from neuhmr.refine.field.motion_field import (
    MotionField,
    Residual,
    TimeEncoding,
    apply_residual,
    frame_times,
    mask_residual,
    num_centers,
    residual_angles,
)
from neuhmr.refine.settings.field import FieldConfig
from refine.splat_clip import walking_motion

FIELD = FieldConfig()


def identity_residual(frames: int) -> Residual:
    rot6d = torch.tensor([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]).expand(frames, 24, 6)
    return Residual(rot6d, torch.zeros(frames, 3))


@pytest.mark.parametrize("width", [16, 256, 1000])
def test_a_new_field_is_the_identity_to_a_ten_thousandth(width: int, generator: torch.Generator):
    field = MotionField(100, replace(FIELD, width=width), generator)
    residual = field(torch.linspace(0.0, 1.0, 50))
    rotmats = rot6d_to_rotmat(residual.rot6d)
    assert (rotmats - torch.eye(3)).abs().max() < 1e-4
    assert residual.transl.abs().max() < 1e-4
    # Not exactly: heads of zeros would never let a gradient through to the trunk.
    assert residual.transl.abs().max() > 0.0


def test_residuals_multiply_from_the_right_and_add(generator: torch.Generator):
    # A quarter turn about z, then, in the turned frame, a quarter turn about x:
    # x -> y -> y, and z -> z -> (x-turn sends z to -y, z-turn sends -y to x) -> x.
    pose = LocalPose(
        rotation_about("z", torch.full((1, 24), math.pi / 2)), torch.tensor([[1.0, 2.0, 3.0]])
    )
    turn = rotation_about("x", torch.tensor(math.pi / 2))
    code = torch.cat([turn[:, 0], turn[:, 1]]).expand(1, 24, 6)
    moved = apply_residual(pose, Residual(code, torch.tensor([[0.1, 0.0, -0.5]])))
    z_axis = moved.rotmat[0, 5] @ torch.tensor([0.0, 0.0, 1.0])
    assert torch.allclose(z_axis, torch.tensor([1.0, 0.0, 0.0]), atol=1e-6)
    assert torch.allclose(moved.transl, torch.tensor([[1.1, 2.0, 2.5]]))


def test_the_identity_leaves_poses_bit_for_bit():
    pose = LocalPose.from_motion(walking_motion(4))
    same = apply_residual(pose, identity_residual(4))
    assert torch.equal(same.rotmat, pose.rotmat)
    assert torch.equal(same.transl, pose.transl)


def test_local_poses_go_into_motions_and_back():
    motion = walking_motion(3)
    again = LocalPose.from_motion(motion).into(motion)
    assert torch.equal(again.body_pose, motion.body_pose)
    assert torch.equal(again.global_orient, motion.global_orient)


def test_angles_of_residuals_are_measured():
    turn = rotation_about("y", torch.tensor(0.3))
    code = torch.cat([turn[:, 0], turn[:, 1]]).expand(2, 24, 6)
    found = residual_angles(Residual(code, torch.zeros(2, 3)))
    assert torch.allclose(found, torch.full((2, 24), 0.3), atol=1e-6)


def test_local_codes_are_one_at_their_center_and_fall_off_within_a_spacing():
    # exp(-1/2) = 0.6065 one spacing (= one sigma) away, exp(-2) = 0.1353 two away.
    codes = TimeEncoding(11, FIELD)(torch.tensor([0.5, 0.6]))
    assert torch.allclose(codes[0, 4:7], torch.tensor([0.6065, 1.0, 0.6065]), atol=1e-4)
    assert float(codes[0, 3]) == pytest.approx(0.1353, abs=1e-4)
    assert float(codes[1, 6]) == pytest.approx(1.0)


def test_local_codes_tell_frames_apart_where_the_published_kernel_does_not():
    # The reason for the default; ranks as measured with 1400 frames and a relative 1e-6.
    times = torch.linspace(0.0, 1.0, 400, dtype=torch.float64)
    local = TimeEncoding(100, FIELD).double()(times)
    quadratic = TimeEncoding(100, replace(FIELD, kernel="nemo_quadratic")).double()(times)
    assert torch.linalg.matrix_rank(local, rtol=1e-6) == 100
    assert torch.linalg.matrix_rank(quadratic, rtol=1e-6) == 5


def test_the_published_kernel_is_the_fourth_power_of_the_distance():
    codes = TimeEncoding(3, replace(FIELD, kernel="nemo_quadratic"))(torch.tensor([0.5]))
    assert torch.allclose(codes, torch.tensor([[0.0625, 0.0, 0.0625]]))


def test_time_counts_missing_frames():
    assert torch.equal(frame_times(torch.tensor([10, 12, 14])), torch.tensor([0.0, 0.5, 1.0]))
    assert torch.equal(frame_times(torch.tensor([0, 1, 4])), torch.tensor([0.0, 0.25, 1.0]))
    assert torch.equal(frame_times(torch.tensor([7])), torch.tensor([0.0]))


def test_long_clips_get_more_centers():
    field = replace(FIELD, num_centers=10, frames_per_center=2.0)
    assert num_centers(15, field) == 10
    assert num_centers(18_000, field) == 9_000
    assert num_centers(18_000, replace(field, frames_per_center=0.0)) == 10


@pytest.mark.parametrize("frames", [1, 2, 700])
def test_any_number_of_frames_works(frames: int, generator: torch.Generator):
    field = MotionField(num_centers(frames, FIELD), replace(FIELD, width=16), generator)
    residual = field(frame_times(torch.arange(frames)))
    assert residual.rot6d.shape == (frames, 24, 6)
    assert residual.rot6d.isfinite().all()


def test_masks_reset_exactly_and_cut_the_gradient(generator: torch.Generator):
    rot6d = torch.randn(2, 24, 6, generator=generator).requires_grad_()
    transl = torch.randn(2, 3, generator=generator).requires_grad_()
    free = torch.ones(2, 24, dtype=torch.bool)
    free[0, 3] = False
    masked = mask_residual(Residual(rot6d, transl), free, torch.tensor([True, False]))
    assert torch.equal(masked.rot6d[0, 3], identity_residual(1).rot6d[0, 0])
    assert torch.equal(masked.transl[1], torch.zeros(3))
    (masked.rot6d.sum() + masked.transl.sum()).backward()
    assert rot6d.grad is not None and transl.grad is not None
    assert rot6d.grad[0, 3].abs().sum() == 0.0 and rot6d.grad[1, 3].abs().sum() > 0.0
    assert transl.grad[1].abs().sum() == 0.0


def test_a_field_learns_a_pose_of_its_own_for_every_frame(generator: torch.Generator):
    # 20 frames, each bent by its own random angle of 0.24 rad on average.
    wanted = rotation_about("x", 0.3 * torch.randn(20, 24, generator=generator))
    field = MotionField(100, replace(FIELD, width=64), generator)
    optimizer = torch.optim.AdamW(field.parameters(), lr=3e-3)
    times = torch.linspace(0.0, 1.0, 20)
    errors = torch.ones(1)
    for _ in range(250):
        turned = rot6d_to_rotmat(field(times).rot6d)
        errors = rotation_angle(turned.transpose(-1, -2) @ wanted)
        optimizer.zero_grad()
        (turned - wanted).square().sum().backward()
        optimizer.step()
    assert errors.mean() < 0.05
