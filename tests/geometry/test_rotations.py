import math

import pytest
import torch
from scipy.spatial.transform import Rotation
from torch.autograd import gradcheck

from neuhmr.geometry.rotations import (
    axisangle_to_rotmat,
    euler_to_rotmat,
    nearest_rotations,
    rot6d_to_rotmat,
    rotation_about,
    rotation_angle,
    rotmat_to_axisangle,
    rotmat_to_rot6d,
    rotmat_to_wxyz,
)

BATCHES = [(), (1,), (3, 1, 2)]


def random_axisangles(generator, *batch):
    """Rotation vectors of 0.1 to 3 rad, in float64."""
    direction = torch.randn(*batch, 3, generator=generator, dtype=torch.float64)
    angle = torch.rand(*batch, 1, generator=generator, dtype=torch.float64) * 2.9 + 0.1
    return torch.nn.functional.normalize(direction, dim=-1) * angle


def test_a_quarter_turn_about_z_takes_x_to_y():
    rotmat = axisangle_to_rotmat(torch.tensor([0.0, 0.0, math.pi / 2]))
    torch.testing.assert_close(
        rotmat @ torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 1.0, 0.0]), atol=1e-6, rtol=0
    )


@pytest.mark.parametrize("batch", BATCHES)
def test_axisangles_agree_with_scipy_and_come_back(generator, batch):
    axisangle = random_axisangles(generator, *batch)
    rotmat = axisangle_to_rotmat(axisangle)
    expected = Rotation.from_rotvec(axisangle.reshape(-1, 3).numpy()).as_matrix()
    torch.testing.assert_close(rotmat.reshape(-1, 3, 3), torch.from_numpy(expected))
    torch.testing.assert_close(rotmat_to_axisangle(rotmat), axisangle)


def test_rotation_vectors_have_length_at_most_pi():
    # 1.5 pi about y is -0.5 pi about y.
    rotmat = axisangle_to_rotmat(torch.tensor([0.0, 1.5 * math.pi, 0.0], dtype=torch.float64))
    expected = torch.tensor([0.0, -0.5 * math.pi, 0.0], dtype=torch.float64)
    torch.testing.assert_close(rotmat_to_axisangle(rotmat), expected)


