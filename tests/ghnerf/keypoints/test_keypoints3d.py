import pytest
import torch
from torch import Tensor

from neuhmr.ghnerf.keypoints.keypoints3d import (
    VolumeConfig,
    keypoints_from_volume,
    score_volume,
)
from neuhmr.ghnerf.keypoints.peaks import PeakConfig

BOX = torch.tensor([[-0.4, -0.3, 0.1], [0.4, 0.3, 1.1]])


def blobs(points: Tensor, sigma: float = 0.05):
    def scores(x: Tensor) -> Tensor:
        return torch.exp(-torch.cdist(x, points).square() / (2 * sigma**2))

    return scores


def inside(joints: int) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    return BOX[0] + (BOX[1] - BOX[0]) * (0.2 + 0.6 * torch.rand(joints, 3, generator=generator))


@pytest.mark.parametrize(("refinement", "within_m"), [("none", 0.0175), ("parabola", 0.001)])
def test_true_volumes_give_their_keypoints_back(refinement: str, within_m: float) -> None:
    points = inside(6)
    volume = score_volume(BOX, [blobs(points)])
    config = PeakConfig(smoothing=2.0, refinement=refinement)  # pyright: ignore[reportArgumentType]
    found = keypoints_from_volume(volume.scores, volume.origin, volume.spacing, config)
    assert found.found.all()
    assert (found.points - points).norm(dim=-1).max() < within_m


def test_axes_run_as_named() -> None:
    volume = score_volume(BOX, [lambda x: x])
    # Cell (depth 5, height 2, width 7) has its center at x 7.5, y 2.5, z 5.5 cells.
    torch.testing.assert_close(
        volume.scores[:, 5, 2, 7], BOX[0] + 0.02 * torch.tensor([7.5, 2.5, 5.5])
    )
    assert volume.scores.shape == (3, 50, 30, 40)


def test_chunks_do_not_change_the_volume() -> None:
    points = inside(2)
    whole = score_volume(BOX, [blobs(points)])
    parts = score_volume(BOX, [blobs(points)], VolumeConfig(chunk=777))
    torch.testing.assert_close(whole.scores, parts.scores)


def test_no_chunk_is_larger_than_asked() -> None:
    sizes = []

    def scores(x: Tensor) -> Tensor:
        sizes.append(len(x))
        return x[:, :1]

    score_volume(BOX, [scores], VolumeConfig(chunk=1000))
    assert max(sizes) == 1000
    assert sum(sizes) == 50 * 30 * 40


def test_a_wrong_box_does_not_fill_the_memory() -> None:
    volume = score_volume(1000.0 * BOX, [lambda x: x[:, :1]], VolumeConfig(most_cells=20_000))
    assert volume.scores[0].numel() < 25_000


def test_reference_views_are_averaged() -> None:
    def ones(x: Tensor) -> Tensor:
        return torch.ones(len(x), 1)

    def zeros(x: Tensor) -> Tensor:
        return torch.zeros(len(x), 1)

    volume = score_volume(BOX, [ones, zeros, zeros, zeros])
    torch.testing.assert_close(volume.scores, torch.full_like(volume.scores, 0.25))


def test_without_a_way_of_scoring_the_caller_is_told() -> None:
    with pytest.raises(ValueError, match="at least one scorer"):
        score_volume(BOX, [])


def test_an_empty_volume_has_no_keypoint() -> None:
    found = keypoints_from_volume(torch.zeros(2, 8, 9, 10), BOX[0], 0.02)
    assert not found.found.any()
    assert not found.points.any()


def test_a_keypoint_near_the_edge_of_the_box_is_not_pushed_out() -> None:
    # 12 cm from the edge, as a toe within a box that has room for clothes; 3 spreads of the blob.
    points = torch.stack([BOX[0] + 0.12, BOX[1] - 0.12])
    volume = score_volume(BOX, [blobs(points, sigma=0.04)])
    found = keypoints_from_volume(volume.scores, volume.origin, volume.spacing)
    assert (found.points - points).norm(dim=-1).max() < 0.005
