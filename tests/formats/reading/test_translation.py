"""Hand-worked places: what tools call translation, and where the body is."""

import numpy as np
import pytest

from neuhmr.formats.reading.found import FocalRule, FoundPlace, Meaning
from neuhmr.formats.reading.translation import (
    full_image_translation,
    moved,
    pelvis_of,
    transform_between,
)

QUARTER = np.pi / 2
HIPS = np.array([[[0.0, -0.2, 0.0], [0.1, -0.3, 0.0], [-0.1, -0.3, 0.0]]])
"""Pelvis, left and right hip at rest; between the hips is 0.1 below the pelvis."""


@pytest.mark.parametrize(
    ("rule", "focal"),
    [
        (FocalRule("longest side", 5000 / 256), 12500.0),  # 4D-Humans: 5000 / 256 x 640
        (FocalRule("diagonal", 1.0), 800.0),  # WHAM: of 640 x 480
        (FocalRule("mean of the sides", 1.0), 560.0),  # SLAHMR
        (FocalRule("fixed", 5000.0), 5000.0),  # ScoreHMR
        (FocalRule("longest side", 443.4 / 512), 554.25),  # ROMP
    ],
)
def test_focal_rules_of_a_video_of_640_by_480(rule: FocalRule, focal: float) -> None:
    assert rule.focal(480, 640) == pytest.approx(focal)
    assert rule.K(480, 640).tolist() == [[pytest.approx(focal), 0, 320],
                                         [0, pytest.approx(focal), 240], [0, 0, 1]]  # fmt: skip


def test_a_crops_camera_becomes_the_whole_images() -> None:
    # f = 1000, b s = 200 x 0.8 = 160: z = 2000 / 160 = 12.5; the crop's center is (80, -40) px off
    # the principal point, which is (1, -0.5) at that scale.
    found = full_image_translation(
        np.array([[0.8, 0.1, 0.2]]), np.array([[400.0, 200.0]]), np.array([200.0]), 1000.0,
        np.array([320.0, 240.0]),
    )  # fmt: skip
    np.testing.assert_allclose(found, [[1.1, -0.3, 12.5]])


@pytest.mark.parametrize(
    ("meaning", "expected"),
    [
        ("smplx_transl", [1.0, 1.8, 3.0]),  # (0, -0.2, 0) + (1, 2, 3)
        ("pelvis", [1.0, 2.0, 3.0]),
        # A quarter turn about z takes (0, -0.1, 0) to (0.1, 0, 0), which the hips are off.
        ("mid_hip", [0.9, 2.0, 3.0]),
        # It takes the pelvis at (0, -0.2, 0) to (0.2, 0, 0).
        ("origin_rotation", [1.2, 2.0, 3.0]),
    ],
)
def test_each_meaning_of_translation_puts_the_pelvis_elsewhere(
    meaning: Meaning, expected: list[float]
) -> None:
    place = FoundPlace(
        orient=np.array([[0.0, 0.0, QUARTER]]), position=np.array([[1.0, 2.0, 3.0]]),
        meaning=meaning,
    )  # fmt: skip
    np.testing.assert_allclose(pelvis_of(place, HIPS), [expected], atol=1e-12)


def test_a_body_moves_about_its_pelvis_and_the_move_is_found_again() -> None:
    transform = np.eye(4)[None].copy()
    transform[0, :3] = [[0, -1, 0, 10], [1, 0, 0, 20], [0, 0, 1, 30]]  # a quarter turn about z
    orient, pelvis = moved(np.zeros((1, 3)), np.array([[1.0, 2.0, 3.0]]), transform)
    np.testing.assert_allclose(orient, [[0, 0, QUARTER]], atol=1e-12)
    np.testing.assert_allclose(pelvis, [[8, 21, 33]], atol=1e-12)
    found = transform_between(np.zeros((1, 3)), np.array([[1.0, 2.0, 3.0]]), orient, pelvis)
    np.testing.assert_allclose(found, transform, atol=1e-12)
