"""Eq. 8 from stored numbers, worked out by hand for five joints of one frame."""

import numpy as np
import pytest

from neuhmr.anchors.visibility import LEAST_OPACITY as LIBRARY_OPACITY
from workbench.engine.depth_tests import LEAST_OPACITY, DepthTests

TESTS = DepthTests(
    frames=(7,),
    # The last joint lies left of the picture.
    pixels=np.float32([[[10, 10], [10, 10], [10, 10], [10, 10], [-1, 10]]]),
    joint_depths=np.float32([[3.1, 3.4, 2.5, 3.0, 3.0]]),
    surface_depths=np.float32([[3.0, 3.0, 3.0, 3.0, 3.0]]),
    opacities=np.float32([[1.0, 1.0, 1.0, 0.2, 1.0]]),
    crop_size=(24, 18),
)


def test_verdicts_follow_the_tolerance():
    def verdicts(epsilon):
        return [TESTS.verdict(0, joint, epsilon) for joint in range(5)]

    assert verdicts(0.2) == ["visible", "hidden", "before the surface", "no surface", "outside"]
    assert verdicts(0.45) == ["visible", "visible", "before the surface", "no surface", "outside"]
    assert verdicts(0.05)[0] == "hidden"


@pytest.mark.parametrize("epsilon", [0.05, 0.2, 0.45, 0.6])
def test_visible_is_what_the_verdict_says(epsilon):
    words = [TESTS.verdict(0, joint, epsilon) == "visible" for joint in range(5)]
    assert TESTS.visible(epsilon)[0].tolist() == words


def test_distances_are_measured_from_the_surface():
    np.testing.assert_allclose(TESTS.distances()[0, :3], [0.1, 0.4, 0.5], atol=1e-6)
    assert TESTS.comparable()[0].tolist() == [True, True, True, False, False]


def test_the_window_and_the_library_agree_on_what_a_ray_must_meet():
    assert LEAST_OPACITY == LIBRARY_OPACITY
