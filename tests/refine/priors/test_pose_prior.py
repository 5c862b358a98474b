import math

import pytest
import torch
from torch.autograd import gradcheck

from neuhmr.geometry.rotations import axisangle_to_rotmat, rotation_about
from neuhmr.lab.training.pose_prior_fit import mirrored
from neuhmr.refine.priors.pose_prior import (
    POSE_PRIOR_PATH,
    PosePrior,
    fit_pose_prior,
    load_pose_prior,
    plausibility_loss,
    write_pose_prior,
)
from refine.splat_clip import walking_motion

CPU = torch.device("cpu")
UP = torch.tensor([0.0, -1.0, 0.0])
UPRIGHT = torch.diag(torch.tensor([1.0, -1.0, -1.0]))  # Faces an OpenCV camera.


def with_root(body_pose: torch.Tensor, root: torch.Tensor = UPRIGHT) -> torch.Tensor:
    """Put an upright root before the body joints."""
    root = root.to(body_pose).expand(*body_pose.shape[:-3], 1, 3, 3)
    return torch.cat([root, body_pose], dim=-3)


def implausibility(body_pose: torch.Tensor, root: torch.Tensor = UPRIGHT) -> torch.Tensor:
    prior = load_pose_prior(CPU).to(body_pose.dtype)
    up = UP.to(body_pose).expand(*body_pose.shape[:-3], 3)
    return plausibility_loss(with_root(body_pose, root), up, prior)


def test_loss_by_hand():
    # Mean 0 and upright, all with deviation 0.5; one joint turned by 1 rad about x:
    # (1 / 0.5)^2 = 4 over 72 numbers; far below the level-off at 2^2.
    mean = torch.cat([torch.zeros(69), torch.tensor([0.0, 1.0, 0.0])])
    prior = PosePrior(mean, 2.0 * torch.eye(72))
    rotmat = with_root(torch.eye(3).repeat(23, 1, 1))
    assert float(plausibility_loss(rotmat, UP, prior)) == 0.0
    rotmat[8] = rotation_about("x", torch.tensor(1.0))
    squared = 4.0 / 72.0
    expected = squared / (1.0 + squared / 4.0)
    assert float(plausibility_loss(rotmat, UP, prior)) == pytest.approx(expected, abs=1e-5)
    # Lying instead: up is along z in the root's frame, off by (1, 1) in two of the numbers.
    rotmat[8] = torch.eye(3)
    squared = 8.0 / 72.0
    lying = plausibility_loss(rotmat, torch.tensor([0.0, 0.0, -1.0]), prior)
    assert float(lying) == pytest.approx(squared / (1.0 + squared / 4.0), abs=1e-5)


def test_a_fit_recovers_mean_and_spread(generator: torch.Generator):
    spread = 0.05 + 0.2 * torch.rand(72, generator=generator)
    center = 0.3 * torch.randn(72, generator=generator)
    numbers = center + spread * torch.randn(4000, 72, generator=generator)
    poses = axisangle_to_rotmat(numbers[:, :69].reshape(4000, 23, 3))
    prior = fit_pose_prior(poses, numbers[:, 69:], widening=0.0, up_widening=0.0)
    assert torch.allclose(prior.mean, center, atol=0.02)
    deviations = prior.deviations(poses, numbers[:, 69:])
    assert torch.allclose(deviations.std(dim=0), torch.ones(72), atol=0.02)
    # By construction the fitted poses have a mean squared deviation of 1.
    assert float(deviations.square().mean()) == pytest.approx(1.0, abs=1e-3)
    wide = fit_pose_prior(poses, numbers[:, 69:], widening=1.0, up_widening=1.0)
    assert float(wide.deviations(poses, numbers[:, 69:]).square().mean()) < 0.1


def test_gradients(generator: torch.Generator):
    angles = 0.3 * torch.randn(2, 23, 3, generator=generator, dtype=torch.float64)
    lean = 0.2 * torch.randn(3, generator=generator, dtype=torch.float64)

    def loss(angles: torch.Tensor, lean: torch.Tensor) -> torch.Tensor:
        return implausibility(
            axisangle_to_rotmat(angles), UPRIGHT.double() @ axisangle_to_rotmat(lean)
        )

    assert gradcheck(loss, (angles.requires_grad_(), lean.requires_grad_()))


def test_the_embedded_prior_knows_how_knees_bend():
    walking = walking_motion(8).body_pose

    def bent(angle: float) -> float:
        knees = walking.clone()
        knees[:, 3:5] = rotation_about("x", torch.tensor(angle))
        return float(implausibility(knees).mean())

    assert bent(0.6) < bent(-0.6)
    assert bent(0.6) < 1.5


def test_the_embedded_prior_knows_that_people_stand_upright():
    walking = walking_motion(8).body_pose

    def leaning(angle: float) -> float:
        root = UPRIGHT @ rotation_about("x", torch.tensor(angle))
        return float(implausibility(walking, root).mean())

    assert leaning(0.0) < leaning(-0.4) and leaning(0.0) < leaning(0.5)
    # Turning about the vertical changes nothing.
    turned = UPRIGHT @ rotation_about("y", torch.tensor(1.3))
    assert float(implausibility(walking, turned).mean()) == pytest.approx(leaning(0.0), abs=1e-4)


def test_unusual_poses_are_hardly_pulled():
    angles = torch.zeros(23, 3)
    angles[[0, 1, 15, 16], 0] = 2.8
    strange = angles.requires_grad_()
    implausibility(axisangle_to_rotmat(strange)).backward()
    assert strange.grad is not None
    far = float(strange.grad.norm())
    usual = (0.3 * torch.ones(23, 3)).requires_grad_()
    implausibility(axisangle_to_rotmat(usual)).backward()
    assert usual.grad is not None and far < 2.0 * float(usual.grad.norm())


def test_left_and_right_are_alike():
    poses = walking_motion(12).body_pose
    assert torch.allclose(implausibility(poses), implausibility(mirrored(poses)), atol=1e-2)


def test_mirroring_swaps_sides_and_keeps_bends():
    poses = torch.eye(3).repeat(1, 23, 1, 1)
    poses[0, 3] = rotation_about("x", torch.tensor(0.5))  # Left knee.
    poses[0, 15] = rotation_about("z", torch.tensor(-1.0))  # Left shoulder: arm down.
    found = mirrored(poses)
    assert torch.allclose(found[0, 4], rotation_about("x", torch.tensor(0.5)))
    assert torch.allclose(found[0, 16], rotation_about("z", torch.tensor(1.0)))
    assert torch.equal(mirrored(found), poses)


def test_the_prior_survives_its_file(tmp_path):
    prior = load_pose_prior(CPU)
    write_pose_prior(tmp_path / "prior.npz", prior, {"revision": "abc"})
    assert (tmp_path / "prior.npz").stat().st_size < 60_000
    assert POSE_PRIOR_PATH.is_file() and math.isfinite(float(prior.whitening.sum()))
