import numpy as np
import pytest
import torch

from neuhmr.geometry.mesh_normals import vertex_normals
from neuhmr.lab.people.stage.soft_light import group_occluders, soft_light
from neuhmr.lab.people.stage.stage import Surroundings

EVEN = Surroundings(np.ones(3), np.ones(3), np.zeros((0, 3)), np.zeros((0, 3)), 0.8)


@pytest.fixture(scope="module")
def body(open_body):
    rest = open_body.v_template.numpy().astype(np.float64) + np.array([0.0, 1.0, 0.0])
    normals = vertex_normals(torch.from_numpy(rest), open_body.faces).numpy()
    return rest, normals, group_occluders(open_body.lbs_weights.numpy(), rest)


def test_hollows_are_darker_than_what_stands_free(body, open_body):
    rest, normals, occluders = body
    light = soft_light(rest, normals, occluders, EVEN).mean(axis=1)
    joints = (open_body.J_regressor @ open_body.v_template).numpy() + np.array([0.0, 1.0, 0.0])
    crotch = (np.abs(rest[:, 0]) < 0.05) & (np.abs(rest[:, 1] - joints[1, 1] + 0.12) < 0.05)
    crown = rest[:, 1] > rest[:, 1].max() - 0.03
    assert light[crotch].mean() < 0.8 * light[crown].mean()
    assert light.min() > 0.1
    assert light.max() <= 1.0


def test_without_occlusion_even_surroundings_change_nothing(body):
    rest, normals, occluders = body
    flat = Surroundings(EVEN.above, EVEN.below, EVEN.beside, EVEN.tints, 0.0)
    np.testing.assert_allclose(soft_light(rest, normals, occluders, flat), 1.0)


def test_a_bright_side_lights_the_side_that_faces_it(body):
    rest, normals, occluders = body
    left = np.array([[1.0, 0.0, 0.0]])
    lit = Surroundings(EVEN.above, EVEN.below, left, np.array([[0.5, 0.1, 0.1]]), 0.0)
    light = soft_light(rest, normals, occluders, lit)
    facing, averted = normals[:, 0] > 0.9, normals[:, 0] < -0.9
    assert light[facing, 0].mean() > 1.4
    np.testing.assert_allclose(light[averted], 1.0, atol=0.01)
