import numpy as np

from workbench.scene.skeleton_view import FAR_OFF_MM, error_colors


def test_near_is_green_and_far_is_red():
    near, far = error_colors(np.array([0.0, FAR_OFF_MM])).astype(int)
    assert near[1] > near[0] + 50 and far[0] > far[1] + 50


def test_all_that_is_farther_is_plain_red():
    colors = error_colors(np.array([FAR_OFF_MM, 10.0 * FAR_OFF_MM]))
    np.testing.assert_array_equal(colors[0], colors[1])
