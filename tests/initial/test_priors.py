import math

import pytest
import torch

from neuhmr.body.skeleton import joint_index
from neuhmr.geometry.rotations import axisangle_to_rotmat, rotmat_to_axisangle
from neuhmr.initial.priors import (
    human_joint_ranges,
    joint_angles,
    joint_limit_loss,
    natural_pose_loss,
)

RANGES = human_joint_ranges()


def bent(joint: str, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> torch.Tensor:
    """A rest pose with one joint turned (rad)."""
    pose = torch.zeros(23, 3)
    pose[joint_index(joint) - 1] = torch.tensor([x, y, z])
    return pose


def limit_loss(pose: torch.Tensor) -> float:
    return float(joint_limit_loss(joint_angles(pose, RANGES.twist_axis), RANGES).sum())


def test_a_turn_about_one_axis_is_its_own_angle():
    pose = bent("left_knee", x=1.2) + bent("right_shoulder", z=1.1) + bent("spine2", y=0.3)
    assert torch.allclose(joint_angles(pose, RANGES.twist_axis), pose, atol=1e-6)


def test_a_bent_elbow_with_a_turned_forearm_bends_about_y_alone():
    # R = swing(y, -1.5) twist(x, 1.0); as a rotation vector it has a z part of about 0.7.
    swing = axisangle_to_rotmat(torch.tensor([0.0, -1.5, 0.0]))
    twist = axisangle_to_rotmat(torch.tensor([1.0, 0.0, 0.0]))
    pose = torch.zeros(23, 3)
    elbow = joint_index("left_elbow") - 1
    pose[elbow] = rotmat_to_axisangle(swing @ twist)
    assert pose[elbow, 2].abs() > 0.5
    angles = joint_angles(pose, RANGES.twist_axis)[elbow]
    assert torch.allclose(angles, torch.tensor([1.0, -1.5, 0.0]), atol=1e-5)


def test_a_rotation_vector_beyond_half_a_turn_gives_the_same_angles():
    short = bent("left_hip", x=-0.9, y=0.4, z=0.2)
    hip = joint_index("left_hip") - 1
    long = short.clone()
    angle = short[hip].norm()
    long[hip] = short[hip] * (angle - 2 * math.pi) / angle
    expected = joint_angles(short, RANGES.twist_axis)
    assert torch.allclose(joint_angles(long, RANGES.twist_axis), expected, atol=1e-5)


@pytest.mark.parametrize("batch", [(), (1,), (3, 1, 2)])
def test_angles_and_losses_keep_leading_axes(batch, generator):
    pose = 0.5 * torch.randn(*batch, 23, 3, generator=generator)
    angles = joint_angles(pose, RANGES.twist_axis)
    assert joint_limit_loss(angles, RANGES).shape == (*batch, 23, 3)
    alone = joint_angles(pose.reshape(-1, 23, 3)[0], RANGES.twist_axis)
    assert torch.allclose(angles.reshape(-1, 23, 3)[0], alone, atol=1e-6)


@pytest.mark.parametrize("side", ["left", "right"])
def test_knees_and_elbows_bend_one_way_only(side):
    forward = -1.0 if side == "left" else 1.0
    assert limit_loss(bent(f"{side}_knee", x=1.5)) == 0.0
    assert limit_loss(bent(f"{side}_elbow", y=1.5 * forward)) == 0.0
    # 0.5 rad the wrong way is 0.5 rad over the limit of 0: 0.25 rad^2.
    assert limit_loss(bent(f"{side}_knee", x=-0.5)) == pytest.approx(0.25, abs=1e-5)
    assert limit_loss(bent(f"{side}_elbow", y=-0.5 * forward)) == pytest.approx(0.25, abs=1e-5)


def test_the_sides_mirror_each_other(generator):
    pose = torch.randn(23, 3, generator=generator)
    mirror = torch.zeros_like(pose)
    for joint in range(1, 24):
        from neuhmr.body.skeleton import SMPL_JOINT_NAMES

        name = SMPL_JOINT_NAMES[joint]
        other = name.replace("left", "#").replace("right", "left").replace("#", "right")
        mirror[joint_index(other) - 1] = pose[joint - 1] * torch.tensor([1.0, -1.0, -1.0])
    assert limit_loss(mirror) == pytest.approx(limit_loss(pose), rel=1e-5)


def test_a_relaxed_person_costs_nothing():
    assert torch.equal(natural_pose_loss(RANGES.natural, RANGES), torch.zeros(23, 3))
    assert joint_limit_loss(RANGES.natural, RANGES).sum() == 0.0


@pytest.mark.parametrize("size", [0.0, 0.3, 1.2])
def test_gradients_are_right_at_rest_and_in_motion(size, generator):
    ranges = RANGES.to(torch.float64)
    pose = size * torch.randn(23, 3, generator=generator, dtype=torch.float64)
    pose.requires_grad_()

    def cost(pose: torch.Tensor) -> torch.Tensor:
        angles = joint_angles(pose, ranges.twist_axis)
        return joint_limit_loss(angles, ranges).sum() + natural_pose_loss(angles, ranges).sum()

    assert torch.autograd.gradcheck(cost, (pose,))
