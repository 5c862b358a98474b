import math
from dataclasses import replace

import torch

from neuhmr.body.motion import Motion
from neuhmr.body.motion_gaps import fill_gaps, missing_frames

ELBOW = 17
"""Of the body's 23 joints."""


def bending(frames: list[int], invalid: set[int] = frozenset()) -> Motion:  # pyright: ignore[reportArgumentType]
    """An elbow that bends by 0.1 rad a frame, about one axis, of a person who walks along x."""
    turned = torch.zeros(len(frames), 23, 3)
    turned[:, ELBOW, 1] = 0.1 * torch.tensor(frames, dtype=torch.float32)
    transl = torch.tensor([[0.02 * frame, 0.1, 3.0] for frame in frames])
    for row, frame in enumerate(frames):
        if frame in invalid:
            turned[row], transl[row] = 0.0, 0.0
    return Motion.from_axisangle(
        torch.zeros(len(frames), 3),
        turned.flatten(start_dim=1),
        transl,
        torch.zeros(10),
        torch.tensor(frames),
        torch.tensor([frame not in invalid for frame in frames]),
    )


def assert_is_whole(found: Motion, frames: int) -> None:
    whole = bending(list(range(frames)))
    assert torch.equal(found.frame_index, whole.frame_index)
    assert bool(found.valid.all())
    assert torch.allclose(found.body_pose, whole.body_pose, atol=1e-6)
    assert torch.allclose(found.transl, whole.transl, atol=1e-6)


def test_steady_motion_is_found_again_where_rows_are_not_valid_and_where_there_are_none():
    filled = fill_gaps(bending([0, 1, 2, 3, 4, 8, 9], invalid={1, 2, 8}), longest=8)
    assert_is_whole(filled.motion, 10)
    assert filled.frames == (1, 2, 5, 6, 7, 8)


def test_joints_turn_the_shorter_way():
    motion = bending([0, 2])
    angles = torch.zeros(2, 23, 3)
    angles[0, ELBOW, 1], angles[1, ELBOW, 1] = 0.9 * math.pi, -0.9 * math.pi
    ends = Motion.from_axisangle(
        torch.zeros(2, 3), angles.flatten(1), motion.transl, motion.betas, motion.frame_index
    )
    middle = fill_gaps(ends, longest=1).motion.body_pose[1, ELBOW]
    # Half way round over pi, not through zero.
    assert torch.allclose(middle.diagonal(), torch.tensor([-1.0, 1.0, -1.0]), atol=1e-5)


def test_longer_gaps_and_the_ends_stay_as_they_are():
    motion = bending([0, 1, 2, 6, 7, 8, 9], invalid={0, 9})
    filled = fill_gaps(motion, longest=2)
    assert filled.frames == ()
    assert filled.motion is motion
    assert fill_gaps(motion, longest=3).frames == (3, 4, 5)


def test_a_motion_without_any_pose_stays_as_it_is():
    motion = replace(bending([0, 1, 2]), valid=torch.zeros(3, dtype=torch.bool))
    assert fill_gaps(motion, longest=9).frames == ()


def test_frames_between_poses_that_have_none_are_listed():
    assert missing_frames(bending([0, 1, 2, 5, 6], invalid={0, 2})) == (2, 3, 4)
    assert missing_frames(bending([3, 4])) == ()
