"""Limbs mirrored in depth, against geometry worked out by hand."""

import pytest
import torch

from neuhmr.errors import NeuhmrError
from neuhmr.geometry.rotations import axisangle_to_rotmat
from neuhmr.refine.correction.depth_flip import crossing, flip_depth, flip_words, other_crossing
from tests.refine.correction.people import CAMERA, SKELETON, UPRIGHT, bone_lengths, rotmats, walking

WHOLE = ((16, 18, 20), (17, 19, 21), (1, 4, 7), (2, 5, 8))


def test_a_bone_meets_a_ray_twice_as_worked_out_by_hand():
    # Elbow at (0, 0, 5), forearm of 0.5, wrist on the ray (3, 0, 40)/sqrt(1609):
    # z = 5 * 40^2 / 1609 -+ ... ; the two sum to twice the foot of the perpendicular.
    center, ray = torch.tensor([0.0, 0.0, 5.0]), torch.tensor([3.0, 0.0, 40.0])
    length = torch.tensor(0.5)
    near = crossing(center, ray, length, is_nearer=True)
    far = crossing(center, ray, length, is_nearer=False)
    foot = 5.0 * 40.0 / 1609.0 * ray
    half = (0.25 - (5.0 * 3.0) ** 2 / 1609.0) ** 0.5
    unit = ray / 1609.0**0.5
    assert torch.allclose(near, foot - half * unit, atol=1e-6)
    assert torch.allclose(far, foot + half * unit, atol=1e-6)
    assert torch.allclose(other_crossing(center, near), far, atol=1e-6)


def test_a_ray_out_of_reach_is_pointed_at():
    found = crossing(
        torch.tensor([0.0, 0.0, 5.0]), torch.tensor([1.0, 0.0, 0.0]), torch.tensor(0.5), True
    )
    assert torch.allclose(found, torch.tensor([0.0, 0.0, 4.5]))


@pytest.mark.parametrize("limb", WHOLE)
@pytest.mark.parametrize("is_whole", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_pixels_and_bone_lengths_stay_and_the_depth_is_mirrored(limb, is_whole, seed):
    motion = walking(1, seed)
    rotmat, transl = rotmats(motion)[0], motion.transl[0]
    start, middle, end = limb
    before = SKELETON.joints(rotmat, transl)
    turned = flip_depth(SKELETON, rotmat, transl, middle if is_whole else end)
    after = SKELETON.joints(turned, transl)
    pixels = CAMERA.project(before), CAMERA.project(after)
    off = (pixels[0] - pixels[1]).norm(dim=-1)
    assert float(off[middle]) < 1.0
    # Further away a bone covers fewer pixels: now and then it cannot reach its own any more.
    ray = torch.nn.functional.normalize(before[end], dim=0)
    beside = (after[middle] - (after[middle] @ ray) * ray).norm()
    length = (before[end] - before[middle]).norm()
    if float(beside) < float(length):
        assert float(off[end]) < 1.0
    else:
        assert is_whole
        nearest = (after[end] - (after[end] @ ray) * ray).norm()
        assert float(nearest) == pytest.approx(float(beside - length), abs=1e-4)
    assert torch.allclose(bone_lengths(after), bone_lengths(before), atol=1e-5)
    changed = {j for j in range(24) if not torch.equal(turned[j], rotmat[j])}
    assert changed <= {start, middle}
    center, joint = (start, middle) if is_whole else (middle, end)
    ray = torch.nn.functional.normalize(before[joint], dim=0)
    depths = [float((places[joint] - before[center]) @ ray) for places in (before, after)]
    assert depths[1] == pytest.approx(-depths[0], abs=1e-3)


@pytest.mark.parametrize("joint", (18, 20, 4, 7))
def test_twice_is_where_one_began(joint):
    motion = walking(1, 3)
    rotmat, transl = rotmats(motion)[0], motion.transl[0]
    once = flip_depth(SKELETON, rotmat, transl, joint)
    twice = flip_depth(SKELETON, once, transl, joint)
    assert not torch.allclose(once, rotmat, atol=1e-2)
    places = SKELETON.joints(twice, transl)
    assert torch.allclose(places, SKELETON.joints(rotmat, transl), atol=1e-4)


def test_a_hand_before_the_belly_comes_behind_it_and_the_elbow_still_bends_forward():
    # Arm hanging down, forearm straight at the camera.
    rotmat = torch.eye(3).expand(24, 3, 3).clone()
    rotmat[0] = UPRIGHT
    rotmat[16] = axisangle_to_rotmat(torch.tensor([0.0, 0.0, -torch.pi / 2]))
    rotmat[18] = axisangle_to_rotmat(torch.tensor([0.0, -1.2, 0.0]))
    transl = torch.tensor([0.0, 0.0, 4.0])
    before = SKELETON.joints(rotmat, transl)
    assert float(before[20, 2]) < float(before[18, 2]) - 0.15, "the hand is before the elbow"
    turned = flip_depth(SKELETON, rotmat, transl, 20)
    after = SKELETON.joints(turned, transl)
    assert float(after[20, 2]) > float(before[18, 2]) + 0.15
    assert torch.allclose(after[18], before[18], atol=1e-6)
    # A hinge: the forearm in the upper arm's own axes still bends about -y, and no other way.
    forearm = turned[18] @ (SKELETON.joints_rest[20] - SKELETON.joints_rest[18])
    assert float(forearm[2]) > 0.1 and abs(float(forearm[1])) < 0.02


def test_only_limbs_can_be_flipped():
    motion = walking(1)
    for joint in (0, 3, 9, 12, 15, 13):
        with pytest.raises(NeuhmrError, match="belongs to no limb"):
            flip_depth(SKELETON, rotmats(motion)[0], motion.transl[0], joint)
    assert flip_words(22) == "left forearm" and flip_words(5) == "right leg"
