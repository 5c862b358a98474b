"""Dragged joints: the target is met within a millimeter, and nothing else moves."""

import itertools

import pytest
import torch

from neuhmr.body.skeleton import SMPL_JOINT_NAMES, SMPL_PARENTS
from neuhmr.refine.correction.reach import point_at_depth, reach
from neuhmr.refine.correction.skeleton import chain_of
from tests.refine.correction.people import CAMERA, SKELETON, UPRIGHT, bone_lengths, rotmats, walking

ARMS_AND_LEGS = (7, 8, 10, 11, 20, 21, 22, 23)
TRUNK = (6, 9, 12, 13, 14, 15, 16, 17)


def pose(seed):
    motion = walking(1, seed)
    return rotmats(motion)[0], motion.transl[0]


def below(joint):
    found = {joint}
    for child in range(joint + 1, 24):
        if SMPL_PARENTS[child] in found:
            found.add(child)
    return found


def bend(places, upper, lower, end):
    first, second = places[lower] - places[upper], places[end] - places[lower]
    return torch.rad2deg(torch.atan2(torch.linalg.cross(first, second).norm(), first @ second))


@pytest.mark.parametrize("joint", ARMS_AND_LEGS)
@pytest.mark.parametrize("seed", range(5))
def test_a_limb_reaches_whatever_is_in_reach(joint, seed):
    rotmat, transl = pose(seed)
    upper, lower = chain_of(joint).joints
    places = SKELETON.joints(rotmat, transl)
    lengths = (places[lower] - places[upper]).norm(), (places[joint] - places[lower]).norm()
    generator = torch.Generator().manual_seed(seed)
    direction = torch.nn.functional.normalize(torch.randn(3, generator=generator), dim=0)
    low, high = abs(lengths[0] - lengths[1]), lengths[0] + lengths[1]
    target = places[upper] + direction * (low + 0.9 * (high - low) * torch.rand(1)[0])
    turned, stayed = reach(SKELETON, rotmat, transl, joint, target)
    found = SKELETON.joints(turned, stayed)
    assert float((found[joint] - target).norm()) < 1e-3
    assert torch.allclose(bone_lengths(found), bone_lengths(places), atol=1e-5)


@pytest.mark.parametrize("joint", range(24))
def test_nothing_moves_but_what_hangs_on_the_chain(joint):
    rotmat, transl = pose(3)
    places = SKELETON.joints(rotmat, transl)
    target = places[joint] + torch.tensor([0.05, -0.04, 0.06])
    turned, moved = reach(SKELETON, rotmat, transl, joint, target)
    chain = chain_of(joint)
    same = [j for j in range(24) if j not in chain.joints]
    assert torch.equal(turned[same], rotmat[same])
    if chain.kind == "place":
        assert torch.equal(turned, rotmat)
        found = SKELETON.joints(turned, moved)
        assert torch.allclose(found - places, target - places[joint], atol=1e-5)
        return
    assert torch.equal(moved, transl)
    hanging = set().union(*(below(j) - {j} for j in chain.joints))
    still = [j for j in range(24) if j not in hanging]
    found = SKELETON.joints(turned, moved)
    assert torch.allclose(found[still], places[still], atol=1e-6)
    assert joint in hanging


@pytest.mark.parametrize("joint", (*ARMS_AND_LEGS, 4, 5, 18, 19))
def test_a_limb_stretches_straight_towards_what_is_out_of_reach(joint):
    rotmat, transl = pose(1)
    chain = chain_of(joint).joints
    places = SKELETON.joints(rotmat, transl)
    target = places[chain[0]] + torch.tensor([2.0, 1.0, -2.0])
    found = SKELETON.joints(*reach(SKELETON, rotmat, transl, joint, target))
    towards = torch.nn.functional.normalize(target - places[chain[0]], dim=0)
    nodes = [*chain, joint]
    length = sum((places[b] - places[a]).norm() for a, b in itertools.pairwise(nodes))
    assert torch.allclose(found[joint], places[chain[0]] + length * towards, atol=1e-3)


