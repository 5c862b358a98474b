import pytest
import torch

from neuhmr.lab.people.motion.footsteps import GaitStyle, stand_still, walk_along

TIMES = torch.arange(120, dtype=torch.float64) / 30


def straight(times):
    return torch.stack([0 * times, 1.2 * times, 0 * times], dim=-1)


def circle(times):
    angle = 2 * torch.pi * times / 4
    return torch.stack([0.4 * (1 - angle.cos()), 0.4 * angle.sin(), angle], dim=-1)


@pytest.mark.parametrize("path", [straight, circle])
def test_one_foot_always_stands_still(path):
    steps = walk_along(path, TIMES, GaitStyle())
    speed = (steps.feet_position[1:] - steps.feet_position[:-1]).norm(dim=-1)
    assert float(speed.amin(dim=1).max()) < 1e-9
    assert float(speed.max()) > 0.02


def test_the_pelvis_passes_over_each_foot_in_the_middle_of_its_stance():
    style = GaitStyle(sway=0.0)
    steps = walk_along(straight, TIMES, style)
    # The left foot swings in steps 0, 2, ...; its stance after step 0 has its middle at 0.75 s.
    frame = round(0.75 * 30)
    ahead = steps.feet_position[frame, 0, 2] - steps.pelvis_position[frame, 1]
    assert abs(float(ahead)) < 1.2 / 30
    assert float(steps.feet_position[frame, 0, 0]) == pytest.approx(style.half_width)


def test_feet_leave_the_floor_only_when_they_swing():
    steps = walk_along(straight, TIMES, GaitStyle(foot_lift=0.06))
    height = steps.feet_position[..., 1]
    assert float(height.amin(dim=1).abs().max()) < 1e-12
    assert 0.04 < float(height.max()) < 0.09


def test_heels_land_first_and_toes_leave_last():
    steps = walk_along(straight, TIMES, GaitStyle())
    pitch = steps.feet_turn[..., 1]
    assert float(pitch.max()) > 0.2
    assert float(pitch.min()) < -0.4


def test_headings_follow_a_full_circle():
    steps = walk_along(circle, TIMES, GaitStyle(toe_out=0.0))
    turned = steps.heading[-1] - steps.heading[0]
    assert float(turned) == pytest.approx(2 * torch.pi * 119 / 120)
    assert float(steps.feet_turn[-1, 0, 0] - steps.feet_turn[0, 0, 0]) > 5.0


def test_standing_still_stands_still():
    steps = stand_still(TIMES, half_width=0.2)
    assert float(steps.feet_position.std(dim=0).max()) == 0.0
    assert steps.feet_position[0, :, 0].tolist() == [0.2, -0.2]
