import math

import pytest
import torch
from torch.autograd import gradcheck

from neuhmr.body.skeleton import REGULARIZED_JOINTS
from neuhmr.geometry.rotations import axisangle_to_rotmat, rotation_about
from neuhmr.losses.pose import (
    extremity_loss,
    initial_pose_loss,
    joint_loss,
    keypoint_loss,
    mean_or_zero,
    root_depth_loss,
)


def random_rotations(generator: torch.Generator, *shape: int, size: float = 1.0) -> torch.Tensor:
    turns = size * torch.randn(*shape, 3, generator=generator, dtype=torch.float64)
    return axisangle_to_rotmat(turns)


def test_joint_loss_is_the_squared_distance_to_accepted_targets():
    # Two joints: one 3 px right and 4 px down of its match, 9 + 16 = 25; one without a match.
    pixels = torch.tensor([[13.0, 24.0], [5.0, 5.0]])
    targets = torch.tensor([[10.0, 20.0], [9.0, 9.0]])
    found = joint_loss(pixels, targets, torch.tensor([True, False]))
    assert torch.equal(found, torch.tensor([25.0, 0.0]))
    # Geman-McClure with a scale of 5 px: 25 / (1 + 25 / 25) = 12.5.
    robust = joint_loss(pixels, targets, torch.tensor([True, True]), robust_scale_px=5.0)
    assert robust[0] == pytest.approx(12.5)
    assert robust[1] == pytest.approx(32.0 / (1.0 + 32.0 / 25.0))


def test_joint_loss_pulls_towards_the_target_and_not_the_target_towards_the_joint():
    pixels = torch.tensor([[1.0, 0.0]], requires_grad=True)
    targets = torch.tensor([[4.0, 0.0]], requires_grad=True)
    joint_loss(pixels, targets, torch.tensor([True])).sum().backward()
    assert pixels.grad is not None
    assert torch.equal(pixels.grad, torch.tensor([[-6.0, 0.0]]))
    assert targets.grad is None


@pytest.mark.parametrize("batch", [(), (1,), (3, 1, 2)])
def test_joint_loss_takes_any_batch(batch: tuple[int, ...], generator: torch.Generator):
    pixels = torch.randn(*batch, 16, 2, generator=generator)
    targets = torch.randn(*batch, 16, 2, generator=generator)
    assert joint_loss(pixels, targets, torch.ones(*batch, 16) > 0).shape == (*batch, 16)


def test_joint_loss_gradients(generator: torch.Generator):
    pixels = torch.randn(16, 2, generator=generator, dtype=torch.float64, requires_grad=True)
    targets = torch.randn(16, 2, generator=generator, dtype=torch.float64)
    accepted = torch.rand(16, generator=generator) > 0.3
    assert gradcheck(lambda p: joint_loss(p, targets, accepted, 2.0), (pixels,))


def test_keypoint_loss_counts_as_much_as_a_keypoint_is_sure():
    # 3 px right and 4 px down, half sure: 25 / 2; 4 px off, fully sure: 16; one not found.
    pixels = torch.tensor([[13.0, 24.0], [5.0, 5.0], [7.0, 8.0]], requires_grad=True)
    found = torch.tensor([[10.0, 20.0], [9.0, 5.0], [0.0, 0.0]])
    confidence = torch.tensor([0.5, 1.0, 0.0])
    losses = keypoint_loss(pixels, found, confidence)
    assert losses.tolist() == [12.5, 16.0, 0.0]
    losses.sum().backward()
    # Twice the distance times the confidence; nothing pulls where nothing was found.
    assert pixels.grad is not None
    assert pixels.grad.tolist() == [[3.0, 4.0], [-8.0, 0.0], [0.0, 0.0]]
    # Geman-McClure with a scale of 5 px: 25 / (1 + 25 / 25) / 2 = 6.25.
    assert keypoint_loss(pixels, found, confidence, 5.0)[0].item() == pytest.approx(6.25)


def test_keypoint_loss_gradients(generator: torch.Generator):
    pixels = torch.randn(2, 25, 2, generator=generator, dtype=torch.float64, requires_grad=True)
    found = torch.randn(2, 25, 2, generator=generator, dtype=torch.float64)
    confidence = torch.rand(2, 25, generator=generator, dtype=torch.float64)
    assert gradcheck(lambda p: keypoint_loss(p, found, confidence, 2.0), (pixels,))


def test_extremities_are_free_up_to_45_degrees():
    rotmats = torch.eye(3).repeat(24, 1, 1)
    rotmats[15] = rotation_about("x", torch.tensor(math.radians(44.0)))
    rotmats[20] = rotation_about("y", torch.tensor(math.radians(75.0)))
    rotmats[4] = rotation_about("x", torch.tensor(math.radians(120.0)))  # A knee may bend.
    found = dict(zip(REGULARIZED_JOINTS, extremity_loss(rotmats).tolist(), strict=True))
    # 75 - 45 = 30 degrees = 0.5236 rad; squared 0.27416.
    assert found[20] == pytest.approx(math.radians(30.0) ** 2, abs=1e-5)
    assert sum(found.values()) == pytest.approx(found[20])


def test_extremity_loss_gradients(generator: torch.Generator):
    turns = torch.randn(24, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda a: extremity_loss(axisangle_to_rotmat(a)), (turns,))


def test_initial_pose_loss_is_the_squared_angle_for_small_angles():
    # |R - I|^2 / 2 = 2 (1 - cos a): for 0.1 rad 0.00999, for 90 degrees 2.
    angles = torch.tensor([0.0, 0.1, math.pi / 2])
    found = initial_pose_loss(rotation_about("z", angles), torch.eye(3).expand(3, 3, 3))
    assert torch.allclose(found, torch.tensor([0.0, 0.0099917, 2.0]), atol=1e-5)


def test_initial_pose_loss_does_not_depend_on_the_frame(generator: torch.Generator):
    first, second = random_rotations(generator, 5), random_rotations(generator, 5)
    turn = random_rotations(generator)
    assert torch.allclose(
        initial_pose_loss(first, second), initial_pose_loss(turn @ first, turn @ second)
    )
    first.requires_grad_()
    assert gradcheck(lambda r: initial_pose_loss(r, second), (first,))


def test_initial_pose_loss_has_a_finite_gradient_at_its_minimum():
    rotmat = torch.eye(3)[None].requires_grad_()
    initial_pose_loss(rotmat, torch.eye(3)[None]).sum().backward()
    assert rotmat.grad is not None
    assert torch.equal(rotmat.grad, torch.zeros(1, 3, 3))


def test_root_depth_counts_depth_alone():
    start = torch.tensor([0.0, 0.0, 3.0])
    assert root_depth_loss(start + torch.tensor([1.0, 1.0, 0.0]), start) == 0.0
    assert float(root_depth_loss(start + torch.tensor([0.0, 0.0, 0.2]), start)) == pytest.approx(
        0.04
    )


def test_the_mean_of_nothing_is_zero():
    assert mean_or_zero(torch.zeros(0)) == 0.0
    assert mean_or_zero(torch.tensor([1.0, 3.0])) == 2.0