def test_a_limb_that_must_fold_too_far_folds_as_far_as_it_goes():
    rotmat, transl = pose(2)
    places = SKELETON.joints(rotmat, transl)
    found = SKELETON.joints(*reach(SKELETON, rotmat, transl, 7, places[1].clone()))
    lengths = (places[4] - places[1]).norm() - (places[7] - places[4]).norm()
    assert float((found[7] - places[1]).norm()) == pytest.approx(abs(float(lengths)), abs=1e-3)


@pytest.mark.parametrize("joint", TRUNK)
@pytest.mark.parametrize("seed", range(3))
def test_the_trunk_reaches_whatever_another_bend_of_it_reaches(joint, seed):
    rotmat, transl = pose(seed)
    bent = rotmat.clone()
    for each in chain_of(joint).joints:
        bent[each] = rotmats(walking(1, seed + 20))[0, each]
    target = SKELETON.joints(bent, transl)[joint]
    found = SKELETON.joints(*reach(SKELETON, rotmat, transl, joint, target))
    assert float((found[joint] - target).norm()) < 1e-3


def test_the_trunk_leans_towards_what_is_out_of_reach_without_shaking():
    rotmat = torch.eye(3).expand(24, 3, 3).clone()
    rotmat[0] = UPRIGHT
    transl = torch.tensor([0.0, 0.0, 4.0])
    places = SKELETON.joints(rotmat, transl)
    target = places[15] + torch.tensor([0.0, 0.3, -3.0])
    found = SKELETON.joints(*reach(SKELETON, rotmat, transl, 15, target))
    before, after = (target - places[15]).norm(), (target - found[15]).norm()
    assert float(after) < float(before) - 0.3
    again = SKELETON.joints(*reach(SKELETON, rotmat, transl, 15, target + 1e-4))
    assert float((again[15] - found[15]).norm()) < 1e-3


@pytest.mark.parametrize(("joint", "side"), [(20, -1.0), (21, -1.0), (7, 1.0), (8, 1.0)])
def test_a_straight_elbow_bends_forward_and_a_straight_knee_backward(joint, side):
    rotmat = torch.eye(3).expand(24, 3, 3).clone()
    rotmat[0] = UPRIGHT
    transl = torch.tensor([0.0, 0.0, 4.0])
    rest = SKELETON.joints_rest
    upper, lower = chain_of(joint).joints
    # Straight limbs along their own bone.
    straight = rest.clone()
    along = torch.nn.functional.normalize(rest[lower] - rest[upper], dim=0)
    straight[joint] = rest[lower] + along * (rest[joint] - rest[lower]).norm()
    skeleton = type(SKELETON)(straight)
    places = skeleton.joints(rotmat, transl)
    target = places[upper] + 0.7 * (places[joint] - places[upper])
    found = skeleton.joints(*reach(skeleton, rotmat, transl, joint, target))
    # The person faces the camera: forward is -z, so an elbow is left behind and a knee comes ahead.
    assert side * float(found[lower, 2] - places[lower, 2]) < -0.05


def test_a_bent_elbow_keeps_its_side_and_its_hand_its_turn():
    rotmat, transl = pose(4)
    places = SKELETON.joints(rotmat, transl)
    target = places[16] + 0.8 * (places[20] - places[16])
    turned, _ = reach(SKELETON, rotmat, transl, 20, target)
    found = SKELETON.joints(turned, transl)
    old = torch.linalg.cross(places[18] - places[16], places[20] - places[18])
    new = torch.linalg.cross(found[18] - found[16], found[20] - found[18])
    assert float(torch.nn.functional.cosine_similarity(old, new, dim=0)) > 0.95
    assert torch.equal(turned[20], rotmat[20])


def test_a_pixel_at_a_depth_projects_to_itself():
    point = point_at_depth(CAMERA, torch.tensor([300.0, 200.0]), 3.5)
    assert float(point[2]) == 3.5
    assert torch.allclose(CAMERA.project(point[None])[0], torch.tensor([300.0, 200.0]), atol=1e-3)


def test_every_joint_has_a_chain():
    assert [chain_of(j).kind for j in (0, 1, 2, 3)] == ["place"] * 4
    assert {chain_of(j).kind for j in range(4, len(SMPL_JOINT_NAMES))} == {
        "limb",
        "one bone",
        "trunk",
    }