def test_identity_is_1_0_0_0_1_0_in_six_numbers():
    assert rotmat_to_rot6d(torch.eye(3)).tolist() == [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    assert torch.equal(rot6d_to_rotmat(torch.tensor([1.0, 0, 0, 0, 1, 0])), torch.eye(3))


@pytest.mark.parametrize("batch", BATCHES)
def test_six_numbers_keep_rotations(generator, batch):
    rotmat = axisangle_to_rotmat(random_axisangles(generator, *batch))
    torch.testing.assert_close(rot6d_to_rotmat(rotmat_to_rot6d(rotmat)), rotmat)


def test_six_numbers_are_orthonormalized_first_column_first():
    # (2, 0, 0) gives x; (5, 3, 0) less its part along x is (0, 3, 0) and gives y; z = x cross y.
    rotmat = rot6d_to_rotmat(torch.tensor([2.0, 0.0, 0.0, 5.0, 3.0, 0.0]))
    assert torch.equal(rotmat, torch.eye(3))


def test_six_zeros_stay_finite():
    rot6d = torch.zeros(6, requires_grad=True)
    rotmat = rot6d_to_rotmat(rot6d)
    rotmat.sum().backward()
    assert rotmat.isfinite().all() and rot6d.grad is not None and rot6d.grad.isfinite().all()


def test_any_six_numbers_give_a_rotation(generator):
    rotmat = rot6d_to_rotmat(torch.randn(50, 6, generator=generator, dtype=torch.float64))
    identity = torch.eye(3, dtype=torch.float64).expand(50, 3, 3)
    torch.testing.assert_close(rotmat @ rotmat.transpose(-1, -2), identity)
    torch.testing.assert_close(torch.linalg.det(rotmat), identity[:, 0, 0])


@pytest.mark.parametrize("batch", BATCHES)
def test_euler_angles_agree_with_scipy(generator, batch):
    angles = torch.randn(*batch, 3, generator=generator, dtype=torch.float64) * 2.0
    expected = Rotation.from_euler("xyz", angles.reshape(-1, 3).numpy()).as_matrix()
    rotmat = euler_to_rotmat(angles)
    torch.testing.assert_close(rotmat.reshape(-1, 3, 3), torch.from_numpy(expected))


def test_euler_order_applies_x_first():
    # x by 90 degrees takes +y to +z; then y by 90 degrees takes +z to +x.
    rotmat = euler_to_rotmat(torch.tensor([torch.pi / 2, torch.pi / 2, 0.0]))
    torch.testing.assert_close(
        rotmat @ torch.tensor([0.0, 1.0, 0.0]), torch.tensor([1.0, 0.0, 0.0]), atol=1e-6, rtol=0
    )


@pytest.mark.parametrize("batch", BATCHES)
def test_the_nearest_rotation_of_a_stretched_one_is_the_rotation(generator, batch):
    # R = U U^T is nearest to the R S of any positive definite S.
    rotmat = axisangle_to_rotmat(random_axisangles(generator, *batch))
    root = torch.randn(*batch, 3, 3, generator=generator, dtype=torch.float64)
    stretch = root @ root.transpose(-1, -2) + 0.1 * torch.eye(3, dtype=torch.float64)
    torch.testing.assert_close(nearest_rotations(rotmat @ stretch), rotmat)


def test_the_nearest_rotation_of_a_mirror_is_no_mirror():
    assert torch.linalg.det(nearest_rotations(torch.diag(torch.tensor([1.0, 0.9, -0.5])))) > 0.99


def test_quaternions_lead_with_the_real_part(generator):
    assert rotmat_to_wxyz(torch.eye(3)).tolist() == [1.0, 0.0, 0.0, 0.0]
    axisangle = random_axisangles(generator, 5)
    xyzw = torch.from_numpy(Rotation.from_rotvec(axisangle.numpy()).as_quat())
    wxyz = rotmat_to_wxyz(axisangle_to_rotmat(axisangle))
    # A quaternion and its negative are the same rotation.
    alignment = (wxyz * xyzw.roll(1, dims=-1)).sum(dim=-1).abs()
    torch.testing.assert_close(alignment, torch.ones_like(alignment))


@pytest.mark.parametrize("batch", BATCHES)
def test_rotation_angle_is_the_length_of_the_rotation_vector(generator, batch):
    axisangle = random_axisangles(generator, *batch)
    angle = rotation_angle(axisangle_to_rotmat(axisangle))
    torch.testing.assert_close(angle, axisangle.norm(dim=-1))


def test_rotation_angle_at_its_ends_has_finite_gradients():
    half_turn = torch.diag(torch.tensor([1.0, -1.0, -1.0]))
    for rotmat, expected in ((torch.eye(3), 0.0), (half_turn, math.pi)):
        leaf = rotmat.clone().requires_grad_()
        angle = rotation_angle(leaf)
        assert angle.item() == pytest.approx(expected, abs=1e-6)
        (gradient,) = torch.autograd.grad(angle, leaf)
        assert gradient.isfinite().all()


@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_rotation_about_an_axis_agrees_with_scipy(axis):
    angles = torch.tensor([[0.3, -1.2, 3.0]], dtype=torch.float64)
    expected = Rotation.from_euler(axis, angles[0, :, None].numpy()).as_matrix()
    torch.testing.assert_close(rotation_about(axis, angles), torch.from_numpy(expected)[None])


def test_conversions_pass_gradcheck(generator):
    axisangle = random_axisangles(generator, 3).requires_grad_()
    rot6d = torch.randn(3, 6, generator=generator, dtype=torch.float64, requires_grad=True)
    assert gradcheck(axisangle_to_rotmat, axisangle)
    assert gradcheck(rot6d_to_rotmat, rot6d)
    assert gradcheck(lambda a: rotmat_to_axisangle(axisangle_to_rotmat(a)), axisangle)
    assert gradcheck(lambda a: rotation_angle(axisangle_to_rotmat(a)), axisangle)
    assert gradcheck(lambda a: rotation_about("y", a), axisangle[:, 0].detach().requires_grad_())


def test_the_rotation_vector_zero_has_the_right_gradient():
    # Near zero R = I + [v]x, so dR[2, 1] / dv = (1, 0, 0).
    vector = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(axisangle_to_rotmat(vector)[2, 1], vector)
    assert gradient.tolist() == [1.0, 0.0, 0.0]
