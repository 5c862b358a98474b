"""What is kept of the keypoints in frames."""

import torch

from neuhmr.ghnerf.keypoints.keypoints2d import Keypoints2d
from neuhmr.refine.frame_keypoints import FrameKeypoints


def found_at(u: float, v: float, confidence: float, frames: int = 1) -> Keypoints2d:
    """Three of 25 keypoints at one place."""
    is_found = torch.arange(25).expand(frames, 25) < 3
    return Keypoints2d(is_found[..., None] * torch.tensor([u, v]), is_found * confidence, is_found)


def test_finds_are_noted_in_their_rows_and_the_rest_is_left():
    nothing = FrameKeypoints.none_yet(4, torch.device("cpu"))
    some = nothing.with_found(torch.tensor([2]), found_at(7.0, 9.0, 0.5))
    both = some.with_found(torch.tensor([0, 3]), found_at(1.0, 2.0, 0.25, frames=2))
    assert both.looked.tolist() == [True, False, True, True]
    assert both.points[2, 1].tolist() == [7.0, 9.0] and both.points[3, 0].tolist() == [1.0, 2.0]
    assert both.confidence[0, :4].tolist() == [0.25, 0.25, 0.25, 0.0]
    assert not both.points[1].any() and not both.confidence[1].any()
    assert not nothing.looked.any(), "a value was changed in place"


def test_the_share_counts_only_frames_that_were_looked_at():
    nothing = FrameKeypoints.none_yet(4, torch.device("cpu"))
    assert nothing.found_share() == 0.0
    some = nothing.with_found(torch.tensor([1]), found_at(1.0, 1.0, 0.1))
    assert abs(some.found_share() - 3 / 25) < 1e-6


def test_a_state_brings_everything_back():
    some = FrameKeypoints.none_yet(2, torch.device("cpu"))
    some = some.with_found(torch.tensor([1]), found_at(3.0, 4.0, 0.9))
    back = FrameKeypoints.from_state(
        some.as_state() | {"other": torch.ones(1)}, torch.device("cpu")
    )
    assert back is not None
    assert torch.equal(back.points, some.points) and torch.equal(back.looked, some.looked)
    assert torch.equal(back.confidence, some.confidence)
    assert FrameKeypoints.from_state({"other": torch.ones(1)}, torch.device("cpu")) is None
