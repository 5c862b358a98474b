"""Tests of neuhmr.clip.motion_file and motion_checks."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from neuhmr.body.motion import Motion
from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.clip.motion_file import read_motion_file, write_motion_file
from neuhmr.errors import OutputError, PoseFileError
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rigid import Rigid
from neuhmr.geometry.rotations import axisangle_to_rotmat

FRAMES = 4


@pytest.fixture
def arrays(generator) -> dict[str, np.ndarray]:
    """The lenient form: smplx's names, nothing else."""
    widths = {"global_orient": 3, "body_pose": 69, "transl": 3}
    values = {k: torch.randn(FRAMES, w, generator=generator) * 0.5 for k, w in widths.items()}
    values["betas"] = torch.randn(10, generator=generator)
    return {key: value.numpy() for key, value in values.items()}


@pytest.fixture
def content(arrays) -> MotionArrays:
    tensors = {key: torch.from_numpy(value) for key, value in arrays.items()}
    motion = Motion.from_axisangle(
        **tensors,
        frame_index=torch.tensor([2, 3, 5, 9]),
        valid=torch.tensor([True, True, False, True]),
    )
    K = torch.tensor([[500.0, 0.0, 32.0], [0.0, 510.0, 24.0], [0.0, 0.0, 1.0]])
    made = MotionArrays.from_motion(
        motion,
        29.97,
        Camera(K.repeat(FRAMES, 1, 1), 48, 64),
        Rigid(axisangle_to_rotmat(torch.tensor([0.1, 0.2, 0.3])), torch.ones(3)),
        body_model="open 0123",
        source="written by a test",
    )
    return replace(made, gender="female")


def assert_same_motion(a: Motion, b: Motion, rows: torch.Tensor | slice = slice(None)) -> None:
    # Axis-angle in float32 costs a few 1e-6.
    for name in ("global_orient", "body_pose", "transl"):
        torch.testing.assert_close(
            getattr(a, name)[rows], getattr(b, name)[rows], atol=1e-5, rtol=0
        )
    torch.testing.assert_close(a.betas, b.betas)
    assert a.frame_index.tolist() == b.frame_index.tolist()
    assert a.valid.tolist() == b.valid.tolist()


def test_a_motion_file_survives_writing_and_reading(content, tmp_path):
    path = tmp_path / "clip.poses.npz"
    write_motion_file(path, content)
    back = read_motion_file(path)
    assert_same_motion(back.motion, content.motion, content.motion.valid)
    assert back.fps == 29.97 and back.has_frame_index
    assert (back.gender, back.body_model, back.source) == (
        "female",
        "open 0123",
        "written by a test",
    )
    assert back.camera is not None and content.camera is not None
    torch.testing.assert_close(back.camera.K, content.camera.K)
    assert (back.camera.height, back.camera.width) == (48, 64)
    assert back.T_camera_world is not None and content.T_camera_world is not None
    np.testing.assert_array_equal(back.T_camera_world, content.T_camera_world)


def test_the_file_has_the_documented_keys_and_no_pickles(content, tmp_path):
    write_motion_file(tmp_path / "a.npz", content)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as data:
        shapes = {key: data[key].shape for key in data.files}
        assert str(data["format"]) == "neuhmr-motion" and int(data["version"]) == 1
    assert shapes == {
        "format": (), "version": (), "global_orient": (4, 3), "body_pose": (4, 69),
        "transl": (4, 3), "betas": (10,), "frame_index": (4,), "valid": (4,), "fps": (),
        "K": (4, 3, 3), "image_size": (2,), "camera_is_guessed": (), "T_camera_world": (4, 4),
        "gender": (), "body_model": (), "source": (),
    }  # fmt: skip


def test_smplx_names_without_format_are_read(arrays, tmp_path):
    np.savez(tmp_path / "plain.npz", **arrays)
    back = read_motion_file(tmp_path / "plain.npz")
    expected = Motion.from_axisangle(**{k: torch.from_numpy(v) for k, v in arrays.items()})
    assert_same_motion(back.motion, expected)
    assert not back.has_frame_index and back.camera is None and back.T_camera_world is None
    assert back.fps == 30.0 and "assumed 30" in back.source


def test_matrices_and_betas_per_frame_are_read_in_the_lenient_form(arrays, tmp_path):
    expected = Motion.from_axisangle(**{k: torch.from_numpy(v) for k, v in arrays.items()})
    arrays["global_orient"] = expected.global_orient.numpy()[:, None]
    arrays["body_pose"] = expected.body_pose.numpy()
    # Betas that differ by frame count with their mean: here -1, 0, 0 and 1 around the old ones.
    arrays["betas"] = arrays["betas"] + np.array([[-1.0], [0.0], [0.0], [1.0]], np.float32)
    np.savez(tmp_path / "matrices.npz", **arrays)
    assert_same_motion(read_motion_file(tmp_path / "matrices.npz").motion, expected)


def test_placeholders_may_hold_anything(arrays, tmp_path):
    for key in ("global_orient", "body_pose", "transl"):
        arrays[key][2] = np.nan
    np.savez(tmp_path / "a.npz", valid=np.array([1, 1, 0, 1], bool), **arrays)
    motion = read_motion_file(tmp_path / "a.npz").motion
    assert motion.valid.tolist() == [True, True, False, True]
    torch.testing.assert_close(motion.global_orient[2], torch.eye(3))
    assert bool(torch.isfinite(motion.body_pose).all()) and motion.transl[2].tolist() == [0, 0, 0]


