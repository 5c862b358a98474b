from dataclasses import replace

import pytest
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.errors import DatasetError
from neuhmr.geometry.rigid import Rigid
from neuhmr.lab.moments.moments import moments_of_person, read_moments
from tests.lab.training.ring_folder import VIEWS, ring_person, write_ring


@pytest.fixture(scope="module")
def model():
    return load_body_model()


@pytest.fixture(scope="module")
def person():
    return ring_person(poses=2)


@pytest.fixture(scope="module")
def moments(person, model):
    return moments_of_person(person, model)


def test_each_pose_is_a_moment(moments):
    assert [len(moment) for moment in moments] == [VIEWS, VIEWS]
    assert moments[1].name == "person_00000000_1"


def test_the_body_in_the_world_is_the_body_in_every_picture(person, moments, model):
    # The second implementation: each picture's own pose, without any world.
    vertices = person.motion.pose(model).vertices
    for number, moment in enumerate(moments):
        for view in range(VIEWS):
            seen = Rigid.from_matrix(moment.T_camera_world[view]).apply(moment.body.vertices)
            assert torch.allclose(seen, vertices[number * VIEWS + view], atol=1e-4)


def test_the_world_is_upright_about_the_pelvis(moments):
    for moment in moments:
        assert torch.allclose(moment.body.joints[0], torch.zeros(3), atol=1e-5)
        # These cameras are level, so the body stands along y.
        head, foot = moment.body.joints[15], moment.body.joints[10]
        assert float(head[1]) > 0.3 and float(foot[1]) < -0.5
        rotmats = moment.T_camera_world[:, :3, :3]
        assert torch.allclose(torch.det(rotmats), torch.ones(VIEWS), atol=1e-5)
        down = torch.tensor([0.0, -1.0, 0.0]).expand(VIEWS, 3)
        assert torch.allclose(rotmats[:, 1], down, atol=1e-4)


def test_the_box_holds_the_body(moments):
    vertices, box = moments[0].body.vertices, moments[0].box
    assert bool((vertices > box[0] + 0.05).all() and (vertices < box[1] - 0.05).all())


def test_keypoints_lie_on_the_person(moments):
    view = moments[0].pictures.read(1)
    assert view.keypoints.shape == (25, 3) and bool((view.keypoints[:, 2] == 1).all())
    column, row = view.keypoints[:, :2].long().unbind(dim=-1)
    near = torch.nn.functional.max_pool2d(view.mask[None].float(), 3, 1, 1)[0]
    # Toes may reach over the picture's edge by a pixel.
    row, column = row.clamp_max(len(near) - 1), column.clamp_max(near.shape[1] - 1)
    assert bool((near[row, column] > 0).all())


def test_poses_seen_once_are_left_out(person, model):
    alone = replace(person, pose_index=torch.arange(2 * VIEWS))
    assert moments_of_person(alone, model) == []


def test_another_body_model_is_refused(person, model):
    with pytest.raises(DatasetError, match="made with body model other"):
        moments_of_person(replace(person, body_model="other"), model)


def test_a_folder_without_people_or_captures_is_named(tmp_path):
    with pytest.raises(DatasetError, match="--preset views"):
        read_moments(tmp_path)
    write_ring(tmp_path, people=2)
    assert [moment.name for moment in read_moments(tmp_path, limit=1)] == ["person_00000000_0"]
