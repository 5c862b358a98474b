import math

import pytest
import torch
from scipy.optimize import least_squares

from ghnerf.rings import ring, seen
from neuhmr.ghnerf.keypoints.triangulation import TriangulationConfig, triangulate


def body(joints: int = 5) -> torch.Tensor:
    return torch.rand(joints, 3, generator=torch.Generator().manual_seed(2)) - 0.5


@pytest.mark.parametrize("views", [2, 3, 7])
def test_exact_keypoints_give_exact_points(views: int) -> None:
    cameras, poses = ring(views if views > 2 else 5)
    cameras, poses = cameras[:views], poses[:views]
    points = body()
    found = triangulate(seen(points, cameras, poses), torch.ones(views, 5), cameras, poses)
    assert found.found.all()
    # Single-precision pixels: 1e-5 px of 150 px per radian at 3 m.
    torch.testing.assert_close(found.points, points, atol=1e-5, rtol=0.0)
    torch.testing.assert_close(found.confidence, torch.ones(5))


def test_noisy_keypoints_agree_with_the_least_reprojection_error() -> None:
    cameras, poses = ring(6)
    points = body(1)
    noise = torch.randn(6, 1, 2, generator=torch.Generator().manual_seed(4))
    pixels = seen(points, cameras, poses) + 0.5 * noise

    def errors(x):
        there = seen(torch.tensor(x, dtype=torch.float32)[None], cameras, poses)
        return (there - pixels).flatten().numpy().astype(float)

    best = least_squares(errors, points[0].numpy(), diff_step=1e-3)
    found = triangulate(pixels, torch.ones(6, 1), cameras, poses)
    # Both minimize pixel errors; they differ by second-order terms of half a pixel.
    torch.testing.assert_close(
        found.points[0], torch.tensor(best.x, dtype=torch.float32), atol=2e-4, rtol=0.0
    )


def test_a_wrong_view_is_left_out() -> None:
    cameras, poses = ring(5)
    points = body()
    pixels = seen(points, cameras, poses)
    pixels[3] += torch.tensor([30.0, -20.0])
    found = triangulate(pixels, torch.ones(5, 5), cameras, poses)
    torch.testing.assert_close(found.points, points, atol=1e-5, rtol=0.0)
    torch.testing.assert_close(found.confidence, torch.full((5,), 0.8))


def test_a_more_confident_view_pulls_harder() -> None:
    cameras, poses = ring(4)
    points = body(1)
    pixels = seen(points, cameras, poses)
    pixels[0, 0, 0] += 1.0
    errors = []
    for sure in (0.1, 0.5, 1.0):
        confidence = torch.full((4, 1), 0.5)
        confidence[0] = sure
        errors.append((triangulate(pixels, confidence, cameras, poses).points - points).norm())
    assert errors[0] < errors[1] < errors[2]


def test_a_joint_in_one_view_is_not_found() -> None:
    cameras, poses = ring(4)
    confidence = torch.zeros(4, 2)
    confidence[1, 0] = 1.0
    confidence[:, 1] = 1.0
    pixels = seen(body(2), cameras, poses)
    found = triangulate(pixels, confidence, cameras, poses)
    assert found.found.tolist() == [False, True]
    assert not found.points[0].any()


def test_unsure_keypoints_do_not_count() -> None:
    cameras, poses = ring(4)
    config = TriangulationConfig(least_confidence=0.5)
    pixels = seen(body(1), cameras, poses)
    assert not triangulate(pixels, torch.full((4, 1), 0.4), cameras, poses, config).found.any()


def test_parallel_rays_give_no_point() -> None:
    cameras, poses = ring(1)
    cameras, poses = cameras[[0, 0]], poses[[0, 0]]
    found = triangulate(seen(body(1), cameras, poses), torch.ones(2, 1), cameras, poses)
    assert not found.found.any()


def test_views_that_contradict_each_other_give_no_point() -> None:
    cameras, poses = ring(5)
    pixels = seen(body(1), cameras, poses)[:2]
    pixels[0] += torch.tensor([0.0, 25.0])  # Up is the same in both views: the rays pass far apart.
    found = triangulate(pixels, torch.ones(2, 1), cameras[:2], poses[:2])
    assert not found.found.any()


def test_moving_the_world_moves_the_points() -> None:
    cameras, poses = ring(4)
    points = body()
    turn = torch.eye(4)
    turn[:2, :2] = torch.tensor([[math.cos(0.7), -math.sin(0.7)], [math.sin(0.7), math.cos(0.7)]])
    turn[:3, 3] = torch.tensor([1.0, -2.0, 0.5])
    found = triangulate(
        seen(points, cameras, poses), torch.ones(4, 5), cameras, poses @ torch.linalg.inv(turn)
    )
    torch.testing.assert_close(
        found.points, points @ turn[:3, :3].T + turn[:3, 3], atol=3e-5, rtol=0.0
    )
