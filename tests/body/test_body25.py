import pytest
import torch

from neuhmr.body.body25 import (
    KEYPOINT_JOINTS,
    KEYPOINT_VERTICES,
    MIRRORED_KEYPOINTS,
    body25_points,
)
from neuhmr.body.model_files import load_body_model
from neuhmr.body.skeleton import BODY_25_NAMES


@pytest.fixture(scope="module")
def rest():
    model = load_body_model()
    eye = torch.eye(3)
    shaped = model.with_shape(torch.zeros(10))
    return shaped.with_pose(eye.expand(23, 3, 3), eye, torch.zeros(3))


def point(rest, name):
    return body25_points(rest)[BODY_25_NAMES.index(name)]


def test_the_mapping_is_the_known_one_of_smpl():
    # SMPLify-X's table over 24 joints followed by 11 vertices.
    table = [24, 12, 17, 19, 21, 16, 18, 20, 0, 2, 5, 8, 1, 4, 7, *range(25, 35)]
    vertices = [332, 6260, 2800, 4071, 583, 3216, 3226, 3387, 6617, 6624, 6787]
    for keypoint, source in enumerate(table):
        if source < 24:
            assert KEYPOINT_JOINTS[keypoint] == source
        else:
            assert KEYPOINT_VERTICES[keypoint] == vertices[source - 24]


def test_the_open_bodys_face_points_lie_on_its_face(rest):
    nose, head = point(rest, "nose"), rest.joints[15]
    left_eye, right_eye = point(rest, "left_eye"), point(rest, "right_eye")
    left_ear, right_ear = point(rest, "left_ear"), point(rest, "right_ear")
    # +z is front, +x the subject's left, +y up.
    assert float(nose[2]) > float(left_eye[2]) > float(left_ear[2])
    assert float(left_eye[1]) > float(nose[1])
    assert abs(float(nose[0])) < 0.005
    assert 0.05 < float((left_eye - right_eye).norm()) < 0.075
    assert 0.13 < float((left_ear - right_ear).norm()) < 0.19
    assert 0.08 < float((nose - head).norm()) < 0.16


def test_the_open_bodys_foot_points_lie_at_the_ends_of_its_feet(rest):
    foot = rest.vertices[rest.vertices[:, 1] < rest.joints[7, 1]]
    left = foot[foot[:, 0] > 0]
    toe, small, heel = (point(rest, f"left_{n}") for n in ("big_toe", "small_toe", "heel"))
    assert float(left[:, 2].max() - toe[2]) < 0.005
    assert float(heel[2] - left[:, 2].min()) < 0.005
    assert float(small[0]) > float(toe[0]) + 0.04
    assert float(small[2]) < float(toe[2])


def test_left_and_right_mirror_each_other(rest):
    points = body25_points(rest)
    mirrored = points[list(MIRRORED_KEYPOINTS)] * torch.tensor([-1.0, 1.0, 1.0])
    assert torch.allclose(points, mirrored, atol=2e-3)
    assert points[BODY_25_NAMES.index("left_wrist"), 0] > 0.5


def test_points_move_with_the_body(rest):
    from neuhmr.geometry.rigid import Rigid
    from neuhmr.geometry.rotations import rotation_about
    from neuhmr.lab.moments.moments import moved_body

    move = Rigid(rotation_about("y", torch.tensor(0.7)), torch.tensor([1.0, 2.0, 3.0]))
    expected = move.apply(body25_points(rest))
    assert torch.allclose(body25_points(moved_body(rest, move)), expected, atol=1e-5)


def test_a_body_with_other_vertices_is_refused(rest):
    from dataclasses import replace

    small = replace(rest, vertices=rest.vertices[:100])
    with pytest.raises(ValueError, match="100 vertices"):
        body25_points(small)
