"""The view's pose from the browser, and the camera that zooms in on the person."""

import math

import pytest
import torch

from workbench.engine.free_view import MARGIN_SHARE, Viewpoint, camera_around
from workbench.errors import WorkbenchError

HALF = math.sqrt(0.5)


def test_the_video_camera_is_the_identity():
    T_view_camera = Viewpoint.checked((2.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0)).T_view_camera()
    torch.testing.assert_close(T_view_camera.as_matrix(), torch.eye(4, dtype=torch.float64))


def test_a_point_ahead_of_the_view_lies_on_its_axis():
    # A quarter turn about +y: the view looks along the video camera's +x, from 2 m to its left.
    T_view_camera = Viewpoint.checked((HALF, 0.0, HALF, 0.0), (-2.0, 0.5, 3.0)).T_view_camera()
    ahead = torch.tensor([1.0, 0.5, 3.0], dtype=torch.float64)
    expected = torch.tensor([0.0, 0.0, 3.0], dtype=torch.float64)
    torch.testing.assert_close(T_view_camera.apply(ahead), expected)


@pytest.mark.parametrize(
    ("wxyz", "position"),
    [
        ((0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
        ((float("nan"), 0.0, 0.0, 1.0), (0.0, 0.0, 0.0)),
        ((1.0, 0.0, 0.0, 0.0), (float("inf"), 0.0, 0.0)),
        ((1.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
        ("east", (0.0, 0.0, 0.0)),
        (("n", "e", "s", "w"), (0.0, 0.0, 0.0)),
        (None, None),
    ],
)
def test_what_is_no_pose_is_refused(wxyz, position):
    with pytest.raises(WorkbenchError, match="where it looks from"):
        Viewpoint.checked(wxyz, position)


def test_the_person_fills_the_picture_up_to_the_margin():
    points = torch.tensor([[-0.5, -1.0, 4.0], [0.7, 1.0, 4.0], [0.0, 0.0, 4.0]])
    camera = camera_around(points, 300, 200)
    pixels = camera.project(points)
    low, high = pixels.amin(dim=0), pixels.amax(dim=0)
    torch.testing.assert_close((low + high) / 2.0, torch.tensor([100.0, 150.0]))
    # 2 m tall and 1.2 m wide in a picture of 3 to 2: the height comes first.
    assert float(high[1] - low[1]) == pytest.approx(300 * (1 - 2 * MARGIN_SHARE), rel=1e-5)
    assert float(high[0] - low[0]) == pytest.approx(0.6 * float(high[1] - low[1]), rel=1e-5)
    assert camera.K[0, 0] == camera.K[1, 1]


@pytest.mark.parametrize("depth", [-2.0, 0.0, 0.05])
def test_a_person_behind_the_view_or_in_its_plane_is_refused(depth):
    points = torch.tensor([[0.0, 0.0, 3.0], [0.0, 1.0, depth]])
    with pytest.raises(WorkbenchError, match="behind the 3D view"):
        camera_around(points, 300, 200)
