import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.body.skeleton import BODY_25_NAMES
from neuhmr.errors import DatasetError
from neuhmr.ghnerf.network.config import FeatureHead, ghnerf_preset
from neuhmr.initial.landmarks import LANDMARK_NAMES
from neuhmr.lab.moments.heatmaps import draw_heatmaps
from neuhmr.lab.moments.moment_pictures import shown
from neuhmr.lab.moments.moments import read_moments
from neuhmr.lab.moments.surface_truth import NUM_PARTS, PART_NAMES, UNKNOWN_PART
from neuhmr.lab.training.ghnerf.batches import look_up
from neuhmr.lab.training.ghnerf.losses import GhnerfLossWeights, feature_terms
from neuhmr.lab.training.ghnerf.teacher import (
    BODY_25_LANDMARKS,
    keypoints_of_landmarks,
    peaks_of,
    taught_moments,
)
from tests.lab.training.ring_folder import write_ring


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


@pytest.fixture
def taught(tmp_path):
    """A moment without a known body, and where its second picture's file belongs."""
    write_ring(tmp_path / "people")
    moment = replace(read_moments(tmp_path / "people")[0], body=None)
    (tmp_path / "maps").mkdir()
    path = tmp_path / "maps" / "person_00000000_0_01.npz"
    return taught_moments([moment], str(tmp_path / "maps"))[0], path


def test_parts_and_surface_are_learnt_from_files_too(taught):
    moment, path = taught
    parts = np.full((8, 6), UNKNOWN_PART)
    parts[2, 3] = PART_NAMES.index("left_hand")
    embedding = np.full((3, 4, 3), np.nan)
    embedding[:, 3, 0] = (0.1, -0.2, 0.3)
    np.savez(path, parts=parts, embedding=embedding)
    picture = shown(moment, 1)
    assert (picture.camera.height, picture.camera.width) == (64, 48)
    assert bool((picture.keypoints[:, 2] == 1.0).all())  # They stay as they were.
    pixels = torch.tensor([[25.5, 17.5], [0.5, 63.5], [47.5, 0.5]])
    truth = look_up(moment, picture, pixels, 1, 1.0, load_body_model())
    surface = truth.surface
    assert surface is not None
    assert surface.has_part.tolist() == [True, False, False]
    assert surface.has_embedding.tolist() == [False, True, False]
    assert not surface.has_coordinates.any()
    assert int(surface.parts[0]) == PART_NAMES.index("left_hand")
    torch.testing.assert_close(surface.embedding[1], torch.tensor([0.1, -0.2, 0.3]))

    heads = (
        FeatureHead(kind="parts", channels=NUM_PARTS),
        FeatureHead(kind="embedding", channels=3),
    )
    network = replace(ghnerf_preset("enerf_heatmap"), feature_heads=heads)
    features = torch.zeros(3, NUM_PARTS + 3, requires_grad=True)
    terms = feature_terms(features, truth, network, GhnerfLossWeights(parts=1.0, embedding=1.0))
    assert terms["parts"].item() == pytest.approx(math.log(NUM_PARTS))
    assert terms["embedding"].item() == pytest.approx((0.01 + 0.04 + 0.09) / 3.0)
    sum(terms.values()).backward()
    assert features.grad is not None and bool(features.grad.isfinite().all())


@pytest.mark.parametrize(
    ("maps", "message"),
    [
        ({"confidence": np.ones(25)}, r"holds \['confidence'\]; expected heatmaps"),
        (
            {"heatmaps": np.zeros((25, 4, 3)), "confidence": np.ones(17)},
            r"confidence of shape \(17,\) and type float64, 25 numbers",
        ),
        ({"parts": np.full((4, 3), 14)}, "from -1 \\(unknown\\) to 13: trunk, head"),
        ({"parts": np.zeros((4, 3))}, "type float64; expected whole numbers"),
        ({"embedding": np.zeros((2, 4, 3))}, r"\(3, height, width\) of places on the body"),
    ],
)
def test_maps_that_mean_nothing_are_named(taught, maps, message):
    moment, path = taught
    np.savez(path, **maps)
    with pytest.raises(DatasetError, match=message):
        moment.pictures.read(1)


def test_truth_changes_nothing_and_a_missing_folder_is_named(tmp_path):
    write_ring(tmp_path)
    moments = read_moments(tmp_path)
    assert taught_moments(moments, "truth") is moments
    with pytest.raises(DatasetError, match="There is no folder"):
        taught_moments(moments, str(tmp_path / "nowhere"))
