"""Tests of neuhmr.clip.motion_arrays."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from neuhmr.body.motion import Motion
from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.clip.motion_file import read_motion_file, write_motion_file
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rigid import Rigid


@pytest.fixture
def content() -> MotionArrays:
    """Three rows that differ in everything."""
    rows = np.arange(3.0)
    return MotionArrays(
        global_orient=np.outer(rows, [0.1, 0.2, 2.5]),
        body_pose=np.outer(1 + rows, np.linspace(-1.0, 1.5, 69)),
        transl=np.outer(rows, [1.0, 2.0, 3.0]),
        betas=np.outer([1.0, 2.0, 6.0], np.ones(10)),
        frame_index=np.array([2, 5, 6]),
        valid=np.array([True, True, False]),
        fps=24.0,
        K=np.array([np.diag([f, f, 1.0]) for f in (100.0, 101.0, 102.0)]),
        image_size=(48, 64),
        T_camera_world=np.array([1.0, 2.0, 3.0])[:, None, None] * np.eye(4),
    )


def test_selecting_keeps_all_that_belongs_to_the_rows(content):
    part = content.select(np.array([True, False, True]))
    assert len(part) == 2
    np.testing.assert_array_equal(part.global_orient, content.global_orient[[0, 2]])
    np.testing.assert_array_equal(part.body_pose, content.body_pose[[0, 2]])
    np.testing.assert_array_equal(part.transl, content.transl[[0, 2]])
    assert part.betas[:, 0].tolist() == [1.0, 6.0]
    assert part.frame_index.tolist() == [2, 6] and part.valid.tolist() == [True, False]
    assert part.K is not None and part.K[:, 0, 0].tolist() == [100.0, 102.0]
    assert part.T_camera_world is not None
    assert part.T_camera_world[:, 0, 0].tolist() == [1.0, 3.0]


def test_selecting_leaves_what_holds_for_all_rows(content):
    content = replace(content, betas=np.ones((1, 10)), K=np.eye(3), T_camera_world=np.eye(4))
    for rows in ([False, True, False], [False, False, False]):
        part = content.select(np.array(rows))
        assert len(part) == sum(rows)
        assert part.K is content.K and part.T_camera_world is content.T_camera_world
        assert part.betas.tolist() == [[1.0] * 10]


def test_nobody_seen_leaves_no_rows_but_a_shape(content):
    part = content.select(np.zeros(3, bool))
    assert len(part) == 0 and part.mean_betas().shape == (10,)
    assert np.isfinite(part.mean_betas()).all()


def test_the_shape_is_the_mean_of_the_valid_rows(content):
    # (1 + 2) / 2; the placeholder's 6 does not count, unless there is nothing else: 9 / 3.
    assert content.mean_betas().tolist() == [1.5] * 10
    assert replace(content, valid=np.zeros(3, bool)).mean_betas().tolist() == [3.0] * 10


def test_tensors_are_those_of_the_torch_conversion(content):
    motion = content.motion
    expected = Motion.from_axisangle(
        torch.from_numpy(content.global_orient),
        torch.from_numpy(content.body_pose),
        torch.from_numpy(content.transl),
        torch.full((10,), 1.5),
        torch.tensor([2, 5, 6]),
        torch.tensor([True, True, False]),
    ).to(torch.float32)
    for name in ("global_orient", "body_pose", "transl", "betas", "frame_index", "valid"):
        # A unit of the last place at most.
        torch.testing.assert_close(
            getattr(motion, name), getattr(expected, name), atol=6e-8, rtol=0, msg=name
        )


def test_changing_tensors_leaves_the_arrays_alone(content):
    content.motion.valid[0] = False
    content.motion.transl[1] = 7.0
    assert content.valid.tolist() == [True, True, False]
    assert content.transl[1].tolist() == [1.0, 2.0, 3.0]


def test_a_camera_needs_its_image_size(content):
    assert content.camera is not None
    assert content.camera.K[:, 0, 0].tolist() == [100.0, 101.0, 102.0]
    assert (content.camera.height, content.camera.width) == (48, 64)
    assert replace(content, image_size=None).camera is None


def test_a_motion_with_its_camera_becomes_arrays_and_comes_back(content):
    camera = Camera(torch.tensor([[300.0, 0, 32], [0, 310, 24], [0, 0, 1]]), 48, 64)
    world = Rigid(torch.eye(3), torch.tensor([1.0, 2.0, 3.0]))
    made = MotionArrays.from_motion(
        content.motion, 24.0, camera, world, camera_is_guessed=True, body_model="b", source="s"
    )
    assert (made.fps, made.image_size, made.body_model, made.source) == (24.0, (48, 64), "b", "s")
    assert made.camera_is_guessed and made.has_frame_index
    assert made.K is not None and made.K.tolist() == camera.K.tolist()
    assert made.T_camera_world is not None
    assert made.T_camera_world[:3, 3].tolist() == [1.0, 2.0, 3.0]
    for name in ("global_orient", "body_pose", "transl", "betas", "frame_index", "valid"):
        # Axis-angle in float32 costs a few 1e-6 at large angles.
        torch.testing.assert_close(
            getattr(made.motion, name), getattr(content.motion, name), atol=1e-5, rtol=0, msg=name
        )


def test_what_was_read_is_written_again_to_the_last_digit(content, tmp_path):
    # Also angles beyond half a turn, which matrices would bring below it.
    assert np.abs(content.global_orient[2]).max() > np.pi
    first, second = tmp_path / "a.npz", tmp_path / "b.npz"
    content = replace(content, T_camera_world=np.eye(4), valid=np.ones(3, bool))
    write_motion_file(first, content)
    write_motion_file(second, read_motion_file(first))
    with np.load(first) as a, np.load(second) as b:
        assert a.files == b.files
        for key in a.files:
            np.testing.assert_array_equal(a[key], b[key], err_msg=key)
            assert a[key].dtype == b[key].dtype, key
