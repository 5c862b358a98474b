import math

import numpy as np
import pytest

from neuhmr.clip.open_request import OpenRequest
from tests.workbench.fake_engine import FakeEngine
from workbench.scene.picking import joint_at_point, joint_at_ray, person_at_point
from workbench.scene.quick_overlay import project

JOINTS = np.array([[0.0, 0.0, 2.0], [0.5, 0.0, 2.0], [0.0, 0.5, 3.0]])


@pytest.fixture
def footage(tmp_path):
    return FakeEngine().open(OpenRequest(clip=tmp_path / "a.mp4"), lambda progress: None)


def test_the_ray_takes_the_joint_nearest_to_it_whatever_lies_before():
    assert joint_at_ray(JOINTS, (0, 0, 0), (0.01, 0.0, 1.0)) == 0
    assert joint_at_ray(JOINTS, (0, 0, 0), (0.25, 0.0, 1.0)) == 1
    # A length other than 1 says the same.
    assert joint_at_ray(JOINTS, (0, 0, 0), (0.0, 5.0, 30.0)) == 2


def test_a_ray_past_all_joints_takes_none():
    assert joint_at_ray(JOINTS, (0, 0, 0), (1.0, 1.0, 1.0)) is None
    assert joint_at_ray(JOINTS, (0, 0, 0), (0.0, 0.0, -1.0)) is None


@pytest.mark.parametrize(
    ("origin", "direction"),
    [(None, None), ((0, 0), (0, 0, 1)), ((0, 0, 0), (0, 0, 0)), ((0, 0, math.nan), (0, 0, 1)),
     ((0, 0, 0), (0, 0, math.inf)), ("abc", (0, 0, 1)), ((0, 0, 0), {"x": 1})],
)  # fmt: skip
def test_what_is_no_ray_takes_none(origin, direction):
    assert joint_at_ray(JOINTS, origin, direction) is None


def test_a_point_of_the_picture_takes_the_joint_drawn_there(footage):
    camera = footage.camera
    joints = footage.pose(footage.initial, 7).joints
    for joint in (4, 15, 20):
        u, v = project(joints, camera.K.numpy())[joint]
        across, down = (u + 1.0) / camera.width, (v - 1.0) / camera.height
        assert joint_at_point(footage, footage.initial, 7, across, down) == joint


def test_a_point_far_from_everybody_takes_none(footage):
    assert joint_at_point(footage, footage.initial, 7, 0.01, 0.01) is None
    assert joint_at_point(footage, footage.initial, 10_000, 0.5, 0.5) is None


def test_a_point_on_somebody_takes_them_and_nobody_elsewhere(tmp_path):
    engine = FakeEngine(has_several=True)
    footage = engine.open(OpenRequest(clip=tmp_path / "a.mp4"), lambda progress: None)
    camera = footage.camera
    for person, motion in footage.people.items():
        joints = footage.pose(motion, 7).joints
        for joint in (0, 15, 8):
            u, v = project(joints, camera.K.numpy())[joint]
            assert person_at_point(footage, 7, u / camera.width, v / camera.height) == person
    assert person_at_point(footage, 7, 0.02, 0.02) is None
    assert person_at_point(footage, 10_000, 0.5, 0.5) is None


def test_nobody_can_be_chosen_where_there_is_only_one(footage):
    u, v = project(footage.pose(footage.initial, 7).joints, footage.camera.K.numpy())[0]
    assert person_at_point(footage, 7, u / footage.camera.width, v / footage.camera.height) is None
