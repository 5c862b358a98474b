import numpy as np
import torch

from neuhmr.people.motions import generate_motion
from neuhmr.people.person import MAX_BETA, make_person, stream


def test_streams_are_independent_and_repeatable():
    assert stream(3, "look").uniform() == stream(3, "look").uniform()
    assert stream(3, "look").uniform() != stream(3, "shape").uniform()
    assert stream(3, "look").uniform() != stream(4, "look").uniform()


def test_the_same_seed_makes_the_same_person(person):
    again = make_person(person.seed, texture_size=128)
    assert again.look == person.look
    assert torch.equal(again.clothed_vertices, person.clothed_vertices)
    np.testing.assert_array_equal(again.texture, person.texture)


def test_betas_are_within_two_deviations(person):
    assert float(person.betas.abs().max()) <= MAX_BETA
    assert float(person.betas.abs().max()) > 0.1


def test_clothes_move_with_the_body(person):
    motion = generate_motion("squat", 6, person.shaped, np.random.default_rng(0))
    posed = motion.pose(person.shaped)
    surface = person.clothed_surface(posed)
    naked_distance = (person.clothed_vertices - person.shaped.v_shaped).norm(dim=-1)
    posed_distance = (surface - posed.vertices).norm(dim=-1)
    # Skinning turns offsets but hardly stretches them.
    assert float((posed_distance - naked_distance).abs().max()) < 0.012


def test_joints_are_those_of_the_naked_body(person):
    expected = person.shaped.model.J_regressor @ person.shaped.v_shaped
    torch.testing.assert_close(person.shaped.joints_rest, expected)


def test_soles_are_as_thick_as_the_shoes(person):
    assert 0.002 < person.sole < 0.035