BAD_ARRAYS = {
    "nan": ({"transl": ("set", (2, 1), np.nan)}, "NaN or Inf in transl in frame 2"),
    "inf": ({"body_pose": ("set", (1, 5), np.inf)}, "NaN or Inf in body_pose in frame 1"),
    "nan_betas": ({"betas": ("set", (3,), np.nan)}, "NaN or Inf in betas"),
    "degrees": ({"body_pose": ("set", (3, 7), 90.0)}, r"90 rad in body_pose \(frame 3\)"),
    "nan_at": (
        {"transl": ("set", (2, 1), np.nan), "frame_index": np.array([4, 5, 8, 9])},
        "NaN or Inf in transl in frame 8",
    ),
    "no_key": ({"betas": None}, r"lacks betas \(it has body_pose, global_orient, transl\)"),
    "count": ({"global_orient": np.zeros((3, 3))}, r"global_orient of shape \(3, 3\), \(4, 3\)"),
    "smplx": ({"body_pose": np.zeros((4, 63))}, r"shape \(4, 63\) .*SMPL-X"),
    "betas": ({"betas": np.zeros(16)}, r"betas of shape \(16,\), \(10,\)"),
    "transl": ({"transl": np.zeros((4, 4))}, r"transl of shape \(4, 4\)"),
    "none": ({"transl": np.zeros((0, 3))}, r"transl of shape \(0, 3\)"),
    "words": ({"transl": np.array([["a"] * 3] * 4)}, "transl of type"),
    "matrix": ({"body_pose": np.full((4, 23, 3, 3), 0.5)}, r"no rotation \(frame 0, joint 0\)"),
    "mirror": (
        {"global_orient": np.tile(np.diag([1.0, 1.0, -1.0]), (4, 1, 1))},
        "global_orient that is no rotation",
    ),
    "index": ({"frame_index": np.array([0, 1, 1, 2])}, "frame_index that is negative or does not"),
    "index_type": ({"frame_index": np.arange(4.0)}, "frame_index of shape .* type float64"),
    "valid": ({"valid": np.ones(3, bool)}, r"valid of shape \(3,\)"),
    "fps": ({"fps": np.array(0.0)}, "no usable fps"),
    "K": ({"K": np.eye(4), "image_size": np.array([4, 4])}, r"K of shape \(4, 4\)"),
    "focal": ({"K": -np.eye(3), "image_size": np.array([4, 4])}, "no pinhole"),
    "size": ({"K": np.eye(3), "image_size": np.array([4.0, 4.0])}, "no usable image_size"),
    "rigid": ({"T_camera_world": 2 * np.eye(4)}, r"no rigid transform \(first in row 0"),
    "world": ({"T_camera_world": np.eye(3)}, "T_camera_world of shape"),
    "format": ({"format": np.array("amass")}, 'its format is "amass"'),
    "newer": (
        {"format": np.array("neuhmr-motion"), "version": np.array(9)},
        "version 9, at most 1",
    ),
    "version": ({"format": np.array("neuhmr-motion")}, "no usable version"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_ARRAYS)
def test_bad_arrays_are_named_with_file_key_and_remedy(arrays, tmp_path, name):
    changes, found = BAD_ARRAYS[name]
    for key, change in changes.items():
        if change is None:
            del arrays[key]
        elif isinstance(change, tuple):
            arrays[key][change[1]] = change[2]
        else:
            arrays[key] = change
    path = tmp_path / "poses.npz"
    np.savez(path, **arrays)
    remedy = "convert|estimator|invalid|update"
    with pytest.raises(PoseFileError, match=f"{found}.*expected.*({remedy})") as error:
        read_motion_file(path)
    assert str(path) in str(error.value)


def test_other_kinds_of_files_are_named_for_what_they_are(arrays, make_video, ffmpeg, tmp_path):
    make_video("video.npz", options=("-f", "mp4"))
    ffmpeg("-i", tmp_path / "video.npz", "-frames:v", "1", tmp_path / "picture.png")
    np.save(tmp_path / "array.npy", arrays["transl"])
    np.save(tmp_path / "pickle.npy", np.array({"a": 1}), allow_pickle=True)
    np.savez(tmp_path / "objects.npz", **(arrays | {"transl": np.array({"a": 1})}))
    (tmp_path / "empty.npz").touch()
    (tmp_path / "result.pkl").write_bytes(b"\x80\x04}\x94.")
    (tmp_path / "text.json").write_text("{}")
    np.savez(tmp_path / "whole.npz", **arrays)
    data = (tmp_path / "whole.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(data[: len(data) // 2])
    (tmp_path / "damaged.npz").write_bytes(data[:300] + bytes(40) + data[340:])
    expected = {
        "missing.npz": "does not exist",
        ".": "is a folder",
        "empty.npz": "is empty",
        "video.npz": "is a video",
        "picture.png": "is a picture",
        "array.npy": "is a single NumPy array",
        "pickle.npy": "is a single NumPy array",
        "objects.npz": "holds Python objects",
        "result.pkl": "is a Python pickle",
        "text.json": "is a text file",
        "cut.npz": "is damaged",
        "damaged.npz": "is damaged",
    }
    for name, found in expected.items():
        with pytest.raises(PoseFileError, match=f"{found}.*expected") as error:
            read_motion_file(tmp_path / name)
        assert str(tmp_path / name) in str(error.value)


def test_writing_where_nothing_can_be_written_is_refused(content, tmp_path):
    with pytest.raises(OutputError, match="does not exist; create that folder"):
        write_motion_file(tmp_path / "no" / "a.npz", content)


def test_a_guessed_camera_stays_a_guess_when_the_file_is_read_again(content, tmp_path):
    path = tmp_path / "poses.npz"
    for is_guessed in (True, False):
        write_motion_file(path, replace(content, camera_is_guessed=is_guessed))
        assert read_motion_file(path).camera_is_guessed is is_guessed
