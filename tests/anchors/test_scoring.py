import pytest
import torch

from neuhmr.anchors.scoring import score_frame, select_anchors
from neuhmr.anchors.settings import AnchorConfig
from neuhmr.body.motion import Motion
from neuhmr.errors import ClipError
from neuhmr.geometry.rotations import axisangle_to_rotmat
from refine.tiny_problem import tiny_clip

CONFIG = AnchorConfig(score_stride=2)


def partly_wrong(rows: list[int]) -> Motion:
    """The truth with bent arms and legs in some rows."""
    truth = tiny_clip().truth
    body_pose = truth.body_pose.clone()
    bend = axisangle_to_rotmat(torch.tensor([0.0, 0.0, 0.7]))
    for row in rows:
        body_pose[row, [0, 15, 16]] = body_pose[row, [0, 15, 16]] @ bend
    return Motion(
        truth.global_orient, body_pose, truth.transl, truth.betas, truth.frame_index, truth.valid
    )


def test_both_losses_rise_when_the_pose_is_wrong():
    clip = tiny_clip()
    right = score_frame(clip.avatar, clip.crops, clip.truth, 2, stride=1)
    wrong = score_frame(clip.avatar, clip.crops, partly_wrong([2]), 2, stride=1)
    assert wrong.rgb > 2 * right.rgb and wrong.geo > 1.5 * right.geo


def test_frames_with_wrong_poses_do_not_become_anchors():
    clip = tiny_clip()
    found = select_anchors(clip.avatar, clip.crops, partly_wrong([0, 3]), start=1, config=CONFIG)
    assert len(found.candidates) == 4 and len(found.anchors) == 2
    assert not {0, 3} & set(found.anchors)
    assert found.orientations.shape == (6, 3)
    assert found.score_of(found.anchors[0]) == min(found.scores)


def test_the_user_can_include_and_exclude():
    clip = tiny_clip()
    found = select_anchors(
        clip.avatar, clip.crops, clip.truth, start=1, config=CONFIG, includes={4}, excludes={1}
    )
    assert 4 in found.anchors and 1 not in found.candidates
    with pytest.raises(ClipError, match="exclude fewer"):
        select_anchors(clip.avatar, clip.crops, clip.truth, start=0, excludes=range(6))
