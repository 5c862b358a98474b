import numpy as np
import torch

from neuhmr.lab.people.motion.motions import generate_motion
from neuhmr.lab.people.person import MAX_BETA, make_person
from neuhmr.lab.people.random_streams import stream


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
    change = (posed_distance - naked_distance).abs()
    assert float(change.max()) < 0.02
    assert float(change.mean()) < 0.002


def test_joints_are_those_of_the_naked_body(person):
    expected = person.shaped.model.J_regressor @ person.shaped.v_shaped
    torch.testing.assert_close(person.shaped.joints_rest, expected)


def test_soles_are_as_thick_as_the_shoes(person):
    # The sole lies under a foot that is not quite flat.
    assert 0.0 <= person.sole - person.look.shoes.sole_thickness < 0.01


def test_shoes_are_around_the_feet(person):
    feet = person.clothed_vertices[(person.shaped.model.lbs_weights[:, [7, 10]].sum(dim=1) > 0.9)]
    shoe = person.attachments[0].vertices
    low = feet[feet[:, 1] < feet[:, 1].min() + 0.05].numpy()
    assert (low.min(axis=0)[[0, 2]] > shoe.min(axis=0)[[0, 2]]).all()
    assert (low.max(axis=0)[[0, 2]] < shoe.max(axis=0)[[0, 2]]).all()


def test_the_whole_surface_is_in_the_order_of_the_layout(person):
    motion = generate_motion("walk", 3, person.shaped, np.random.default_rng(0))
    surface = person.surface(motion.pose(person.shaped))
    assert surface.shape == (3, len(person.surface_at_rest()), 3)
    assert person.layout.vertex.max() == surface.shape[1] - 1
    assert person.layout.uv.min() >= 0
    assert person.layout.uv.max() <= 1


def test_what_is_worn_beside_the_body_moves_with_it(person):
    motion = generate_motion("kick", 8, person.shaped, np.random.default_rng(0))
    posed = motion.pose(person.shaped)
    count = len(person.clothed_vertices)
    shoe = person.surface(posed)[:, count : count + len(person.attachments[0].vertices)]
    to_ankle = np.linalg.norm(shoe.mean(axis=1) - posed.joints[:, 7].numpy(), axis=1)
    assert np.ptp(to_ankle) < 0.005, "the left shoe stays at the left ankle"


def test_shapes_are_wide_and_belong_to_the_person():
    betas = np.stack([make_person(seed, texture_size=16).betas.numpy() for seed in range(12)])
    assert 0.8 < betas.std() < 1.4
    assert np.abs(betas).max() <= MAX_BETA
