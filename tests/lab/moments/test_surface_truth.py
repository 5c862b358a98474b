import pytest
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.body.skeleton import BODY_25_NAMES
from neuhmr.geometry.rigid import Rigid
from neuhmr.lab.moments.moment_pictures import shown
from neuhmr.lab.moments.moments import moments_of_person
from neuhmr.lab.moments.surface_truth import (
    PART_NAMES,
    embedded_places,
    surface_at,
    vertex_embedding,
    vertex_parts,
)
from tests.lab.training.ring_folder import ring_person


@pytest.fixture(scope="module")
def model():
    return load_body_model()


@pytest.fixture(scope="module")
def moment(model):
    return moments_of_person(ring_person(), model)[0]


def test_parts_and_embedding_tell_left_from_right(model):
    parts, embedding = vertex_parts(model), vertex_embedding(model)
    for name, sign in (("left_hand", 1), ("right_hand", -1), ("left_foot", 1)):
        here = parts == PART_NAMES.index(name)
        assert bool((sign * embedding[here, 0] > 0).all())
    assert parts.unique().tolist() == list(range(len(PART_NAMES)))
    assert embedding.amin(dim=0).tolist() == pytest.approx([-1] * 3)
    assert embedding.amax(dim=0).tolist() == pytest.approx([1] * 3)


def test_the_surface_is_seen_where_joints_are(moment, model):
    truth = shown(moment, 0)
    head = truth.keypoints[BODY_25_NAMES.index("neck"), :2] - torch.tensor([0.0, 5.0])
    knee = truth.keypoints[BODY_25_NAMES.index("left_knee"), :2] + torch.tensor([0.0, 6.0])
    pixels = torch.stack([head, knee, torch.tensor([1.5, 1.5])])
    seen = surface_at(moment.body, model, truth.camera, truth.T_camera_world, moment.box, pixels)
    assert seen.is_body.tolist() == [True, True, False]
    assert PART_NAMES[int(seen.parts[0])] == "head"
    assert PART_NAMES[int(seen.parts[1])] == "left_shin"
    # The place in the box leads back to the pixel that was asked about, within its half.
    place = moment.box[0] + seen.coordinates[:2] * (moment.box[1] - moment.box[0])
    back = truth.camera.project(Rigid.from_matrix(truth.T_camera_world).apply(place))
    assert bool((back - (pixels[:2].floor() + 0.5)).abs().max() < 0.05)


def test_an_embedding_leads_back_to_its_place(model):
    places = embedded_places(vertex_embedding(model), model)
    torch.testing.assert_close(places, model.v_template, atol=1e-6, rtol=0.0)
    # The middle of the embedding is the middle of the rest pose's box.
    middle = (model.v_template.amin(dim=0) + model.v_template.amax(dim=0)) / 2.0
    torch.testing.assert_close(embedded_places(torch.zeros(3), model), middle)
