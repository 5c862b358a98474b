"""Tests of neuhmr.clip.clip."""

import numpy as np
import pytest
import torch

from neuhmr.body.motion import Motion
from neuhmr.clip.camera_file import write_camera
from neuhmr.clip.clip import open_clip
from neuhmr.clip.masks import pack_masks, write_masks
from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.clip.motion_file import write_motion_file
from neuhmr.clip.sidecars import sidecar_path
from neuhmr.errors import ClipError, PoseFileError
from neuhmr.geometry.cameras import Camera, camera_from_focal
from neuhmr.geometry.rigid import Rigid

FRAMES, HEIGHT, WIDTH = 12, 48, 64


def make_motion(frame_index: list[int]) -> Motion:
    """Stand at a depth (m) that says which video frame a row is for."""
    rows = len(frame_index)
    transl = torch.zeros(rows, 3)
    transl[:, 2] = torch.tensor(frame_index)
    return Motion.from_axisangle(
        torch.zeros(rows, 3),
        torch.zeros(rows, 69),
        transl,
        torch.zeros(10),
        torch.tensor(frame_index),
    )


def make_masks(frames: int = FRAMES, height: int = HEIGHT, width: int = WIDTH):
    """Mask i has its first i + 1 pixels set."""
    masks = np.zeros((frames, height * width), bool)
    for frame in range(frames):
        masks[frame, : frame + 1] = True
    return pack_masks(masks.reshape(frames, height, width))


def per_frame_camera(count: int) -> Camera:
    """Focal lengths of 100, 101, 102 ... px."""
    camera = camera_from_focal(100.0, HEIGHT, WIDTH)
    K = camera.K.repeat(count, 1, 1)
    K[:, [0, 1], [0, 1]] += torch.arange(count)[:, None]
    return Camera(K, HEIGHT, WIDTH)


def test_a_bare_video_gets_a_guessed_camera_and_says_so(make_video):
    clip = open_clip(make_video())
    assert len(clip) == FRAMES and clip.camera_is_guessed
    # The image diagonal: sqrt(48^2 + 64^2) = 80.
    assert clip.camera.K.tolist() == [[80.0, 0.0, 32.0], [0.0, 80.0, 24.0], [0.0, 0.0, 1.0]]
    assert (clip.masks, clip.motion, clip.truth, clip.T_camera_world) == (None,) * 4


def test_sidecars_are_found_beside_the_video_and_in_its_folder(make_video):
    path = make_video()
    folder = path.with_name("clip.neuhmr")
    folder.mkdir()
    write_motion_file(
        path.with_name("clip.poses.npz"), MotionArrays.from_motion(make_motion([0, 5]), 10.0)
    )
    write_motion_file(
        folder / "clip.truth.npz", MotionArrays.from_motion(make_motion([1, 2, 3]), 10.0)
    )
    write_masks(folder / "clip.masks.npz", make_masks())
    write_camera(path.with_name("clip.camera.json"), per_frame_camera(FRAMES))
    clip = open_clip(path)
    assert clip.motion is not None and clip.motion.frame_index.tolist() == [0, 5]
    assert clip.truth is not None and len(clip.truth) == 3
    assert clip.masks is not None and clip.masks.mask(4).sum() == 5
    assert clip.camera.K.shape == (FRAMES, 3, 3) and not clip.camera_is_guessed
    assert clip.cameras_at(torch.tensor([3, 7])).K[:, 0, 0].tolist() == [103.0, 107.0]


def test_given_files_win_over_sidecars(make_video, tmp_path):
    path = make_video()
    write_motion_file(
        path.with_name("clip.poses.npz"), MotionArrays.from_motion(make_motion([0, 5]), 10.0)
    )
    write_motion_file(tmp_path / "other.npz", MotionArrays.from_motion(make_motion([3]), 10.0))
    for given in (tmp_path / "other.npz", MotionArrays.from_motion(make_motion([3]), 10.0)):
        clip = open_clip(path, poses=given)
        assert clip.motion is not None and clip.motion.frame_index.tolist() == [3]


