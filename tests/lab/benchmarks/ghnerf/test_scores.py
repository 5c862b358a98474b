import math

import pytest
import torch

from ghnerf.knowing import KnowingGhnerf, knowing_image, standing_points, still_moment
from neuhmr.ghnerf.network.views import project_box
from neuhmr.lab.benchmarks.ghnerf import scores as scores_module
from neuhmr.lab.benchmarks.ghnerf.scores import (
    MeasureConfig,
    measure_network,
    measure_zero,
    targets_of,
)
from neuhmr.lab.benchmarks.ghnerf.views import nearest_sources, split_views, true_points, true_view

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scores_module, "render_target", knowing_image)


def test_true_heatmaps_give_perfect_figures() -> None:
    scores = measure_network(
        KnowingGhnerf(standing_points()), still_moment(), MeasureConfig(targets=4), CPU
    )
    assert scores.keypoints.pck == 1.0
    assert all(errors.box < 1e-10 < errors.zero_box for errors in scores.heatmaps)
    # Gray 0.5 against 128 / 255: 20 log10(510).
    assert scores.psnr_db == pytest.approx([20 * math.log10(510)] * 4, abs=0.01)
    assert scores.points == len(scores.triangulated_mm) == len(scores.volume_mm) == 25
    assert max(scores.triangulated_mm) < 5.0  # 0.05 px of 50 px per meter is 1 mm.
    assert max(scores.volume_mm) < 10.0


def test_a_shifted_field_is_off_by_the_shift() -> None:
    points = standing_points() + torch.tensor([0.0, 0.05, 0.0])
    scores = measure_network(KnowingGhnerf(points), still_moment(), MeasureConfig(targets=4), CPU)
    assert scores.triangulated_mm == pytest.approx([50.0] * 25, abs=5.0)
    assert sorted(scores.volume_mm)[12] == pytest.approx(50.0, abs=5.0)


def test_people_are_measured_at_the_size_that_was_asked_for() -> None:
    large, small = (
        measure_zero(still_moment(), MeasureConfig(targets=1, size=size)) for size in (4096, 64)
    )
    truth = true_view(still_moment(), 1, 64)
    left, top, right, bottom = project_box(
        truth.target.box, truth.target.camera, truth.target.T_camera_world, "a camera"
    )[0]
    assert 64 <= max(right - left, bottom - top) <= 66  # Whole pixels around the box.
    assert truth.image.shape[1:] == (truth.target.camera.height, truth.target.camera.width)
    # Gaussians are as wide as the picture says, so an empty heatmap's error hardly changes.
    assert small.heatmaps[0].box == pytest.approx(large.heatmaps[0].box, rel=0.1)
    scores = measure_network(
        KnowingGhnerf(standing_points()), still_moment(), MeasureConfig(targets=4, size=128), CPU
    )
    assert scores.keypoints.pck == 1.0
    assert max(scores.triangulated_mm) < 10.0


def test_keypoints_without_truth_count_nowhere() -> None:
    moment = still_moment(missing=(0, 17))
    scores = measure_network(
        KnowingGhnerf(standing_points()), moment, MeasureConfig(targets=2), CPU
    )
    assert scores.points == 23
    assert scores.keypoints.per_keypoint()["nose"] is None
    _, valid = true_points(moment)
    assert valid.tolist() == [joint not in (0, 17) for joint in range(25)]


def test_the_zero_predictor_misses_everything() -> None:
    scores = measure_zero(still_moment(), MeasureConfig(targets=2))
    assert scores.keypoints.pck == 0.0
    assert all(errors.box == errors.zero_box > 0 for errors in scores.heatmaps)


def test_no_source_is_a_target() -> None:
    sources, targets = split_views(16)
    assert not set(sources) & set(targets)
    assert sorted(sources + targets) == list(range(16))


def test_sources_are_the_neighbors_of_the_target() -> None:
    assert set(nearest_sources(still_moment(views=8), 3, 2)) == {2, 4}
    assert set(nearest_sources(still_moment(views=8), 7, 2)) == {6, 0}


def test_targets_are_evenly_spread() -> None:
    moment = still_moment(views=16)
    assert targets_of(moment, MeasureConfig(targets=99)) == [1, 3, 5, 7, 9, 11, 13, 15]
    assert targets_of(moment, MeasureConfig(targets=2)) == [5, 13]
