from dataclasses import replace

import pytest
import torch

from neuhmr.errors import NeuhmrError
from neuhmr.refine.scope import Scope, joints_called, parse_frames, parse_scope
from refine.splat_clip import walking_motion

# Frames 10, 11, 12, 13, 20 and 21, of which 11 shows nobody.
MOTION = replace(
    walking_motion(6),
    frame_index=torch.tensor([10, 11, 12, 13, 20, 21]),
    valid=torch.tensor([True, False, True, True, True, True]),
)


def test_everything_valid_is_free_by_default():
    scope = Scope()
    assert scope.rows(MOTION) == (0, 2, 3, 4, 5)
    assert scope.free_joints(MOTION).sum(dim=1).tolist() == [24, 0, 24, 24, 24, 24]
    assert scope.free_translations(MOTION).tolist() == [True, False, True, True, True, True]


def test_a_range_of_frames_includes_both_ends():
    assert Scope(first=12, last=20).rows(MOTION) == (2, 3, 4)
    assert Scope(first=13).rows(MOTION) == (3, 4, 5)
    assert Scope(last=12).rows(MOTION) == (0, 2)


def test_locked_frames_and_joints_are_not_free():
    scope = Scope(first=12, locked_frames=frozenset({13}), locked_joints=frozenset({0, 15}))
    assert scope.rows(MOTION) == (2, 4, 5)
    free = scope.free_joints(MOTION)
    assert free.sum(dim=1).tolist() == [0, 0, 22, 0, 22, 22]
    assert not free[:, [0, 15]].any()
    assert scope.free_translations(MOTION).tolist() == [False, False, True, False, True, True]


def test_a_locked_translation_leaves_rotations_free():
    scope = Scope(lock_translation=True)
    assert not scope.free_translations(MOTION).any()
    assert scope.free_joints(MOTION)[0].all()


def test_parts_and_joints_have_names():
    # SMPL's left arm: collar, shoulder, elbow, wrist, hand.
    assert joints_called("left_arm") == {13, 16, 18, 20, 22}
    assert joints_called("right_knee") == {5}
    with pytest.raises(NeuhmrError, match="left_arm, right_arm, left_leg"):
        joints_called("tail")


def test_ranges_are_read():
    assert parse_frames("20:60") == (20, 60)
    assert parse_frames("20:") == (20, None)
    assert parse_frames(":60") == (None, 60)
    assert parse_frames("20") == (20, 20)
    for wrong in ("a:b", "60:20", ":", "1:2:3", ""):
        with pytest.raises(NeuhmrError, match="something like 20:60"):
            parse_frames(wrong)


def test_equal_scopes_are_written_alike_whichever_came_first():
    # 8 and 0 share a place in a small set.
    written = [
        str(Scope(locked_frames=frozenset([first]) | {second}).plain())
        for first, second in ((8, 0), (0, 8))
    ]
    assert written[0] == written[1]
    assert Scope(locked_frames=frozenset({8, 0})).plain()["locked_frames"] == [0, 8]


def test_a_scope_is_read_from_words():
    assert parse_scope("", ()) == Scope()
    found = parse_scope("2:9", ("left_arm", "head", "place", "4", "17", "right_knee"))
    assert (found.first, found.last, found.locked_frames) == (2, 9, {4, 17})
    assert found.locked_joints == {13, 16, 18, 20, 22, 12, 15, 5}
    assert found.lock_translation
    with pytest.raises(NeuhmrError, match="place, or the number of a frame"):
        parse_scope("", ("-3",))
