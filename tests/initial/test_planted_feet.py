import pytest
import torch

from neuhmr.initial.landmarks import LANDMARK_NAMES
from neuhmr.initial.planted_feet import FEET, PlantedFeet, watch_feet

LEFT_ANKLE = LANDMARK_NAMES.index("left_ankle")
FRAMES = 16
SIZE = 200.0
FRAME_S = 1 / 30


def landmarks() -> torch.Tensor:
    """Everything stands still but the left ankle, which moves by a twentieth of the person."""
    points = torch.zeros(FRAMES, 33, 2)
    points[:, LEFT_ANKLE, 0] = 0.05 * SIZE * torch.arange(FRAMES)
    return points


def watched(points: torch.Tensor, trust: float = 1.0, frame_s: float = FRAME_S) -> PlantedFeet:
    weights, sizes = torch.full((len(points), 33), trust), torch.full((len(points),), SIZE)
    return watch_feet(points, weights, sizes, frame_s)


def test_a_foot_that_moves_in_the_picture_does_not_stand_and_the_others_do():
    for _, stays in watched(landmarks()).pairs:
        moving, *standing = stays.unbind(dim=1)
        # Near the ends a mean over five frames moves by less.
        assert float(moving[2:-2].max() if len(moving) > 4 else moving.max()) < 1e-3
        assert all(torch.equal(foot, torch.ones_like(foot)) for foot in standing)


def test_errors_of_the_detector_are_no_steps():
    torch.manual_seed(0)
    seen = 0.004 * SIZE * torch.randn(FRAMES, 33, 2)
    for _, stays in watched(seen).pairs:
        assert float(stays.mean()) > 0.8


def test_who_crouches_is_as_large_as_before():
    sizes = torch.full((FRAMES,), SIZE)
    sizes[4:] = 0.5 * SIZE
    weights = torch.ones(FRAMES, 33)
    points = 0.5 * torch.ones(FRAMES, 33, 2) * SIZE
    for _, stays in watch_feet(points, weights, sizes, FRAME_S).pairs:
        assert torch.equal(stays, torch.ones_like(stays))


def test_landmarks_that_nobody_trusts_have_no_say():
    joints = torch.randn(FRAMES, 24, 3)
    assert float(watched(landmarks(), trust=0.0).slip(joints, 0.02, 4.0)) == 0.0
    halves = [float(watched(landmarks(), trust).slip(joints, 0.02, 4.0)) for trust in (0.5, 1.0)]
    assert halves[0] == pytest.approx(0.5 * halves[1])


def test_the_same_moments_are_compared_at_every_rate_each_once():
    assert [frames for frames, _ in watched(landmarks()).pairs] == [1, 4, 12]
    assert [frames for frames, _ in watched(landmarks(), frame_s=0.2).pairs] == [1, 2, 6]
    assert [frames for frames, _ in watched(landmarks(), frame_s=0.1).pairs] == [1, 4, 12]
    assert watched(landmarks()[:1]).pairs == ()
    assert float(watched(landmarks()[:1]).slip(torch.zeros(1, 24, 3), 0.02, 4.0)) == 0.0


def test_a_step_costs_what_is_worked_out_by_hand():
    feet = watched(torch.zeros(2, 33, 2), frame_s=1.0)
    joints = torch.zeros(2, 24, 3)
    joints[1, FEET["right_ankle"], 2] = 0.04
    # Twice sigma, squared 4; bounded at 4 sigma: 4 / (1 + 4 / 16) = 3.2.
    assert float(feet.slip(joints, 0.02, 4.0)) == pytest.approx(3.2)
    joints[1, FEET["right_ankle"], 2] = 40.0
    assert float(feet.slip(joints, 0.02, 4.0)) == pytest.approx(16.0, rel=1e-3)
    joints[1, FEET["right_ankle"], 2] = 0.0
    joints[1, 4] = 1.0
    assert float(feet.slip(joints, 0.02, 4.0)) == 0.0
