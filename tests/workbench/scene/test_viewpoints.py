"""Places of the 3D view, against plain projections."""

import math

import numpy as np
import pytest

from workbench.scene.viewpoints import FIELD_OF_VIEW, behind_bodies, lens_behind, stand_before


def project_from(position, target, points, aspect):
    """Project to the view: x and y in [-1, 1] are inside."""
    forward = (target - position) / np.linalg.norm(target - position)
    right = np.cross([0.0, 1.0, 0.0], forward)
    right /= np.linalg.norm(right)
    seen = (points - position) @ np.stack([right, np.cross(forward, right), forward], axis=1)
    assert (seen[:, 2] > 0.0).all(), "behind the view"
    tangent = math.tan(FIELD_OF_VIEW / 2.0)
    return seen[:, :2] / seen[:, 2:] / np.array([tangent * aspect, tangent])


@pytest.mark.parametrize("aspect", [0.4, 1.0, 2.5])
@pytest.mark.parametrize("size", [(0.5, 1.7, 0.4), (6.0, 1.7, 0.5), (0.5, 1.7, 9.0)])
def test_all_points_are_in_the_view_and_fill_it_one_way(aspect, size):
    rng = np.random.default_rng(0)
    points = rng.uniform(-0.5, 0.5, (200, 3)) * size + np.array([0.4, 0.2, 5.0])
    position, target = stand_before(points, aspect)
    seen = project_from(position, target, points, aspect)
    low, high = seen.min(axis=0), seen.max(axis=0)
    assert (np.abs(seen) < 0.9).all()
    assert (high - low).max() > 1.0
    # The fuller direction is centered.
    axis = int((high - low).argmax())
    assert abs(low[axis] + high[axis]) < 0.1


def test_the_view_looks_from_the_video_cameras_side():
    points = np.array([[0.0, -0.8, 4.0], [0.0, 0.8, 4.0]])
    position, target = stand_before(points, 1.0)
    assert position[2] < 4.0 and target[2] == pytest.approx(4.0, abs=0.2)
    assert position[1] < target[1], "from a little above; y points down"


@pytest.mark.parametrize(("aspect", "expected"), [(2.0, (200, 100)), (0.5, (100, 200))])
def test_the_lens_holds_the_whole_frame_in_the_shape_of_the_view(aspect, expected):
    K = np.array([[120.0, 0, 50], [0, 120.0, 50], [0, 0, 1]])
    lens = lens_behind(K, 100, 100, aspect)
    assert (lens.width, lens.height) == expected
    assert (lens.left, lens.top) == ((expected[0] - 100) // 2, (expected[1] - 100) // 2)
    assert lens.fov == pytest.approx(2.0 * math.atan(expected[1] / 2.0 / 120.0))


def test_a_shifted_optical_axis_comes_to_the_middle():
    K = np.array([[120.0, 0, 30], [0, 120.0, 60], [0, 0, 1]])
    lens = lens_behind(K, 100, 100, 1.0)
    assert (lens.left + 30, lens.top + 60) == (lens.width / 2, lens.height / 2)
    image = np.zeros((100, 100, 3), np.uint8)
    image[58:62, 28:32] = 255
    laid = behind_bodies(image, lens)
    height, width = laid.shape[:2]
    rows, columns = np.nonzero(laid[..., 0] > 128)
    assert abs(rows.mean() + 0.5 - height / 2) < 3.0 and abs(columns.mean() + 0.5 - width / 2) < 3.0
