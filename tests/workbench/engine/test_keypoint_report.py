"""Distances between found keypoints and the body's own, and their ranking."""

import numpy as np
import pytest

from neuhmr.body.skeleton import BODY_25_NAMES
from workbench.engine.keypoint_report import KeypointReport, keypoint_words, strongest


def make_report(found, projected):
    heatmaps = np.zeros((25, 8, 6))
    heatmaps[3, 2, 1], heatmaps[4, 2, 1], heatmaps[4, 7, 5] = 0.5, 0.75, 0.25
    return KeypointReport(
        frame=0,
        source="frame",
        heatmaps=heatmaps,
        box=(100.0, 50.0, 60.0, 160.0),
        found=found,
        confidence=np.full(25, 0.9),
        projected=projected,
    )


@pytest.fixture
def report():
    projected = np.zeros((25, 2))
    projected[BODY_25_NAMES.index("left_shoulder")] = (30.0, 0.0)
    projected[BODY_25_NAMES.index("right_hip")] = (0.0, 40.0)
    found = projected.copy()
    found[7] += (3.0, 4.0)
    found[2] += (0.0, 1.0)
    found[20] = np.nan
    return make_report(found, projected)


def test_distances_are_in_pixels_and_the_torso_is_a_diagonal(report):
    distances = report.distances_px()
    assert (distances[7], distances[2], distances[0]) == (5.0, 1.0, 0.0)  # 3-4-5.
    assert np.isnan(distances[20]) and report.torso_px() == 50.0  # 30-40-50.


def test_the_worst_come_first_and_those_not_found_last(report):
    order = report.worst_first()
    assert order[:3] == [7, 2, 0] and order[-1] == 20 and sorted(order) == list(range(25))


def test_a_body_seen_along_its_torso_divides_by_no_zero(report):
    flat = make_report(report.found, np.zeros((25, 2)))
    assert flat.torso_px() == 1.0


def test_positions_in_the_box_count_from_its_corner(report):
    # A heatmap's pixel is 10 px wide and 20 px high.
    middle = report.in_box(np.array([[115.0, 110.0]]))
    np.testing.assert_allclose(middle, [[1.5, 3.0]])


def test_all_keypoints_share_one_picture_or_one_has_its_own(report):
    every = strongest(report.heatmaps, None)
    assert (every[2, 1], every[7, 5], every.sum()) == (0.75, 0.25, 1.0)
    assert strongest(report.heatmaps, 3).sum() == 0.5
    assert keypoint_words(7) == "left wrist"
