import numpy as np
import pytest
import torch

from neuhmr.body.skeleton import BODY_25_NAMES
from neuhmr.datasets.heatmaps import draw_heatmaps
from neuhmr.errors import DatasetError
from neuhmr.ghnerf.moments import read_moments
from neuhmr.initial.landmarks import LANDMARK_NAMES
from neuhmr.training.ghnerf_teacher import (
    BODY_25_LANDMARKS,
    keypoints_of_landmarks,
    peaks_of,
    taught_moments,
)
from tests.training.ring_folder import write_ring


def test_landmarks_become_the_keypoints_of_the_same_name():
    points = torch.arange(66.0).reshape(33, 2)
    visibility = torch.full((33,), 0.9)
    visibility[LANDMARK_NAMES.index("left_knee")] = 0.1
    found = keypoints_of_landmarks(points, visibility)
    wrist = points[LANDMARK_NAMES.index("right_wrist")]
    assert torch.equal(found[BODY_25_NAMES.index("right_wrist"), :2], wrist)
    toe = points[LANDMARK_NAMES.index("left_foot_index")]
    assert torch.equal(found[BODY_25_NAMES.index("left_big_toe"), :2], toe)
    shoulders = [LANDMARK_NAMES.index(f"{side}_shoulder") for side in ("left", "right")]
    assert torch.equal(found[1, :2], points[shoulders].mean(dim=0))
    missing = [BODY_25_NAMES[i] for i in (found[:, 2] == 0).nonzero()[:, 0].tolist()]
    assert missing == ["left_knee", "left_small_toe", "right_small_toe"]
    assert len(BODY_25_LANDMARKS) == 21


def test_peaks_are_found_to_a_fraction_of_a_pixel():
    keypoints = torch.zeros(25, 3)
    keypoints[:, 0] = torch.linspace(20.0, 90.0, 25)
    keypoints[:, 1] = torch.linspace(30.0, 70.0, 25)
    keypoints[:, 2] = 1.0
    confidence = torch.ones(25)
    confidence[7] = 0.0
    # Maps of half the picture's size, as detectors make them.
    maps = draw_heatmaps(keypoints * torch.tensor([0.5, 0.5, 1.0]), 64, 64, sigma=1.5)
    found = peaks_of(maps, confidence, 128, 128)
    known = torch.arange(25) != 7
    assert torch.allclose(found[known, :2], keypoints[known, :2], atol=0.8)
    assert found[7].tolist() == [0.0, 0.0, 0.0]


def test_files_teach_by_the_pictures_name(tmp_path):
    write_ring(tmp_path / "people")
    moments = read_moments(tmp_path / "people")
    folder = tmp_path / "maps"
    folder.mkdir()
    taught = taught_moments(moments, str(folder))[0]
    path = folder / "person_00000000_0_02.npz"
    with pytest.raises(DatasetError, match=r"person_00000000_0_02\.npz"):
        taught.pictures.read(2)
    truth = moments[0].pictures.read(2)
    maps = draw_heatmaps(truth.keypoints, *truth.mask.shape, sigma=1.5)
    np.savez(path, heatmaps=maps.numpy())
    found = taught.pictures.read(2)
    # Feet reach to the picture's edge, where a map shows half of a Gaussian.
    inside = truth.keypoints[:, 1] < truth.mask.shape[0] - 6
    assert int(inside.sum()) > 12
    missed = found.keypoints[inside, :2] - truth.keypoints[inside, :2]
    assert float(missed.abs().max()) < 0.7
    np.savez(path, heatmaps=maps.numpy()[:17])
    with pytest.raises(DatasetError, match=r"shape \(17, 64, 48\)"):
        taught.pictures.read(2)


def test_truth_changes_nothing_and_a_missing_folder_is_named(tmp_path):
    write_ring(tmp_path)
    moments = read_moments(tmp_path)
    assert taught_moments(moments, "truth") is moments
    with pytest.raises(DatasetError, match="There is no folder"):
        taught_moments(moments, str(tmp_path / "nowhere"))
