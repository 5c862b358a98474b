from dataclasses import replace

import numpy as np
import pytest
import torch

from neuhmr.lab.people.errors.pose_errors import PoseErrors, measure_errors
from neuhmr.lab.people.errors.pose_noise import correlated_noise
from neuhmr.lab.people.errors.wrong_poses import WrongPoseConfig, make_wrong_poses
from tests.lab.people.errors.filmed_truth import CAMERA, KINDS, film


def mean_errors(shaped, kind):
    """Average the figures over five clips of different motions."""
    found = []
    for seed, motion in enumerate(KINDS):
        truth = film(motion, shaped, seed)
        config = WrongPoseConfig(kind=kind, seed=seed)
        found.append(vars(make_wrong_poses(truth, shaped, CAMERA, config).errors))
    return PoseErrors(**{name: float(np.mean([f[name] for f in found])) for name in found[0]})


@pytest.fixture(scope="module")
def ray_mean(shaped):
    return mean_errors(shaped, "ray")


@pytest.fixture(scope="module")
def isotropic_mean(shaped):
    return mean_errors(shaped, "isotropic")


RAY_RANGES = {
    "mpjpe_mm": (85, 105),
    "pa_mpjpe_mm": (55, 70),
    "pve_mm": (90, 130),
    "joints_2d_px": (3.2, 4.2),
    "in_plane_mm": (38, 53),
    "along_ray_mm": (65, 82),
    "extremities_mm": (110, 160),
    "root_depth_mm": (50, 160),
    "acceleration_mm": (15, 30),
}
"""What HMR2.0 and HybrIK are known for, at 25 to 30 frames per second."""


@pytest.mark.parametrize("name", RAY_RANGES)
def test_ray_errors_are_as_estimators_are(ray_mean, name):
    low, high = RAY_RANGES[name]
    assert low <= getattr(ray_mean, name) <= high


ISOTROPIC_RANGES = {
    "mpjpe_mm": (85, 105),
    "pa_mpjpe_mm": (38, 60),
    "pve_mm": (90, 130),
    "joints_2d_px": (5, 10),
    "in_plane_mm": (60, 85),
    "along_ray_mm": (40, 65),
    "root_depth_mm": (50, 160),
    "acceleration_mm": (15, 30),
}


@pytest.mark.parametrize("name", ISOTROPIC_RANGES)
def test_isotropic_errors_are_what_they_are_said_to_be(isotropic_mean, name):
    low, high = ISOTROPIC_RANGES[name]
    assert low <= getattr(isotropic_mean, name) <= high


def test_less_jitter_stands_for_temporal_estimators(shaped):
    truth = film("arms", shaped, 4)
    config = WrongPoseConfig(jitter=0.012, smoothing=3.0, flips=0.0, swaps=0.0, seed=1)
    assert 4 < make_wrong_poses(truth, shaped, CAMERA, config).errors.acceleration_mm < 10


@pytest.fixture(scope="module")
def truth(shaped):
    return film("dance", shaped, 3)[:40]


@pytest.fixture(scope="module")
def ray(truth, shaped):
    return make_wrong_poses(truth, shaped, CAMERA, WrongPoseConfig(seed=1))


def test_isotropic_errors_show_in_the_picture(truth, shaped, ray):
    errors = make_wrong_poses(truth, shaped, CAMERA, WrongPoseConfig(kind="isotropic")).errors
    assert errors.mpjpe_mm == pytest.approx(95, abs=4)
    assert errors.joints_2d_px > 1.5 * ray.errors.joints_2d_px
    assert errors.in_plane_mm > errors.along_ray_mm


def test_the_size_of_the_errors_is_what_was_asked_for(truth, shaped):
    config = WrongPoseConfig(kind="isotropic", mpjpe_mm=50.0)
    assert make_wrong_poses(truth, shaped, CAMERA, config).errors.mpjpe_mm == pytest.approx(
        50, 0.03
    )


def test_the_same_seed_gives_the_same_poses(truth, shaped):
    config = WrongPoseConfig(fit_steps=2)
    first = make_wrong_poses(truth[:8], shaped, CAMERA, config).motion
    again = make_wrong_poses(truth[:8], shaped, CAMERA, config).motion
    other = make_wrong_poses(truth[:8], shaped, CAMERA, replace(config, seed=9)).motion
    assert torch.equal(first.body_pose, again.body_pose)
    assert torch.equal(first.transl, again.transl)
    assert not torch.allclose(first.body_pose, other.body_pose, atol=1e-2)


def test_betas_frames_and_rotations_stay_valid(ray, truth):
    motion = ray.motion
    assert torch.equal(motion.betas, truth.betas)
    assert torch.equal(motion.frame_index, truth.frame_index)
    product = motion.body_pose @ motion.body_pose.mT
    torch.testing.assert_close(product, torch.eye(3).expand_as(product), atol=1e-4, rtol=0)


def test_no_error_measures_zero(truth, shaped):
    errors = measure_errors(truth, truth, shaped, CAMERA)
    assert max(vars(errors).values()) < 0.1


def test_a_shift_in_depth_is_absolute_error_only(truth, shaped):
    away = replace(truth, transl=truth.transl + torch.tensor([0.0, 0.0, 0.1]))
    errors = measure_errors(away, truth, shaped, CAMERA)
    assert errors.absolute_mm == pytest.approx(100, abs=0.1)
    assert errors.root_depth_mm == pytest.approx(100, abs=0.1)
    assert errors.mpjpe_mm == pytest.approx(0, abs=0.05)
    assert errors.joints_2d_px > 0.5


def test_noise_is_half_constant():
    noise = correlated_noise(np.random.default_rng(0), 300, 200)
    assert float(noise.square().mean()) == pytest.approx(1.0, abs=0.15)
    # Var(noise) within a clip is what is not constant.
    assert float(noise.var(dim=0).mean()) == pytest.approx(0.5, abs=0.05)
