import numpy as np
import pytest
import torch

from ghnerf.rings import gaussian_heatmaps
from neuhmr.ghnerf.keypoints.keypoints2d import keypoints_from_heatmaps, peak_config_for
from neuhmr.ghnerf.keypoints.peaks import PeakConfig, find_peak


def scattered_points(joints: int = 25, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 20.0 + 80.0 * torch.rand(joints, 2, generator=generator)


@pytest.mark.parametrize(
    ("refinement", "within"),
    # Half a pixel's diagonal; the centroid of a wide blob improves little on it.
    [("none", 0.71), ("centroid", 0.71), ("parabola", 0.05)],
)
@pytest.mark.parametrize("sigma", [3.0, 6.0])
def test_true_heatmaps_give_their_keypoints_back(
    refinement: str, within: float, sigma: float
) -> None:
    points = scattered_points()
    config = PeakConfig(refinement=refinement)  # pyright: ignore[reportArgumentType]
    found = keypoints_from_heatmaps(gaussian_heatmaps(points, 120, 130, sigma), config)
    assert found.found.all()
    assert (found.points - points).norm(dim=-1).max() < within


def test_centroid_of_a_narrow_blob_is_finer_than_a_pixel() -> None:
    points = scattered_points()
    config = PeakConfig(smoothing=0.0, refinement="centroid")
    found = keypoints_from_heatmaps(gaussian_heatmaps(points, 120, 130, 1.2), config)
    assert (found.points - points).norm(dim=-1).max() < 0.1


def test_noise_moves_keypoints_by_less_than_a_pixel() -> None:
    points = scattered_points()
    generator = torch.Generator().manual_seed(1)
    maps = gaussian_heatmaps(points, 120, 130, 6.0)
    noisy = (maps + 0.05 * torch.randn(maps.shape, generator=generator)).clamp(0.0, 1.0)
    found = keypoints_from_heatmaps(noisy, PeakConfig())
    assert (found.points - points).norm(dim=-1).max() < 1.0


def test_the_component_with_the_highest_peak_wins() -> None:
    points = torch.tensor([[30.5, 40.5], [90.5, 80.5]])
    pair = gaussian_heatmaps(points, 120, 130, 5.0)
    found = keypoints_from_heatmaps(0.6 * pair[:1] + 0.8 * pair[1:], PeakConfig())
    torch.testing.assert_close(found.points[0], points[1], atol=0.05, rtol=0.0)
    torch.testing.assert_close(found.confidence[0], torch.tensor(0.8), atol=1e-3, rtol=0.0)


def test_an_empty_heatmap_has_no_keypoint() -> None:
    found = keypoints_from_heatmaps(torch.zeros(2, 64, 64))
    assert not found.found.any()
    assert not found.confidence.any()
    assert not found.points.any()


def test_a_single_hot_pixel_is_filtered_away() -> None:
    maps = torch.zeros(1, 64, 64)
    maps[0, 30, 40] = 1.0  # Its filtered peak is 1 / (2π 3²) = 0.018.
    assert not keypoints_from_heatmaps(maps, PeakConfig()).found.any()


def test_a_keypoint_at_the_edge_stays_in_the_picture() -> None:
    found = keypoints_from_heatmaps(
        gaussian_heatmaps(torch.tensor([[0.5, 30.5], [64.5, 63.5]]), 64, 65, 4.0), PeakConfig()
    )
    torch.testing.assert_close(
        found.points, torch.tensor([[0.5, 30.5], [64.5, 63.5]]), atol=1e-4, rtol=0.0
    )


def test_a_plateau_keeps_the_middle_of_its_first_highest_cell() -> None:
    peak = find_peak(np.full((9, 9, 9), 0.5, np.float32), PeakConfig(smoothing=0.0))
    assert peak is not None
    np.testing.assert_array_equal(peak.position, [0.5, 0.5, 0.5])


LAYOUTS = {
    "as made": lambda scores: scores,
    "first axis fastest": np.asfortranarray,
    "backwards": lambda scores: np.flip(np.flip(scores).copy()),
    "every other cell": lambda scores: np.repeat(scores, 2, axis=-1)[..., ::2],
    "axes exchanged": lambda scores: scores.swapaxes(0, -1).copy().swapaxes(0, -1),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", [(40, 50), (12, 40, 50)])
@pytest.mark.parametrize("apart", [1, 7])
def test_of_equal_cells_the_first_in_array_order_wins(
    layout: str, shape: tuple[int, ...], apart: int
) -> None:
    # Among lower cells that all pass, or in small components of an empty map.
    generator = np.random.default_rng(0)
    scores = generator.uniform(0.2, 0.6, shape).astype(np.float32)
    tied = generator.choice(scores.size // apart, 100, replace=False) * apart
    if apart > 1:
        scores[...] = 0.0
    scores.ravel()[tied] = 0.75
    first = np.array(np.unravel_index(tied.min(), shape)) + 0.5
    found = find_peak(LAYOUTS[layout](scores), PeakConfig(smoothing=0.0, refinement="none"))
    assert found is not None
    np.testing.assert_array_equal(found.position, first)
    assert found.score == 0.75


def test_a_high_cell_that_was_filtered_away_is_no_peak() -> None:
    scores = gaussian_heatmaps(torch.tensor([[30.5, 40.5]]), 60, 70, 4.0)[0].numpy() * 0.6
    scores[5, 60] = 1.0
    peak = find_peak(scores, PeakConfig(refinement="none"))
    assert peak is not None
    np.testing.assert_array_equal(peak.position, [40.5, 30.5])


def test_parabola_finds_the_vertex_of_a_tilted_gaussian() -> None:
    # log f = -(x - m) A (x - m) with correlated axes; the vertex is m whatever A is.
    row, column = np.meshgrid(np.arange(21) + 0.5, np.arange(23) + 0.5, indexing="ij")
    x, y = column - 11.8, row - 9.3
    scores = np.exp(-(0.05 * x**2 + 0.04 * x * y + 0.06 * y**2))
    peak = find_peak(scores, PeakConfig(smoothing=0.0))
    assert peak is not None
    np.testing.assert_allclose(peak.position, [9.3, 11.8], atol=1e-6)


def test_the_filter_shrinks_with_the_picture() -> None:
    assert peak_config_for(512).smoothing == 3.0
    assert peak_config_for(256).smoothing == 1.5
    assert peak_config_for(64).smoothing == 1.0
