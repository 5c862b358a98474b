"""Edits of a motion: exact where they are said, smooth around it, nothing anywhere else."""

import pytest
import torch

from neuhmr.errors import NeuhmrError
from neuhmr.geometry.rotations import axisangle_to_rotmat
from neuhmr.refine.correction.edits import (
    Place,
    copy_pose,
    flip_limb,
    mark_frames,
    move_root,
    reach_point,
    turn_in_camera,
    turn_joint,
)
from neuhmr.refine.correction.filling import fill_frames
from neuhmr.refine.correction.sides import swap_sides, swapped
from neuhmr.refine.correction.spreading import bell_shares, stretch_shares
from neuhmr.refine.scope import Scope
from tests.refine.correction.people import SKELETON, angle, joints, rotmats, walking

WANTED = axisangle_to_rotmat(torch.tensor([0.3, -0.9, 0.2]))


def test_the_frame_is_exact_and_its_neighbors_turn_less_and_less():
    motion = walking()
    changed = turn_joint(motion, Place(frame=10, radius=4), 18, WANTED)
    assert torch.equal(rotmats(changed)[10, 18], WANTED)
    turned = angle(rotmats(motion)[:, 18], rotmats(changed)[:, 18])
    assert bool((turned[5:10].diff() > 0).all()) and bool((turned[10:16].diff() < 0).all())
    outside = [row for row in range(21) if abs(row - 10) > 4]
    assert torch.equal(rotmats(changed)[outside], rotmats(motion)[outside])
    others = [j for j in range(24) if j != 18]
    assert torch.equal(rotmats(changed)[:, others], rotmats(motion)[:, others])
    assert torch.equal(changed.transl, motion.transl)


def test_what_lies_between_is_on_the_shortest_arc():
    motion = walking()
    changed = turn_joint(motion, Place(frame=10, radius=4), 18, WANTED)
    full = angle(rotmats(motion)[10, 18], WANTED)
    shares = bell_shares(motion.frame_index, 10, 4)
    found = angle(rotmats(motion)[:, 18], rotmats(changed)[:, 18])
    assert torch.allclose(found, shares * full, atol=2e-3)
    product = rotmats(changed).transpose(-1, -2) @ rotmats(changed)
    assert torch.allclose(product, torch.eye(3).expand_as(product), atol=1e-5)


@pytest.mark.parametrize("joint", [0, 3, 19, 23])
def test_a_bone_can_be_turned_in_the_cameras_axes(joint):
    motion = walking()
    changed = turn_in_camera(motion, Place(frame=10), SKELETON, joint, WANTED)
    bones = SKELETON.bones(rotmats(changed)[10], changed.transl[10])
    assert torch.allclose(bones.rotmat[joint], WANTED, atol=1e-5)
    rows = (rotmats(changed) != rotmats(motion)).flatten(2).any(dim=2).nonzero().tolist()
    assert rows == [[10, joint]]


def test_a_reach_of_nothing_changes_one_frame():
    motion = walking()
    changed = turn_joint(motion, Place(frame=10), 18, WANTED)
    rows = (rotmats(changed) != rotmats(motion)).flatten(1).any(dim=1).nonzero()[:, 0].tolist()
    assert rows == [10]


def test_gaps_in_the_frames_are_gaps_in_time():
    motion = walking()[torch.tensor([0, 1, 2, 10, 11, 12])]
    changed = turn_joint(motion, Place(frame=2, radius=4), 18, WANTED)
    rows = (rotmats(changed) != rotmats(motion)).flatten(1).any(dim=1).nonzero()[:, 0].tolist()
    assert rows == [0, 1, 2]


def test_locks_and_invalid_frames_keep_their_poses():
    motion = mark_frames(walking(), {12}, is_valid=False)
    locks = Scope(locked_frames=frozenset({9}), first=10, last=11)
    changed = turn_joint(motion, Place(frame=10, radius=4, locks=locks), 18, WANTED)
    rows = (rotmats(changed) != rotmats(motion)).flatten(1).any(dim=1).nonzero()[:, 0].tolist()
    assert rows == [6, 7, 8, 10, 11, 13, 14]


@pytest.mark.parametrize(
    ("locks", "frame", "problem"),
    [
        (Scope(locked_frames=frozenset({10})), 10, "Frame 10 is locked"),
        (Scope(locked_joints=frozenset({18})), 10, "left elbow"),
        (Scope(), 3, "Frame 3 has no pose"),
        (Scope(), 99, "Frame 99 has no pose"),
    ],
)
def test_what_cannot_be_edited_is_said(locks, frame, problem):
    motion = mark_frames(walking(), {3}, is_valid=False)
    place = Place(frame=frame, locks=locks)
    with pytest.raises(NeuhmrError, match=problem):
        turn_joint(motion, place, 18, WANTED)
    with pytest.raises(NeuhmrError, match=problem):
        flip_limb(motion, place, SKELETON, 18)
    with pytest.raises(NeuhmrError, match=problem):
        reach_point(motion, place, SKELETON, 20, torch.tensor([0.0, 0.0, 4.0]))


def test_the_root_moves_with_its_neighbors_unless_the_place_is_locked():
    motion = walking()
    wanted = motion.transl[10] + torch.tensor([0.1, 0.0, -0.2])
    changed = move_root(motion, Place(frame=10, radius=3), wanted)
    moved = (changed.transl - motion.transl).norm(dim=1)
    assert torch.equal(changed.transl[10], wanted)
    assert bool((moved[7:10].diff() > 0).all()) and float(moved[6]) == 0.0
    assert torch.equal(rotmats(changed), rotmats(motion))
    with pytest.raises(NeuhmrError, match="place is locked"):
        move_root(motion, Place(frame=10, locks=Scope(lock_translation=True)), wanted)


