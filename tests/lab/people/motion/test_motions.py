import math

import numpy as np
import pytest
import torch

from neuhmr.geometry.rotations import rotation_angle
from neuhmr.lab.people.motion.floor_work import FLOOR_KINDS
from neuhmr.lab.people.motion.motions import MOTION_KINDS, WIDE_KINDS, generate_motion

ALL_KINDS = (*MOTION_KINDS, *WIDE_KINDS)
FASTEST = {"spin_kick": 13.0, "pirouette": 12.0}
"""Of a foot and of an outstretched hand (m/s)."""


@pytest.fixture(scope="module")
def motions(shaped):
    def make(kind):
        return generate_motion(kind, 60, shaped, np.random.default_rng(5))

    return {kind: make(kind) for kind in ALL_KINDS}


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_rotations_are_rotations(motions, kind):
    rotmats = torch.cat([motions[kind].global_orient[:, None], motions[kind].body_pose], dim=1)
    assert bool(torch.isfinite(rotmats).all())
    identity = torch.eye(3).expand_as(rotmats)
    torch.testing.assert_close(rotmats @ rotmats.transpose(-1, -2), identity, atol=1e-5, rtol=0)
    assert float(torch.linalg.det(rotmats).min()) > 0.99


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_nobody_sinks_into_the_floor_or_floats(motions, shaped, kind):
    lowest = motions[kind][::4].pose(shaped).vertices[..., 1].amin(dim=1)
    # Feet are rigid from ankle to ball, so rolling over them costs about 2 cm.
    assert float(lowest.min()) > -0.05
    assert float(lowest.max()) < (0.13 if kind == "jacks" else 0.06), "jacks jump"


@pytest.mark.parametrize("kind", [k for k in ALL_KINDS if k != "random"])
def test_motions_are_smooth(motions, shaped, kind):
    joints = motions[kind].pose(shaped).joints
    speed = (joints[1:] - joints[:-1]).norm(dim=-1) * 30
    assert float(speed.max()) < FASTEST.get(kind, 9.0), "faster than a punch"
    assert float(speed.max()) > 0.05


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_knees_and_elbows_bend_the_right_way(motions, kind):
    pose = motions[kind].body_pose
    for knee in (4, 5):
        # The shank's rest direction is down; bent, it goes backward.
        assert float((pose[:, knee - 1] @ torch.tensor([0.0, -1.0, 0.0]))[:, 2].max()) < 0.05
    for elbow, outward in ((18, 1.0), (19, -1.0)):
        # The forearm's rest direction is outward; bent, it goes forward.
        assert float((pose[:, elbow - 1] @ torch.tensor([outward, 0.0, 0.0]))[:, 2].min()) > -0.05


def test_the_same_seed_gives_the_same_motion(motions, shaped):
    again = generate_motion("dance", 60, shaped, np.random.default_rng(5))
    assert torch.equal(again.body_pose, motions["dance"].body_pose)
    other = generate_motion("dance", 60, shaped, np.random.default_rng(6))
    assert float(rotation_angle(other.body_pose.mT @ again.body_pose).mean()) > 0.05


def test_turn_goes_once_around(motions):
    ahead = motions["turn"].global_orient[..., 2]
    heading = np.unwrap(np.arctan2(ahead[:, 0].numpy(), ahead[:, 2].numpy()))
    assert abs(heading[-1] - heading[0]) > math.radians(345)


def test_walking_feet_do_not_slide(motions, shaped):
    # The foot that is lower stands: its ball moves less than 1.5 cm per frame even while it rolls.
    balls = motions["walk"].pose(shaped).joints[:, [10, 11]]
    speed = (balls[1:] - balls[:-1])[..., [0, 2]].norm(dim=-1)
    lower = balls[1:, :, 1].argmin(dim=1)
    assert float(speed.gather(1, lower[:, None]).median()) < 0.015


@pytest.mark.parametrize("kind", ["spin_kick", "pirouette"])
def test_spins_go_around_at_least_once_and_end_on_both_feet(motions, shaped, kind):
    ahead = motions[kind].global_orient[..., 2]
    heading = np.unwrap(np.arctan2(ahead[:, 0].numpy(), ahead[:, 2].numpy()))
    assert abs(heading[-1] - heading[0]) > math.radians(330)
    ankles = motions[kind].pose(shaped).joints[:, [7, 8], 1]
    assert float((ankles[:, 0] - ankles[:, 1]).abs().max()) > 0.3, "one foot leaves the floor"
    assert float((ankles[-1, 0] - ankles[-1, 1]).abs()) < 0.03


@pytest.mark.parametrize("kind", FLOOR_KINDS)
def test_floor_work_takes_place_near_the_floor(motions, shaped, kind):
    pelvis = motions[kind].pose(shaped).joints[:, 0, 1]
    assert float(pelvis.min()) < 0.65


@pytest.mark.parametrize("kind", ["crawl", "push_up"])
def test_hands_carry_the_body(motions, shaped, kind):
    hands = motions[kind].pose(shaped).joints[:, [22, 23], 1]
    assert float(hands.amin(dim=1).max()) < 0.12


def test_pushing_up_keeps_the_toes_where_they_are(motions, shaped):
    toes = motions["push_up"].pose(shaped).joints[:, [10, 11]].mean(dim=1)
    assert float((toes - toes[0])[:, [0, 2]].abs().max()) < 0.03
