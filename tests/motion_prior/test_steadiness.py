import numpy as np
import pytest
import torch
from scipy.stats import multivariate_t
from torch.autograd import gradcheck

from neuhmr.motion_prior.steadiness import (
    FREEDOM,
    RELATIVE,
    consecutive_triples,
    steadiness_loss,
)


def test_it_is_the_likelihood_of_students_t():
    generator = torch.Generator().manual_seed(0)
    joints = torch.randn(6, 3, 24, 3, generator=generator, dtype=torch.float64)
    found = steadiness_loss(joints, scale=0.3)
    accelerations = (joints[:, 0] - 2 * joints[:, 1] + joints[:, 2]).numpy()
    for joint in (0, 7, 21):
        shape = np.eye(3) * (0.3 * RELATIVE[joint]) ** 2
        density = multivariate_t(loc=np.zeros(3), shape=shape, df=FREEDOM)
        expected = density.logpdf(np.zeros(3)) - density.logpdf(accelerations[:, joint])
        np.testing.assert_allclose(found[:, joint].numpy(), expected, rtol=1e-5)


def test_joints_that_move_evenly_cost_nothing():
    start, step = torch.randn(24, 3), torch.randn(24, 3)
    joints = torch.stack([start, start + step, start + 2 * step])[None]
    assert float(steadiness_loss(joints, 0.0026).abs().max()) < 1e-4


def test_a_common_velocity_changes_nothing_and_gradients_are_right(generator):
    joints = torch.randn(2, 3, 24, 3, generator=generator, dtype=torch.float64)
    drift = torch.arange(3.0)[:, None, None] * torch.tensor([1.0, -2.0, 0.5]) + 3.0
    torch.testing.assert_close(steadiness_loss(joints, 0.5), steadiness_loss(joints + drift, 0.5))
    assert gradcheck(lambda moved: steadiness_loss(moved, 0.5), (joints.requires_grad_(),))


def test_a_kick_is_hardly_dearer_than_a_step():
    """Ten times the acceleration costs a few times, not a hundred times, as much."""

    def cost(acceleration: float) -> float:
        joints = torch.zeros(1, 3, 24, 3)
        joints[:, 0, 7, 0] = acceleration
        return float(steadiness_loss(joints, 0.0026)[0, 7])

    assert cost(0.0) == 0.0
    assert cost(0.1) < 4.0 * cost(0.01)
    assert cost(0.01) > 4.0 * cost(0.002)


def test_wrists_may_accelerate_harder_than_the_pelvis():
    joints = torch.zeros(1, 3, 24, 3)
    joints[:, 0, :, 1] = 0.01
    costs = steadiness_loss(joints, 0.0026)[0]
    assert float(costs[21]) < 0.8 * float(costs[0])
    assert sum(RELATIVE) / len(RELATIVE) == pytest.approx(1.08, abs=0.01)


def test_triples_skip_gaps():
    assert consecutive_triples(torch.tensor([3, 4, 5, 6, 8, 9])).tolist() == [[0, 1, 2], [1, 2, 3]]
    assert consecutive_triples(torch.tensor([3])).shape == (0, 3)
