import math

import pytest
import torch

from neuhmr.lab.people.motion.footsteps import stand_still
from neuhmr.lab.people.motion.key_poses import arm_track
from neuhmr.lab.people.motion.limb_solver import ankle_height, place_limb, solve_targets
from neuhmr.lab.people.motion.motion_parts import Trunk, assemble


def test_place_limb_bends_a_right_angle_of_a_3_4_5_triangle():
    # Bones 3 and 4, ends 5 apart: the angle between them is a right one. The middle joint is at
    # 9 / 5 = 1.8 along the line and sqrt(9 - 3.24) = 2.4 towards the pole.
    start, target = torch.zeros(1, 3), torch.tensor([[5.0, 0.0, 0.0]])
    upper, lower, _ = place_limb(start, target, torch.tensor([[0.0, 1.0, 0.0]]), (3.0, 4.0))
    torch.testing.assert_close(3.0 * upper, torch.tensor([[1.8, 2.4, 0.0]]))
    torch.testing.assert_close(3.0 * upper + 4.0 * lower, target)
    assert float((upper * lower).sum()) == pytest.approx(0.0, abs=1e-6)


def test_place_limb_stretches_towards_what_it_cannot_reach():
    target = torch.tensor([[0.0, 0.0, 9.0]])
    upper, lower, _ = place_limb(torch.zeros(1, 3), target, torch.tensor([[1.0, 0, 0]]), (1.0, 1.0))
    end = upper + lower
    assert float(end.norm()) == pytest.approx(2 * 0.995, abs=1e-4)
    assert float(end[0, 2]) == pytest.approx(float(end.norm()), abs=1e-4)


def test_the_hinge_points_to_the_left_when_a_knee_bends_forward():
    down = torch.tensor([[0.0, -0.7, 0.0]])
    _, _, hinge = place_limb(torch.zeros(1, 3), down, torch.tensor([[0.0, 0, 1.0]]), (0.4, 0.4))
    torch.testing.assert_close(hinge, torch.tensor([[1.0, 0.0, 0.0]]))


@pytest.fixture
def standing(shaped):
    times = torch.zeros(5, dtype=torch.float64)
    arms = arm_track(times, [(0.0, "front")], [(0.0, "side")])
    return assemble(stand_still(times, 0.15, 0.2), Trunk.upright(times), arms)


def test_feet_stand_flat_where_they_are_put(standing, shaped):
    body = shaped.to(torch.float64)
    posed = solve_targets(standing, body, sole=0.01).pose(body)
    for side, ankle in enumerate((7, 8)):
        wanted = standing.feet_position[:, side].clone()
        wanted[:, 1] += ankle_height(body, side) + 0.01
        torch.testing.assert_close(posed.joints[:, ankle], wanted, atol=1e-6, rtol=0)
    lowest = posed.vertices[..., 1].amin(dim=1)
    # The calf hangs into the foot by less than a tenth of a millimetre.
    torch.testing.assert_close(lowest, torch.full_like(lowest, 0.01), atol=1e-4, rtol=0)


def test_hands_go_where_they_are_asked_to(standing, shaped):
    joints = solve_targets(standing, shaped.to(torch.float64)).pose(shaped.to(torch.float64)).joints
    left, right = joints[0, 20] - joints[0, 16], joints[0, 21] - joints[0, 17]
    # Left forward (+z), right outward (-x for the right arm), both nearly stretched.
    assert left[2] / left.norm() > 0.98
    assert -right[0] / right.norm() > 0.97


def test_a_turned_foot_heads_where_it_is_told(standing, shaped):
    body = shaped.to(torch.float64)
    posed = solve_targets(standing, body).pose(body)
    ahead = posed.bones.rotmat[0, 7] @ torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64)
    assert math.atan2(float(ahead[0]), float(ahead[2])) == pytest.approx(0.2, abs=1e-6)


def test_hands_are_kept_out_of_the_trunk(standing, shaped):
    body = shaped.to(torch.float64)
    inside = standing.hands.clone()
    inside[:, 0] = torch.tensor([-0.3, -0.6, 0.0], dtype=torch.float64)
    into = type(standing)(**{**vars(standing), "hands": inside})
    wrist = solve_targets(into, body).pose(body).joints[0, 20]
    assert math.hypot(float(wrist[0]), float(wrist[2])) > 0.14
