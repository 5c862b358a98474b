"""Standing upright, on the floor, whatever the world of the camera."""

from dataclasses import replace

import numpy as np
import pytest

from neuhmr.body.skinning_arrays import rest_pelvis
from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.formats.writing.world import TO_Z_UP, move_motion, stand_in_world
from tests.formats.writing.people import ONE_MM, Z_UP_TO_Y_UP, make_person, pose_smpl

ROUNDING = 1e-6


def joints_of(person, moved: MotionArrays) -> np.ndarray:
    poses = np.concatenate([moved.global_orient, moved.body_pose], axis=1)
    return pose_smpl(person.model, poses, moved.transl, moved.mean_betas())


@pytest.mark.parametrize("axis", TO_Z_UP)
@pytest.mark.parametrize("up", ["y", "z"])
def test_whatever_axis_of_the_world_is_up_the_person_stands_on_the_floor(axis, up):
    person = make_person(TO_Z_UP[axis].T)
    moved, remarks = stand_in_world(person.content, person.model, up)
    joints = joints_of(person, moved)
    height = joints[..., 2 if up == "z" else 1]
    expected = person.joints[..., 2]
    np.testing.assert_allclose(height, expected, atol=ONE_MM)
    # The heading of a world is anybody's choice, but it must be one and the same for all rows.
    flat = [0, 1] if up == "z" else [0, 2]
    ways = np.linalg.norm(np.diff(joints[:, 0][:, flat], axis=0), axis=1)
    np.testing.assert_allclose(
        ways, np.linalg.norm(np.diff(person.joints[:, 0, :2], axis=0), axis=1), atol=ONE_MM
    )
    assert f"world's {axis}," in remarks[0] and "floor is at height 0" in remarks[1]
    assert moved.T_camera_world is None and moved.K is None


def test_a_z_up_world_stays_as_it_is_but_for_the_floor(person):
    moved, _ = stand_in_world(person.content, person.model, "z")
    np.testing.assert_allclose(joints_of(person, moved), person.joints, atol=ONE_MM)
    moved, _ = stand_in_world(person.content, person.model, "y")
    np.testing.assert_allclose(
        joints_of(person, moved), person.joints @ Z_UP_TO_Y_UP.T, atol=ONE_MM
    )


def test_without_a_world_the_camera_is_stood_upright(person):
    unknown = replace(person.content, T_camera_world=None)
    in_camera = person.joints_in_camera()
    moved, remarks = stand_in_world(unknown, person.model, "z")
    # (right, down, away) becomes (right, away, up).
    expected = in_camera[..., [0, 2, 1]] * [1, 1, -1]
    np.testing.assert_allclose(joints_of(person, moved), expected, atol=ONE_MM)
    moved, _ = stand_in_world(unknown, person.model, "y")
    expected = in_camera * [1, -1, -1]
    np.testing.assert_allclose(joints_of(person, moved), expected, atol=ONE_MM)
    assert len(remarks) == 1 and "guess" in remarks[0]


def test_a_row_without_a_pose_says_nothing_about_up_or_floor(person):
    content = person.content
    valid = content.valid.copy()
    valid[[2, 5, 6, 7, 8, 9, 10]] = False
    transl = np.where(valid[:, None], content.transl, -100.0)
    orient = np.where(valid[:, None], content.global_orient, 0.0)
    marked = replace(content, valid=valid, transl=transl, global_orient=orient)
    kept = content.select(valid)
    moved, remarks = stand_in_world(marked, person.model, "z")
    expected, same = stand_in_world(kept, person.model, "z")
    np.testing.assert_allclose(moved.select(valid).transl, expected.transl, atol=ROUNDING)
    assert remarks == same


def test_the_root_turns_about_the_pelvis():
    # By hand: the pelvis rests at j = (2, 1, 0) and is at j + t = (3, 3, 3). A quarter turn about
    # y, z to x, then 1 along x: (3 + 1, 3, -3), which is (2, 2, -3) from where it rests.
    class Body:
        v_template = np.array([[0.0, 0, 0], [4, 2, 0]])
        shapedirs = np.zeros((2, 3, 10))
        J_regressor = np.array([[0.5, 0.5]])

    content = MotionArrays(
        global_orient=np.array([[np.pi / 2, 0.0, 0.0]]),
        body_pose=np.zeros((1, 69)),
        transl=np.array([[1.0, 2.0, 3.0]]),
        betas=np.zeros((1, 10)),
        frame_index=np.array([0]),
        valid=np.array([True]),
        fps=25.0,
    )
    transform = np.array([[0.0, 0, 1, 1], [0, 1, 0, 0], [-1, 0, 0, 0], [0, 0, 0, 1]])
    moved = move_motion(content, Body(), transform)
    np.testing.assert_allclose(moved.transl, [[2, 2, -3]], atol=ROUNDING)
    # About x, y goes to z, and then to x; z goes to -y; x goes to -z: a third of a turn about
    # (-1, 1, -1).
    third = 2 * np.pi / 3 / np.sqrt(3)
    np.testing.assert_allclose(moved.global_orient, [[third, third, -third]], atol=ROUNDING)


def test_the_pelvis_is_the_models_own_in_arrays_as_in_tensors(person, generator):
    import torch

    betas = torch.randn(10, generator=generator)
    expected = person.model.with_shape(betas).joints_rest[0].numpy()
    np.testing.assert_allclose(rest_pelvis(person.model, betas.numpy()), expected, atol=ROUNDING)
