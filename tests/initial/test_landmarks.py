import pytest
import torch

from neuhmr.initial.landmarks import (
    LANDMARK_NAMES,
    MIRRORED_LANDMARKS,
    Landmarks,
    landmark_index,
)


def test_every_side_landmark_has_its_mirror():
    # left_shoulder is 11, right_shoulder 12; the nose is its own mirror.
    assert MIRRORED_LANDMARKS[11] == 12
    assert MIRRORED_LANDMARKS[0] == 0
    assert [MIRRORED_LANDMARKS[i] for i in MIRRORED_LANDMARKS] == list(range(33))


def test_an_unknown_landmark_is_an_error_that_names_it():
    assert LANDMARK_NAMES[landmark_index("left_heel")] == "left_heel"
    with pytest.raises(ValueError, match="'tail'"):
        landmark_index("tail")


def test_exchanging_sides_swaps_only_the_chosen_frames(generator):
    landmarks = Landmarks(
        points2d=torch.rand(2, 33, 2, generator=generator),
        visibility=torch.rand(2, 33, generator=generator),
        points3d=torch.rand(2, 33, 3, generator=generator),
        detected=torch.ones(2, dtype=torch.bool),
    )
    exchanged = landmarks.with_sides_exchanged(torch.tensor([False, True]))
    assert torch.equal(exchanged.points2d[0], landmarks.points2d[0])
    assert torch.equal(exchanged.points2d[1, 11], landmarks.points2d[1, 12])
    assert torch.equal(exchanged.points3d[1, 28], landmarks.points3d[1, 27])
    assert torch.equal(exchanged.visibility[1, 0], landmarks.visibility[1, 0])
