"""Hand-worked values of AMASS files: where the root goes, and what stays as it was."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neuhmr.body.model_files import load_body_arrays, load_body_model
from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.formats.amass_file import rest_pelvis, write_amass_file
from tests.formats.small_body import make_small_body

QUARTER = math.pi / 2
TOLERANCE = 1e-6  # float32 of numbers below 8


@pytest.fixture
def content() -> MotionArrays:
    """Three rows, of which the middle one is a placeholder; b = 1.5, the pelvis at (3, 1, 0)."""
    betas = np.arange(10.0)[None] / 10.0
    betas[0, 0] = 1.5
    return MotionArrays(
        global_orient=np.zeros((3, 3)),
        body_pose=np.arange(3 * 69.0).reshape(3, 69) / 100.0,
        transl=np.array([[1.0, 2, 3], [9, 9, 9], [1, 2, 3]]),
        betas=betas,
        frame_index=np.array([0, 1, 2]),
        valid=np.array([True, False, True]),
        fps=29.97,
        gender="female",
    )


def written(path: Path, content: MotionArrays) -> dict[str, np.ndarray]:
    write_amass_file(path / "a.npz", content, make_small_body())
    with np.load(path / "a.npz", allow_pickle=False) as data:
        return {key: data[key] for key in data.files}


def one_turn_per_row() -> np.ndarray:
    """World to camera: 5 m forward in row 0, out of the way in row 1, a quarter turn in row 2."""
    transforms = np.tile(np.eye(4), (3, 1, 1))
    transforms[0, 2, 3] = 5.0
    transforms[1, :3, 3] = 100.0
    # About y, x goes to -z; then 1 m to the right.
    transforms[2] = [[0, 0, 1, 1], [0, 1, 0, 0], [-1, 0, 0, 0], [0, 0, 0, 1]]
    return transforms


def test_without_a_world_the_camera_is_stood_upright(content, tmp_path):
    data = written(tmp_path, content)
    # (x, y, z) becomes (x, z, -y), which is a quarter turn about -x. The pelvis, at
    # (3, 1, 0) + (1, 2, 3) = (4, 3, 3), goes to (4, 3, -3), (1, 2, -3) from where it rests.
    np.testing.assert_allclose(data["poses"][:, :3], [[-QUARTER, 0, 0]] * 2, atol=TOLERANCE)
    np.testing.assert_allclose(data["trans"], [[1, 2, -3]] * 2, atol=TOLERANCE)


def test_each_row_goes_back_through_its_own_camera(content, tmp_path):
    data = written(tmp_path, replace(content, T_camera_world=one_turn_per_row()))
    # Row 0: 5 m back, (1, 2, 3 - 5). Row 2: the pelvis at (4, 3, 3), less 1 m to the right, is at
    # (3, 3, 3); turned back, z goes to -x: (-3, 3, 3), (-6, 2, 3) from where it rests.
    np.testing.assert_allclose(data["trans"], [[1, 2, -2], [-6, 2, 3]], atol=TOLERANCE)
    np.testing.assert_allclose(data["poses"][:, :3], [[0, 0, 0], [0, -QUARTER, 0]], atol=TOLERANCE)


def test_one_camera_serves_all_rows(content, tmp_path):
    data = written(tmp_path, replace(content, T_camera_world=one_turn_per_row()[2]))
    np.testing.assert_allclose(data["trans"], [[-6, 2, 3]] * 2, atol=TOLERANCE)
    np.testing.assert_allclose(data["poses"][:, :3], [[0, -QUARTER, 0]] * 2, atol=TOLERANCE)


def test_the_root_keeps_its_own_turn(content, tmp_path):
    # A quarter turn about x takes y to z, the camera's taken back z to -x: y to -x, and likewise
    # z to -y and x to z. That is a third of a turn about the diagonal (1, -1, 1) of these axes.
    orient = np.tile([QUARTER, 0.0, 0.0], (3, 1))
    world = one_turn_per_row()[2]
    data = written(tmp_path, replace(content, global_orient=orient, T_camera_world=world))
    expected = 2 * math.pi / 3 / math.sqrt(3) * np.array([1.0, -1.0, 1.0])
    np.testing.assert_allclose(data["poses"][:, :3], [expected] * 2, atol=TOLERANCE)


def test_body_shape_gender_and_rate_are_those_of_the_motion(content, tmp_path):
    data = written(tmp_path, content)
    expected = content.body_pose[[0, 2], :63].astype(np.float32)
    np.testing.assert_array_equal(data["poses"][:, 3:66], expected)
    assert data["poses"].shape == (2, 156) and not data["poses"][:, 66:].any(), "hands rest"
    shape = [1.5, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0, 0, 0, 0, 0, 0]
    np.testing.assert_array_equal(data["betas"], np.array(shape, np.float32))
    assert {data[key].dtype for key in ("poses", "trans", "betas")} == {np.dtype(np.float32)}
    assert str(data["gender"]) == "female"
    assert data["mocap_framerate"] == data["mocap_frame_rate"] == 29.97


def test_a_shape_per_row_counts_with_the_mean_of_the_valid_rows(content, tmp_path):
    betas = np.zeros((3, 10))
    betas[:, 0] = [1.0, 50.0, 2.0]  # Together b = 1.5, as above.
    world = one_turn_per_row()
    data = written(tmp_path, replace(content, betas=betas, T_camera_world=world))
    assert data["betas"][0] == 1.5
    np.testing.assert_allclose(data["trans"], [[1, 2, -2], [-6, 2, 3]], atol=TOLERANCE)


def test_the_pelvis_is_the_models_own_in_arrays_as_in_tensors(generator):
    import torch

    betas = torch.randn(10, generator=generator)
    model = load_body_model()
    expected = model.with_shape(betas).joints_rest[0].numpy()
    for body in (model, load_body_arrays()):
        np.testing.assert_allclose(rest_pelvis(body, betas.numpy()), expected, atol=TOLERANCE)
