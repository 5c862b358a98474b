from dataclasses import fields

import torch

from neuhmr.motion_prior.beliefs import _look
from neuhmr.motion_prior.mirroring import (
    OTHER_SIDE,
    mean_belief,
    mirror_belief,
    mirror_points,
    mirror_rotations,
    mirror_view,
)
from neuhmr.motion_prior.view import Sightings, posed_joints, view_person
from tests.motion_prior.scene import (
    body,
    random_network,
    random_poses,
    random_sightings,
    random_view,
)


def test_a_mirrored_body_has_its_joints_where_the_mirror_shows_them():
    rotmat, _ = random_poses(5)
    rest = body().joints_rest
    mirrored_rest = mirror_points(rest[OTHER_SIDE])
    here = posed_joints(rest, rotmat)
    there = posed_joints(mirrored_rest, mirror_rotations(rotmat))
    torch.testing.assert_close(there, mirror_points(here[:, OTHER_SIDE]), atol=1e-5, rtol=0)
    torch.testing.assert_close(mirror_rotations(mirror_rotations(rotmat)), rotmat)


def test_a_mirrored_view_is_the_view_of_a_mirrored_scene():
    rotmat, pelvis = random_poses(7)
    seen = random_sightings(7)
    rest, betas = body().joints_rest, torch.linspace(-1.0, 1.0, 10)
    view = view_person(rest, betas, rotmat, pelvis, seen)
    order = [0, 2, 1, 4, 3, 5, 7, 6, 8, 9, 11, 10, 13, 12, 15, 14]
    mirrored_sightings = Sightings(
        mirror_points(seen.directions[:, order]), seen.misses[:, order], seen.is_seen[:, order]
    )
    scene = view_person(
        mirror_points(rest[OTHER_SIDE]),
        betas,
        mirror_rotations(rotmat),
        mirror_points(pelvis),
        mirrored_sightings,
    )
    found = mirror_view(view)
    for field in fields(found):
        one, other = getattr(found, field.name), getattr(scene, field.name)
        torch.testing.assert_close(one, other, atol=1e-5, rtol=0)


def test_beliefs_are_mirrored_back():
    view, network = random_view(6)[None], random_network()
    times = torch.arange(6.0)[None]
    belief = network(view, times)
    there = mirror_belief(belief).joints(mirror_view(view))
    here = belief.joints(view)
    torch.testing.assert_close(there, mirror_points(here[..., OTHER_SIDE, :]), atol=1e-5, rtol=0)
    assert torch.equal(mirror_belief(belief).along, belief.along[..., OTHER_SIDE])
    assert torch.equal(mirror_belief(belief).shift, mirror_points(belief.shift))


def test_a_window_and_its_mirror_image_are_believed_alike():
    view, network = random_view(6), random_network()
    rows, times = torch.arange(6), torch.arange(6.0)
    belief = _look(network, view, rows, times)
    mirrored = mirror_belief(_look(network, mirror_view(view), rows, times))
    for field in fields(belief):
        one, other = getattr(belief, field.name), getattr(mirrored, field.name)
        torch.testing.assert_close(one, other, atol=1e-4, rtol=0)


def test_the_mean_of_two_beliefs_lies_between_them():
    view, times = random_view(3)[None], torch.arange(3.0)[None]
    first, second = (random_network(seed)(view, times) for seed in (0, 1))
    mean = mean_belief(first, second)
    torch.testing.assert_close(mean.shift, 0.5 * (first.shift + second.shift))
    torch.testing.assert_close(mean.along, 0.5 * (first.along + second.along))
    square = mean.rotmat @ mean.rotmat.mT
    torch.testing.assert_close(square, torch.eye(3).expand_as(square), atol=1e-5, rtol=0)
