"""Pose metrics: values worked by hand, invariances, agreement with scipy."""

import math

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from neuhmr.geometry.rotations import axisangle_to_rotmat
from neuhmr.metrics.pose_metrics import (
    accel_error_mm_per_frame2,
    consecutive_runs,
    distances_mm,
    hips_midpoint,
    jitter,
    pelvis,
    procrustes_to,
    ray_split_mm,
)

EXACT = 1e-4  # mm; float32 sums of metres


def random_joints(*batch: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(7)
    return torch.randn(*batch, 24, 3, generator=generator, dtype=torch.float64)


def test_distances_are_millimetres_of_metres() -> None:
    # (3, 4, 0) mm away is 5 mm away.
    error = distances_mm(torch.tensor([[0.003, 0.004, 0.0]]), torch.zeros(1, 3))
    assert error.item() == pytest.approx(5.0, abs=EXACT)


def test_roots_are_the_hips_midpoint_and_the_pelvis() -> None:
    joints = torch.zeros(24, 3)
    joints[0] = torch.tensor([9.0, 0.0, 0.0])
    joints[1] = torch.tensor([1.0, 2.0, 0.0])
    joints[2] = torch.tensor([3.0, 4.0, 6.0])
    assert hips_midpoint(joints).tolist() == [[2.0, 3.0, 3.0]]
    assert pelvis(joints).tolist() == [[9.0, 0.0, 0.0]]


@pytest.mark.parametrize("batch", [(), (1,), (3, 1, 2)])
def test_procrustes_undoes_any_similarity(batch: tuple[int, ...]) -> None:
    target = random_joints(*batch)
    rotmat = axisangle_to_rotmat(torch.tensor([0.3, -1.1, 2.0], dtype=torch.float64))
    joints = 0.7 * target @ rotmat.T + torch.tensor([1.0, -2.0, 5.0], dtype=torch.float64)
    error = distances_mm(procrustes_to(joints, target).apply(joints), target)
    assert error.max() < 1e-6, f"left over {error.max():.2e} mm"


def test_procrustes_agrees_with_scipy() -> None:
    target, joints = random_joints(2)
    a, b = joints - joints.mean(dim=0), target - target.mean(dim=0)
    rotation, _ = Rotation.align_vectors(b.numpy(), a.numpy())
    rotated = torch.from_numpy(rotation.apply(a.numpy()))
    scale = (rotated * b).sum() / rotated.square().sum()  # One-dimensional least squares.
    expected = scale * rotated + target.mean(dim=0)
    ours = procrustes_to(joints, target).apply(joints)
    np.testing.assert_allclose(ours.numpy(), expected.numpy(), atol=1e-9)


def test_an_error_along_the_ray_is_hidden_and_one_across_it_is_seen() -> None:
    position = torch.tensor([[0.0, 3.0, 4.0]])  # The ray is (0, 0.6, 0.8).
    along, across = ray_split_mm(torch.tensor([[0.0, 0.06, 0.08]]), position)
    assert (along.item(), across.item()) == pytest.approx((100.0, 0.0), abs=EXACT)
    along, across = ray_split_mm(torch.tensor([[0.05, 0.08, -0.06]]), position)
    # 0.08 * 0.6 - 0.06 * 0.8 = 0, so all of sqrt(0.05^2 + 0.1^2) m is across.
    assert along.item() == pytest.approx(0.0, abs=EXACT)
    assert across.item() == pytest.approx(1000 * math.sqrt(0.0125), abs=EXACT)


def test_ray_parts_add_up_by_pythagoras() -> None:
    error, position = random_joints(2)
    along, across = ray_split_mm(error, position)
    assert torch.allclose((along**2 + across**2).sqrt(), error.norm(dim=-1) * 1000)


def test_windows_never_span_a_gap() -> None:
    frames = torch.tensor([3, 4, 5, 7, 8, 9, 10])
    assert consecutive_runs(frames, 3).tolist() == [True, False, False, True, True]
    assert consecutive_runs(frames, 4).tolist() == [False, False, False, True]
    assert consecutive_runs(frames[:2], 3).tolist() == []


def test_acceleration_error_of_a_parabola_against_rest() -> None:
    # x = 2 mm * t^2 has second difference 4 mm/frame^2 everywhere; the truth rests.
    t = torch.arange(6, dtype=torch.float64)
    joints = torch.zeros(6, 24, 3, dtype=torch.float64)
    joints[:, 5, 0] = 0.002 * t**2
    error = accel_error_mm_per_frame2(joints, torch.zeros_like(joints), torch.arange(6))
    assert error.shape == (4, 24)
    assert error[:, 5].tolist() == pytest.approx([4.0] * 4)
    assert error[:, 4].abs().max() == 0.0


def test_acceleration_error_ignores_steady_motion() -> None:
    joints = random_joints(1).expand(5, 24, 3)
    drift = torch.arange(5, dtype=torch.float64)[:, None, None] * 0.1
    error = accel_error_mm_per_frame2(joints + drift, joints, torch.arange(5))
    assert error.max() < 1e-9


def test_jitter_of_a_cubic() -> None:
    # x = t^3 m with t in frames: third difference 6 m/frame^3 = 6 * 10^3 m/s^3 at 10 frames/s,
    # which is 600 in units of 10 m/s^3.
    t = torch.arange(5, dtype=torch.float64)
    joints = torch.zeros(5, 24, 3, dtype=torch.float64)
    joints[:, 0, 2] = t**3
    value = jitter(joints, torch.arange(5), fps=10.0)
    assert value[:, 0].tolist() == pytest.approx([600.0, 600.0])
    assert jitter(joints[:3], torch.arange(3), fps=10.0).shape == (0, 24)