def test_a_dragged_wrist_arrives_and_its_neighbors_follow():
    motion = walking()
    target = joints(motion, 10)[20] + torch.tensor([0.05, -0.05, 0.03])
    changed = reach_point(motion, Place(frame=10, radius=3), SKELETON, 20, target)
    assert float((joints(changed, 10)[20] - target).norm()) < 1e-3
    moved = [float((joints(changed, r)[20] - joints(motion, r)[20]).norm()) for r in range(21)]
    assert moved[6] == 0.0 < moved[7] < moved[9]
    pelvis = motion.transl[10] + torch.tensor([0.3, 0.0, 0.0]) + SKELETON.joints_rest[0]
    shifted = reach_point(motion, Place(frame=10), SKELETON, 0, pelvis)
    assert torch.allclose(joints(shifted, 10)[0], pelvis, atol=1e-6)


def test_a_flip_counts_in_every_frame_of_the_stretch_and_fades_at_its_ends():
    motion = walking()
    changed = flip_limb(motion, Place(frame=10, radius=3), SKELETON, 20)
    for row in range(7, 14):
        alone = flip_limb(motion, Place(frame=row), SKELETON, 20)
        assert torch.equal(rotmats(changed)[row], rotmats(alone)[row])
    turned = angle(rotmats(motion)[:, 16], rotmats(changed)[:, 16])
    assert 0.0 < float(turned[6]) < float(turned[7]) and float(turned[3]) == 0.0


def test_sides_swap_mirrored_and_back():
    motion = walking()
    rotmat = rotmats(motion)
    assert torch.equal(swapped(swapped(rotmat, "both"), "both"), rotmat)
    changed = swap_sides(motion, Place(frame=10, radius=2), "legs")
    mirror = torch.diag(torch.tensor([-1.0, 1.0, 1.0]))
    assert torch.equal(rotmats(changed)[10, 1], mirror @ rotmat[10, 2] @ mirror)
    assert torch.equal(rotmats(changed)[10, 16], rotmat[10, 16])
    arms = swap_sides(motion, Place(frame=10), "arms")
    assert torch.equal(rotmats(arms)[10, 1], rotmat[10, 1])
    assert not torch.equal(rotmats(arms)[10, 16], rotmat[10, 16])
    with pytest.raises(NeuhmrError, match="half a swap"):
        swap_sides(motion, Place(frame=10, locks=Scope(locked_joints=frozenset({4}))), "both")
    locked = Place(frame=10, radius=2, locks=Scope(locked_frames=frozenset({11})))
    assert torch.equal(rotmats(swap_sides(motion, locked, "legs"))[11], rotmat[11])


def test_a_pose_is_copied_whole_but_for_what_is_locked():
    motion = walking()
    changed = copy_pose(motion, Place(frame=10), 9)
    assert torch.equal(rotmats(changed)[10], rotmats(motion)[9])
    assert torch.equal(changed.transl[10], motion.transl[9])
    locks = Scope(locked_joints=frozenset({4}), lock_translation=True)
    partly = copy_pose(motion, Place(frame=10, locks=locks), 9)
    assert torch.equal(rotmats(partly)[10, 4], rotmats(motion)[10, 4])
    assert torch.equal(partly.transl, motion.transl)
    with pytest.raises(NeuhmrError, match="Frame 30 has no pose"):
        copy_pose(motion, Place(frame=10), 30)


def test_filled_frames_lie_evenly_between_their_neighbors():
    motion = mark_frames(walking(), {8, 9, 10}, is_valid=False)
    filled = fill_frames(motion, {8, 9, 10})
    assert bool(filled.valid.all())
    start, end = rotmats(motion)[7], rotmats(motion)[11]
    full = angle(start, end)
    for row, share in ((8, 0.25), (9, 0.5), (10, 0.75)):
        assert torch.allclose(angle(start, rotmats(filled)[row]), share * full, atol=1e-3)
        place = motion.transl[7] + share * (motion.transl[11] - motion.transl[7])
        assert torch.allclose(filled.transl[row], place, atol=1e-6)
    kept = [row for row in range(21) if row not in (8, 9, 10)]
    assert torch.equal(rotmats(filled)[kept], rotmats(motion)[kept])


def test_the_ends_of_a_clip_are_filled_with_the_nearest_pose():
    motion = mark_frames(walking(), {0, 1, 20}, is_valid=False)
    filled = fill_frames(motion, {0, 1, 20})
    assert torch.allclose(rotmats(filled)[0], rotmats(motion)[2], atol=1e-6)
    assert torch.allclose(rotmats(filled)[20], rotmats(motion)[19], atol=1e-6)
    assert torch.equal(filled.transl[1], motion.transl[2])


def test_there_must_be_something_to_fill_and_to_fill_from():
    with pytest.raises(NeuhmrError, match="nothing to fill"):
        fill_frames(walking(), {3})
    nobody = mark_frames(walking(), set(range(21)), is_valid=False)
    with pytest.raises(NeuhmrError, match="leave one valid"):
        fill_frames(nobody, {3})


def test_shares_fall_smoothly_and_end():
    frames = torch.arange(21)
    bell = bell_shares(frames, 10, 4)
    assert float(bell[10]) == 1.0 and float(bell[5]) == 0.0 < float(bell[6])
    assert bell_shares(frames, 10, 0).tolist() == [0.0] * 10 + [1.0] + [0.0] * 10
    stretch = stretch_shares(frames, 8, 12)
    assert stretch[8:13].tolist() == [1.0] * 5
    assert 0.0 < float(stretch[7]) < 1.0 and float(stretch[5]) == 0.0
    assert stretch_shares(frames, 8, 8).tolist() == [0.0] * 8 + [1.0] + [0.0] * 12
