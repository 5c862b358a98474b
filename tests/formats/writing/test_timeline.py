"""What becomes of frames without a pose, and of other rates."""

from dataclasses import replace

import numpy as np
import pytest

from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.errors import OutputError, PoseFileError
from neuhmr.formats.writing.timeline import on_timeline
from neuhmr.geometry.rotation_arrays import rotmats_from_axisangles

ROUNDING = 1e-9


@pytest.fixture
def content() -> MotionArrays:
    """Frames 10, 11, 12, 14, 15 of which 12 and 15 are placeholders; 13 is absent."""
    orient = np.zeros((5, 3))
    orient[:, 1] = [0.0, 0.2, 77.0, 0.8, 77.0]
    return MotionArrays(
        global_orient=orient,
        body_pose=np.tile(orient, (1, 23)),
        transl=np.array([[0.0, 0, 5], [1, 0, 5], [99, 99, 99], [4, 0, 5], [99, 99, 99]]),
        betas=np.zeros((1, 10)),
        frame_index=np.array([10, 11, 12, 14, 15]),
        valid=np.array([True, True, False, True, False]),
        fps=10.0,
        T_camera_world=None,
    )


def test_gaps_are_filled_in_between_and_the_ends_are_held(content):
    filled, remarks = on_timeline(content, False, "auto", None)
    assert filled.frame_index.tolist() == [10, 11, 12, 13, 14, 15] and filled.valid.all()
    np.testing.assert_allclose(filled.transl[:, 0], [0, 1, 2, 3, 4, 4], atol=ROUNDING)
    np.testing.assert_allclose(filled.global_orient[:, 1], [0, 0.2, 0.4, 0.6, 0.8, 0.8])
    np.testing.assert_allclose(filled.body_pose[:, 67], [0, 0.2, 0.4, 0.6, 0.8, 0.8])
    assert remarks == ("Filled by interpolation in time: 3 frames without a pose (12-13, 15).",)


def test_a_format_that_can_mark_gaps_gets_the_rows_as_they_are(content):
    kept, remarks = on_timeline(content, True, "auto", None)
    assert kept is content
    assert remarks == ("Left out or marked: 3 frames without a pose (12-13, 15).",)
    filled, _ = on_timeline(content, True, "fill", None)
    assert filled.valid.all() and len(filled) == 6


@pytest.mark.parametrize("keeps_gaps", [True, False])
def test_gaps_can_be_refused(content, keeps_gaps):
    with pytest.raises(PoseFileError, match=r"3 frames without a pose \(12-13, 15\)"):
        on_timeline(content, keeps_gaps, "refuse", None)
    whole = content.select(np.array([True, True, False, False, False]))
    assert on_timeline(whole, keeps_gaps, "refuse", None) == (whole, ())


def test_many_gaps_are_not_all_named():
    rows = 40
    content = MotionArrays(
        global_orient=np.zeros((rows, 3)), body_pose=np.zeros((rows, 69)),
        transl=np.zeros((rows, 3)), betas=np.zeros((1, 10)), frame_index=np.arange(0, 80, 2),
        valid=np.ones(rows, bool), fps=10.0,
    )  # fmt: skip
    _, (remark,) = on_timeline(content, False, "fill", None)
    assert "39 frames without a pose (1, 3, 5, 7, 9, 11, ...)" in remark


def test_a_motion_without_any_pose_is_refused(content):
    with pytest.raises(PoseFileError, match="no valid frame"):
        on_timeline(replace(content, valid=np.zeros(5, bool)), True, "auto", None)


@pytest.mark.parametrize("fps", [0.0, -5.0, float("nan"), float("inf"), 1e9])
def test_impossible_rates_are_refused(content, fps):
    with pytest.raises(OutputError, match="--fps"):
        on_timeline(content, False, "auto", fps)


def test_another_rate_keeps_the_times_of_the_clip(content):
    whole = content.select(np.array([True, True, False, False, False]))
    resampled, (remark,) = on_timeline(whole, False, "auto", 40.0)
    # 1.0 s to 1.1 s at 40 a second: frames 40 to 44.
    assert resampled.frame_index.tolist() == [40, 41, 42, 43, 44] and resampled.fps == 40.0
    np.testing.assert_allclose(resampled.transl[:, 0], [0, 0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(resampled.global_orient[:, 1], [0, 0.05, 0.1, 0.15, 0.2])
    assert "from 10 to 40 frames per second" in remark and "2 frames became 5" in remark


def test_fewer_frames_per_second_pass_over_whole_ones(content):
    rows = 31
    t = np.arange(rows) / 30.0
    content = MotionArrays(
        global_orient=np.zeros((rows, 3)), body_pose=np.zeros((rows, 69)),
        transl=np.stack([t, t, t], axis=1), betas=np.zeros((1, 10)), frame_index=np.arange(rows),
        valid=np.ones(rows, bool), fps=30.0,
    )  # fmt: skip
    resampled, _ = on_timeline(content, False, "auto", 24.0)
    np.testing.assert_allclose(resampled.transl[:, 0], np.arange(25) / 24.0, atol=ROUNDING)


def test_between_a_pose_and_a_gap_nothing_is_known(content):
    resampled, _ = on_timeline(content, True, "auto", 20.0)
    # Frames 20 to 30 are old frames 10, 10.5, ... 15; only 10 to 11, and 14, lie between poses.
    assert resampled.frame_index.tolist() == list(range(20, 31))
    assert resampled.frame_index[resampled.valid].tolist() == [20, 21, 22, 28]


def test_rotations_take_the_shorter_way():
    orient = np.array([[0.0, 0, 3.0], [0, 0, -3.0]])
    content = MotionArrays(
        global_orient=orient, body_pose=np.zeros((2, 69)), transl=np.zeros((2, 3)),
        betas=np.zeros((1, 10)), frame_index=np.array([0, 2]), valid=np.ones(2, bool), fps=10.0,
    )  # fmt: skip
    filled, _ = on_timeline(content, False, "auto", None)
    # From 3 to 2 pi - 3 rad: half a turn lies in the middle.
    np.testing.assert_allclose(
        rotmats_from_axisangles(filled.global_orient[1]), np.diag([-1.0, -1, 1]), atol=ROUNDING
    )


def test_cameras_are_interpolated_where_they_stand():
    transforms = np.tile(np.eye(4), (2, 1, 1))
    # At (0, 0, 0), and at (2, 0, 0) after a quarter turn about y.
    transforms[1] = [[0, 0, 1, 0], [0, 1, 0, 0], [-1, 0, 0, 2], [0, 0, 0, 1]]
    K = np.tile(np.diag([100.0, 100.0, 1.0]), (2, 1, 1))
    K[1] = np.diag([200.0, 200.0, 1.0])
    content = MotionArrays(
        global_orient=np.zeros((2, 3)), body_pose=np.zeros((2, 69)), transl=np.zeros((2, 3)),
        betas=np.zeros((1, 10)), frame_index=np.array([0, 2]), valid=np.ones(2, bool), fps=10.0,
        K=K, image_size=(8, 8), T_camera_world=transforms,
    )  # fmt: skip
    filled, _ = on_timeline(content, True, "fill", None)
    middle = filled.T_camera_world[1]
    np.testing.assert_allclose(-middle[:3, :3].T @ middle[:3, 3], [1, 0, 0], atol=ROUNDING)
    half = np.sqrt(0.5)
    expected = [[half, 0, half], [0, 1, 0], [-half, 0, half]]
    np.testing.assert_allclose(middle[:3, :3], expected, atol=ROUNDING)
    assert filled.K[1, 0, 0] == 150.0
