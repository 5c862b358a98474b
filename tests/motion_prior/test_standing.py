import math

import pytest
import torch

from neuhmr.body.skeleton import FOOT_JOINTS
from neuhmr.motion_prior.standing import (
    StandingFeet,
    find_standing,
    standing_feet,
)

FRAMES = 16
DISTANCE = 4.0


def seen(trust: float = 1.0, fps: float = 30.0, frames: int = FRAMES) -> StandingFeet:
    """Three points stand; the first moves by 10 cm a frame."""
    tangents = torch.zeros(frames, 4, 2)
    tangents[:, 0, 0] = 0.1 / DISTANCE * torch.arange(frames)
    distances, trusted = torch.full((frames,), DISTANCE), torch.full((frames, 4), trust)
    return find_standing(tangents, distances, trusted, torch.arange(frames), fps)


def test_a_foot_that_moves_in_the_picture_does_not_stand_and_the_others_do():
    for _, _, stays in seen().pairs:
        assert float(stays[:, 0].max()) < 1e-5
        assert torch.equal(stays[:, 1:], torch.ones_like(stays[:, 1:]))


def test_as_many_centimeters_count_as_much_at_every_distance():
    for distance in (2.0, 8.0):
        tangents = torch.zeros(2, 4, 2)
        tangents[1, 1, 1] = 0.025 / distance
        feet = find_standing(
            tangents, torch.full((2,), distance), torch.ones(2, 4), torch.arange(2), 1.0
        )
        assert float(feet.pairs[0].stays[0, 1]) == pytest.approx(math.exp(-1.0), rel=1e-4)


def test_the_same_moments_are_compared_at_every_rate_each_once():
    def lags(feet: StandingFeet) -> list[int]:
        return [int((second - first).unique()) for first, second, _ in feet.pairs]

    assert lags(seen()) == [1, 4, 12]
    assert lags(seen(frames=40)) == [1, 4, 12, 36]
    assert lags(seen(fps=5.0)) == [1, 2, 6]
    assert lags(seen(fps=60.0, frames=80)) == [2, 8, 24, 72]
    assert seen(frames=1).pairs == ()
    assert float(seen(frames=1).slip(torch.zeros(1, 24, 3), 0.02)) == 0.0


def test_rows_beside_a_gap_are_compared_by_their_frames():
    index = torch.tensor([0, 1, 9, 10, 13])
    feet = find_standing(torch.zeros(5, 4, 2), torch.ones(5), torch.ones(5, 4), index, 30.0)
    found = [
        list(zip(first.tolist(), second.tolist(), strict=True)) for first, second, _ in feet.pairs
    ]
    assert found == [[(0, 1), (2, 3)], [(2, 4)], [(1, 4)]]


def test_what_nobody_trusts_has_no_say():
    joints = torch.randn(FRAMES, 24, 3)
    assert float(seen(trust=0.0).slip(joints, 0.02)) == 0.0
    halves = [float(seen(trust).slip(joints, 0.02)) for trust in (0.5, 1.0)]
    assert halves[0] == pytest.approx(0.5 * halves[1])


def test_a_step_costs_what_is_worked_out_by_hand():
    feet = find_standing(
        torch.zeros(2, 4, 2), torch.ones(2), torch.ones(2, 4), torch.arange(2), 1.0
    )
    joints = torch.zeros(2, 24, 3)
    joints[1, FOOT_JOINTS[1], 2] = 0.04
    # Twice sigma, squared 4; bounded at 4 sigma: 4 / (1 + 4 / 16) = 3.2.
    assert float(feet.slip(joints, 0.02)) == pytest.approx(3.2)
    joints[1, FOOT_JOINTS[1], 2] = 40.0
    assert float(feet.slip(joints, 0.02)) == pytest.approx(16.0, rel=1e-3)
    joints[1, FOOT_JOINTS[1], 2] = 0.0
    joints[1, 4] = 1.0
    assert float(feet.slip(joints, 0.02)) == 0.0


def test_poses_tell_by_where_feet_are_in_the_picture_whatever_their_depth():
    joints = torch.zeros(3, 24, 3)
    joints[..., 2] = 3.0
    joints[:, 7] = torch.tensor([0.1, 0.9, 3.0]) * torch.tensor([1.0, 1.2, 1.5])[:, None]
    joints[:, 8, 0] = torch.tensor([0.0, 0.3, 0.6])
    _, _, stays = standing_feet(joints, torch.arange(3), 30.0).pairs[0]
    torch.testing.assert_close(stays[:, 0], torch.ones(2))
    assert float(stays[:, 1].max()) < 1e-5