def test_the_camera_of_the_poses_is_used_where_there_is_no_other(make_video):
    transform = Rigid(torch.eye(3).repeat(3, 1, 1), torch.arange(9.0).reshape(3, 3))
    poses = MotionArrays.from_motion(make_motion([2, 3, 9]), 10.0, per_frame_camera(3), transform)
    clip = open_clip(make_video(), poses=poses)
    assert not clip.camera_is_guessed
    # Rows belong to frames 2, 3 and 9; other frames take the nearest row (6 is a tie).
    nearest = [0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 2]
    assert (clip.camera.K[:, 0, 0] - 100).tolist() == nearest
    assert clip.T_camera_world is not None
    assert (clip.T_camera_world.transl[:, 0] / 3).tolist() == nearest


def test_a_slice_restricts_and_renumbers_everything(make_video):
    path = make_video()
    transform = Rigid(torch.eye(3).repeat(12, 1, 1), torch.arange(36.0).reshape(12, 3))
    poses = MotionArrays.from_motion(make_motion(list(range(12))), 10.0, T_camera_world=transform)
    write_masks(sidecar_path(path, "masks"), make_masks())
    write_camera(sidecar_path(path, "camera"), per_frame_camera(FRAMES))
    truth = MotionArrays.from_motion(make_motion([1, 4, 6, 9]), 10.0)
    clip = open_clip(path, poses=poses, truth=truth)

    part = clip[4:10]
    assert len(part) == 6
    assert part.motion is not None and part.motion.frame_index.tolist() == [0, 1, 2, 3, 4, 5]
    assert part.motion.transl[:, 2].tolist() == [4, 5, 6, 7, 8, 9]
    assert part.truth is not None and part.truth.frame_index.tolist() == [0, 2, 5]
    assert part.masks is not None and part.masks.mask(0).sum() == 5
    assert part.camera.K[:, 0, 0].tolist() == [104, 105, 106, 107, 108, 109]
    assert part.T_camera_world is not None and part.T_camera_world.transl[0, 0] == 12
    np.testing.assert_array_equal(part.video.frame(0), clip.video.frame(4))

    sparse = clip[4:10:2][1:]  # Frames 6 and 8.
    assert sparse.motion is not None and sparse.motion.transl[:, 2].tolist() == [6, 8]
    assert sparse.motion.frame_index.tolist() == [0, 1]
    assert sparse.truth is not None and sparse.truth.frame_index.tolist() == [0]
    assert clip[10:].truth is None
    with pytest.raises(ValueError, match="no forward range"):
        clip[5:5]


def test_poses_and_masks_of_another_clip_are_refused(make_video, tmp_path):
    path = make_video()
    np.savez(
        tmp_path / "plain.npz", global_orient=np.zeros((11, 3)), body_pose=np.zeros((11, 69)),
        transl=np.zeros((11, 3)), betas=np.zeros(10),
    )  # fmt: skip
    wide = MotionArrays.from_motion(make_motion([0]), 10.0, camera_from_focal(90.0, 64, 64))
    for poses, found in (
        (tmp_path / "plain.npz", "holds 11 frames but .* has 12; re-run the estimator"),
        (
            MotionArrays.from_motion(make_motion([0, 12]), 10.0),
            r"up to number 12 .* only 12 \(0 to 11\); re-run",
        ),
        (wide, "64 x 64 pixels .* 48 x 64; give the poses of this very clip"),
        (path, "is a video"),
    ):
        with pytest.raises(PoseFileError, match=found):
            open_clip(path, poses=poses)
    with pytest.raises(PoseFileError, match="up to number 20"):
        open_clip(path, truth=MotionArrays.from_motion(make_motion([20]), 10.0))
    for masks, found in (
        (make_masks(frames=11), "holds 11 masks but .* 12 frames; make new ones"),
        (make_masks(height=64, width=48), "64 x 48 pixels .* 48 x 64; make new ones"),
    ):
        write_masks(tmp_path / "other.npz", masks)
        with pytest.raises(ClipError, match=found) as error:
            open_clip(path, masks=tmp_path / "other.npz")
        assert "other.npz" in str(error.value) and "clip.mp4" in str(error.value)
