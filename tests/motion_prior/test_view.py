import pytest
import torch

from neuhmr.body.skeleton import MATCHING_JOINTS, SMPL_PARENTS
from neuhmr.body.skinning import pose_bones
from neuhmr.geometry.rotations import rotation_about
from neuhmr.motion_prior.view import NUM_BETAS, Sightings, posed_joints, ray_axes, view_person
from tests.motion_prior.scene import body, random_poses, random_sightings, random_view


def test_joints_of_many_bodies_are_posed_as_those_of_one():
    rotmat, _ = random_poses(7)
    rest = body().joints_rest
    expected = pose_bones(rest, rotmat, SMPL_PARENTS).apply(rest)
    found = posed_joints(rest, rotmat)
    torch.testing.assert_close(found, expected - rest[0], atol=1e-6, rtol=0)


def test_the_ray_points_at_the_pelvis_and_the_picture_stays_level():
    _, pelvis = random_poses(9)
    axes = ray_axes(pelvis)
    along = (axes @ pelvis[..., None])[..., 0]
    expected = torch.stack([torch.zeros(9), torch.zeros(9), pelvis.norm(dim=-1)], dim=-1)
    torch.testing.assert_close(along, expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(torch.linalg.det(axes), torch.ones(9))
    assert float(axes[:, 0, 1].abs().max()) < 1e-6
    straight = ray_axes(torch.tensor([0.0, 0.0, 3.0]))
    torch.testing.assert_close(straight, torch.eye(3))


def test_a_joint_that_is_seen_where_it_is_is_not_off():
    rotmat, pelvis = random_poses(5)
    places = posed_joints(body().joints_rest, rotmat) + pelvis[:, None]
    seen = places[:, list(MATCHING_JOINTS)]
    sightings = Sightings(seen, torch.full(seen.shape[:2], 0.02), torch.ones(seen.shape[:2]) > 0)
    view = view_person(body().joints_rest, torch.zeros(NUM_BETAS), rotmat, pelvis, sightings)
    # Behind 144 numbers of rotations and 72 of joints come the offsets of the sightings.
    offsets = view.inputs()[:, 216 : 216 + 32]
    assert float(offsets.abs().max()) < 1e-4
    torch.testing.assert_close(view.sureness, torch.full(seen.shape[:2], 0.5))


def test_a_sighting_ten_centimeters_beside_a_joint_is_so_far_off():
    rotmat = torch.eye(3).expand(1, 24, 3, 3)
    pelvis = torch.tensor([[0.0, 0.0, 4.0]])
    head = posed_joints(body().joints_rest, rotmat)[0, 15] + pelvis[0]
    directions = torch.ones(1, 16, 3)
    place = list(MATCHING_JOINTS).index(15)
    directions[0, place] = head + torch.tensor([0.1 * float(head[2]) / 4.0, 0.0, 0.0])
    is_seen = torch.zeros(1, 16, dtype=torch.bool)
    is_seen[0, place] = True
    sightings = Sightings(directions, torch.full((1, 16), 0.02), is_seen)
    view = view_person(body().joints_rest, torch.zeros(10), rotmat, pelvis, sightings)
    offsets = view.inputs()[0, 216 : 216 + 32].unflatten(0, (16, 2)) / 10.0
    expected = torch.zeros(16, 2)
    expected[place, 0] = 0.1
    torch.testing.assert_close(offsets, expected, atol=1e-5, rtol=0)


def test_where_in_the_picture_somebody_stands_changes_only_the_ray():
    rotmat, pelvis = random_poses(6)
    sightings = random_sightings(6)
    turn = rotation_about("y", torch.tensor(0.3))
    turned = torch.cat([(turn @ rotmat[:, 0])[:, None], rotmat[:, 1:]], dim=1)
    moved = Sightings(sightings.directions @ turn.T, sightings.misses, sightings.is_seen)
    args = body().joints_rest, torch.zeros(NUM_BETAS)
    here = view_person(*args, rotmat, pelvis, sightings).inputs()
    there = view_person(*args, turned, pelvis @ turn.T, moved).inputs()
    differs = (here - there).abs().amax(dim=0) > 1e-4
    ray = torch.zeros(here.shape[1], dtype=torch.bool)
    ray[216 + 16 * 5 : 216 + 16 * 5 + 3] = True
    assert not bool((differs & ~ray).any()), differs.nonzero()[:, 0]
    assert bool(differs[ray].any())


@pytest.mark.parametrize("hidden", ["none", "behind"])
def test_what_is_not_seen_is_not_looked_at(hidden: str):
    sightings = random_sightings(4)
    if hidden == "none":
        blind = Sightings(sightings.directions, sightings.misses, sightings.is_seen & False)
    else:
        blind = Sightings(-sightings.directions, sightings.misses, sightings.is_seen)
    torch.testing.assert_close(random_view(4, sightings=blind).inputs(), random_view(4).inputs())
    assert not torch.equal(random_view(4, sightings=sightings).inputs(), random_view(4).inputs())
