import math

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from neuhmr.geometry.rotation_arrays import axisangles_from_rotmats, rotmats_from_axisangles
from neuhmr.geometry.rotations import axisangle_to_rotmat

BATCHES = [(), (1,), (3, 1, 2)]


def random_axisangles(generator, *batch):
    """Rotation vectors of 0.1 to 3 rad."""
    direction = torch.randn(*batch, 3, generator=generator, dtype=torch.float64)
    angle = torch.rand(*batch, 1, generator=generator, dtype=torch.float64) * 2.9 + 0.1
    return (torch.nn.functional.normalize(direction, dim=-1) * angle).numpy()


def test_a_quarter_turn_about_z_takes_x_to_y():
    quarter = np.array([0.0, 0.0, math.pi / 2])
    rotmat = rotmats_from_axisangles(quarter)
    np.testing.assert_allclose(rotmat, [[0, -1, 0], [1, 0, 0], [0, 0, 1]], atol=1e-15)
    np.testing.assert_allclose(axisangles_from_rotmats(rotmat), quarter, atol=1e-15)


@pytest.mark.parametrize("batch", BATCHES)
def test_axisangles_agree_with_scipy_and_come_back(generator, batch):
    axisangles = random_axisangles(generator, *batch)
    rotmats = rotmats_from_axisangles(axisangles)
    expected = Rotation.from_rotvec(axisangles.reshape(-1, 3)).as_matrix()
    np.testing.assert_allclose(rotmats.reshape(-1, 3, 3), expected, atol=1e-14)
    np.testing.assert_allclose(axisangles_from_rotmats(rotmats), axisangles, atol=1e-13)


@pytest.mark.parametrize("angle", [0.0, 1e-12, 1e-6, 1e-3, math.pi - 1e-7, math.pi])
def test_nothing_and_half_turns_come_back(generator, angle):
    axes = random_axisangles(generator, 50)
    axisangles = angle * axes / np.linalg.norm(axes, axis=-1, keepdims=True)
    back = axisangles_from_rotmats(rotmats_from_axisangles(axisangles))
    # A half turn about an axis is also one about its opposite.
    sign = np.sign((back * axisangles).sum(axis=-1, keepdims=True)) if angle == math.pi else 1.0
    np.testing.assert_allclose(sign * back, axisangles, atol=1e-12)


def test_rotation_vectors_have_length_at_most_pi():
    # 1.5 pi about y is -0.5 pi about y.
    rotmat = rotmats_from_axisangles(np.array([0.0, 1.5 * math.pi, 0.0]))
    expected = [0.0, -0.5 * math.pi, 0.0]
    np.testing.assert_allclose(axisangles_from_rotmats(rotmat), expected, atol=1e-14)


def test_matrices_are_those_of_the_differentiable_conversion(generator):
    axisangles = random_axisangles(generator, 500) * np.geomspace(1e-9, 4.0, 500)[:, None]
    theirs = axisangle_to_rotmat(torch.from_numpy(axisangles)).float().numpy()
    ours = rotmats_from_axisangles(axisangles).astype(np.float32)
    # Of the last digit of float64, at most one in 1e8 reaches float32.
    assert (ours != theirs).sum() <= 1
