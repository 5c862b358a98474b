"""Tests of neuhmr.clip.crop_windows."""

import numpy as np
import pytest

from neuhmr.clip.crop_windows import follow_boxes
from neuhmr.errors import ClipError

ASPECT = 0.75


def moving_boxes(centers: np.ndarray, width: float = 40.0, height: float = 100.0) -> np.ndarray:
    half = np.array([width / 2, height / 2])
    return np.concatenate([centers - half, centers + half], axis=1)


def assert_holds(windows: np.ndarray, boxes: np.ndarray, margin: float) -> None:
    """Each window contains its box widened by the margin (1e-9 px for rounding)."""
    sizes = boxes[:, 2:] - boxes[:, :2]
    assert (windows[:, :2] <= boxes[:, :2] - margin * sizes + 1e-9).all()
    assert (windows[:, :2] + windows[:, 2:] >= boxes[:, 2:] + margin * sizes - 1e-9).all()


def test_a_standing_person_gets_the_box_with_its_margin():
    boxes = np.tile([[100.0, 50.0, 140.0, 150.0]], (20, 1))
    windows = follow_boxes(boxes, np.arange(20), ASPECT, margin=0.1)
    # 100 px plus 10 % on both sides: 120 px high, 90 px wide, around (120, 100).
    np.testing.assert_allclose(windows, np.tile([[75.0, 40.0, 90.0, 120.0]], (20, 1)))


def test_a_wide_person_decides_by_width():
    windows = follow_boxes(np.array([[0.0, 0.0, 150.0, 50.0]]), np.array([7]), ASPECT, margin=0.0)
    # 150 px wide needs 200 px of height, around (75, 25).
    np.testing.assert_allclose(windows, [[0.0, -75.0, 150.0, 200.0]])


def test_a_steady_walk_is_followed_without_lag_at_both_ends():
    centers = np.stack([np.arange(30) * 5.0, np.full(30, 80.0)], axis=1)
    windows = follow_boxes(moving_boxes(centers), np.arange(30), ASPECT, margin=0.12)
    np.testing.assert_allclose(windows[:, 0] + windows[:, 2] / 2, centers[:, 0], atol=1e-9)
    np.testing.assert_allclose(windows[:, 3], 124.0)


def test_jumping_and_shaking_boxes_stay_inside_windows_that_move_smoothly():
    rng = np.random.default_rng(0)
    centers = rng.normal(0.0, 6.0, (200, 2)).cumsum(axis=0) + rng.normal(0.0, 10.0, (200, 2))
    centers[120:] += 80.0  # A cut, or a wrong detection.
    # Wide first, then tall: either side decides the window in part of the clip.
    boxes = np.concatenate([moving_boxes(centers[:60], 140.0), moving_boxes(centers[60:])])
    boxes[:, 3] += rng.uniform(0, 40, 200)
    windows = follow_boxes(boxes, np.arange(200), ASPECT, margin=0.12)
    assert_holds(windows, boxes, 0.12)
    np.testing.assert_allclose(windows[:, 2] / windows[:, 3], ASPECT)
    # The window shakes far less than the box: second differences of its center and size.
    shake = np.abs(np.diff(centers[70:110], 2, axis=0)).mean()
    window_centers = windows[70:110, :2] + windows[70:110, 2:] / 2
    assert np.abs(np.diff(window_centers, 2, axis=0)).mean() < 0.1 * shake
    assert np.abs(np.diff(windows[70:110, 3], 2)).mean() < 0.1 * shake


def test_frames_without_a_person_take_windows_between_their_neighbors():
    boxes = np.full((5, 4), np.nan)
    boxes[1] = [0.0, 0.0, 40.0, 100.0]
    boxes[3] = [20.0, 0.0, 60.0, 100.0]
    # Rows 1 and 3 are frames 10 and 110: far enough apart for smoothing not to reach.
    windows = follow_boxes(boxes, np.array([0, 10, 60, 110, 120]), ASPECT, margin=0.0)
    middles = windows[:, 0] + windows[:, 2] / 2
    np.testing.assert_allclose(middles[2], 30.0, atol=1e-6)
    assert np.isfinite(windows).all()
    assert abs(middles[0] - 20.0) < 0.5 and abs(middles[4] - 40.0) < 0.5


def test_nobody_anywhere_is_the_users_to_solve():
    with pytest.raises(ClipError, match=r"not visible in any frame.*check the poses"):
        follow_boxes(np.full((3, 4), np.nan), np.arange(3), ASPECT, margin=0.1)
