import numpy as np
import pytest

from neuhmr.body.open_body import load_open_body_surface
from neuhmr.lab.people.look.surface_points import canonical_points


@pytest.fixture(scope="module")
def points(open_body):
    return canonical_points(open_body, load_open_body_surface())


def test_normals_of_the_body_point_outward(points):
    belly = np.linalg.norm(points.positions - [0.0, 0.0, 0.11], axis=1).argmin()
    assert points.normals[belly, 2] > 0.8


def test_hands_and_feet_are_at_the_limbs_ends(points):
    assert points.along_arm[points.part("left_hand", "right_hand")].min() > 0.9
    assert points.along_leg[points.part("left_foot", "right_foot")].min() > 0.9
    assert points.arm_share[points.part("left_forearm")].min() > 0.95
    assert points.head_share[points.part("eyes")].min() > 0.9


def test_parts_that_do_not_exist_match_nothing(points):
    assert not points.part("tail").any()


def test_the_limb_angle_of_the_outer_thigh_is_a_right_one(points):
    thigh = points.part("left_thigh", "right_thigh") & (np.abs(points.along_leg - 0.5) < 0.1)
    outer = thigh & (np.abs(points.normals[:, 0]) > 0.95)
    outer &= np.abs(points.positions[:, 0]) > points.joints[4, 0]
    assert np.degrees(points.limb_angle[outer]) == pytest.approx(90, abs=25)
