import numpy as np
import pytest
import torch

from neuhmr.lab.people.motion.key_poses import ARM_POSES, arm_track, interpolate_keys, smooth_noise


def test_keys_are_met_and_left_with_zero_speed():
    keys = torch.tensor([0.0, 1.0, 3.0], dtype=torch.float64)
    values = torch.tensor([[0.0], [2.0], [-1.0]], dtype=torch.float64)
    near = torch.tensor([0.0, 1.0, 1.001, 3.0, 9.0], dtype=torch.float64)
    track = interpolate_keys(near, keys, values)[:, 0]
    assert track.tolist() == pytest.approx([0.0, 2.0, 2.0, -1.0, -1.0], abs=1e-6)


def test_half_way_between_keys_is_the_mean():
    keys = torch.tensor([0.0, 2.0], dtype=torch.float64)
    values = torch.tensor([[1.0], [5.0]], dtype=torch.float64)
    # Minimum jerk at 1/2: 10/8 - 15/16 + 6/32 = 1/2.
    assert float(interpolate_keys(torch.tensor([1.0]).double(), keys, values)) == pytest.approx(3.0)


def test_an_arm_with_one_key_holds_it():
    times = torch.arange(5, dtype=torch.float64)
    arms = arm_track(times, [(0.0, "up")], [(0.0, "hang")])
    assert arms.hands.shape == (5, 2, 3)
    assert arms.hands[3, 0].tolist() == pytest.approx(ARM_POSES["up"].hand)
    assert arms.hands[3, 1].tolist() == pytest.approx(ARM_POSES["hang"].hand)


@pytest.mark.parametrize("deviation", [2.0, 6.0])
def test_smooth_noise_has_unit_variance(deviation):
    noise = smooth_noise(np.random.default_rng(0), 400, 60, deviation)
    # 24 000 values of which about 400 / (3.5 s) per channel are independent.
    assert float(noise.square().mean()) == pytest.approx(1.0, abs=0.12)


def test_arm_poses_are_within_reach():
    lengths = [np.linalg.norm(pose.hand) for pose in ARM_POSES.values()]
    assert max(lengths) <= 1.02
    assert min(lengths) > 0.3
