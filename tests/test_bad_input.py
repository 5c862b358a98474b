"""What users get wrong: exit code 2, one sentence that says what to do, and no file left behind."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from neuhmr.cli import main
from neuhmr.clip.masks import pack_masks, write_masks
from tests.painted_clip import FRAMES, HEIGHT, WIDTH, make_painted_clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_painted_clip(tmp_path_factory.mktemp("good"))


@pytest.fixture
def refuse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command that must be refused; give the sentence it prints."""

    def run(*words: object) -> str:
        before = sorted(tmp_path.rglob("*"))
        assert main([str(word) for word in words]) == 2
        captured = capsys.readouterr()
        assert captured.out == "", "a refused command prints no result"
        message = captured.err.strip().splitlines()[-1]
        assert "Traceback" not in captured.err
        assert message.endswith(".") and message.count(". ") == 0, f"not one sentence: {message}"
        assert sorted(tmp_path.rglob("*")) == before, "something was written"
        return message

    return run


def changed_poses(clip: Path, target: Path, **changes: object) -> Path:
    """Copy the clip's pose file with some arrays replaced; None removes one."""
    with np.load(clip.with_name("clip.poses.npz"), allow_pickle=False) as data:
        arrays = {key: data[key] for key in data.files}
    arrays |= changes
    np.savez(target, **{key: value for key, value in arrays.items() if value is not None})
    return target


def refine_words(clip: Path, out: Path, *more: object) -> tuple[object, ...]:
    return ("refine", clip, "--out", out, "--device", "cpu", *more)


def test_a_missing_clip(tmp_path: Path, refuse) -> None:
    message = refuse(*refine_words(tmp_path / "nothing.mp4", tmp_path / "o.npz"))
    assert str(tmp_path / "nothing.mp4") in message
    assert "does not exist" in message and "video" in message


def test_a_folder_as_clip(tmp_path: Path, refuse) -> None:
    message = refuse(*refine_words(tmp_path, tmp_path / "o.npz"))
    assert str(tmp_path) in message and "folder" in message and "video" in message


def test_an_empty_clip(tmp_path: Path, refuse) -> None:
    path = tmp_path / "empty.mp4"
    path.touch()
    message = refuse(*refine_words(path, tmp_path / "o.npz"))
    assert str(path) in message and "0 bytes" in message and "video" in message


def test_a_truncated_clip(clip: Path, tmp_path: Path, refuse) -> None:
    path = tmp_path / "cut.mp4"
    # An index at the front survives cutting; without it nothing can be decoded.
    ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", clip, "-c", "copy"]
    whole = tmp_path / "whole.mp4"
    subprocess.run([*ffmpeg, "-movflags", "-faststart", whole], check=True)
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    message = refuse(*refine_words(path, tmp_path / "o.npz"))
    assert str(path) in message and "video" in message


def test_sound_without_pictures(tmp_path: Path, refuse) -> None:
    path = tmp_path / "sound.mp4"
    source = ("-f", "lavfi", "-i", "sine=duration=0.5")
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *source, path], check=True)
    message = refuse(*refine_words(path, tmp_path / "o.npz"))
    assert str(path) in message and "video" in message


def test_a_video_as_pose_file(clip: Path, tmp_path: Path, refuse) -> None:
    message = refuse(*refine_words(clip, tmp_path / "o.npz", "--poses", clip))
    assert str(clip) in message and "MP4" in message and "npz" in message


def test_poses_with_nan(clip: Path, tmp_path: Path, refuse) -> None:
    transl = np.zeros((FRAMES, 3), np.float32)
    transl[2, 1] = np.nan
    poses = changed_poses(clip, tmp_path / "nan.npz", transl=transl)
    message = refuse(*refine_words(clip, tmp_path / "o.npz", "--poses", poses))
    assert str(poses) in message and "transl" in message and "2" in message


def test_poses_without_a_key(clip: Path, tmp_path: Path, refuse) -> None:
    poses = changed_poses(clip, tmp_path / "partial.npz", body_pose=None)
    message = refuse(*refine_words(clip, tmp_path / "o.npz", "--poses", poses))
    assert str(poses) in message and "body_pose" in message


def test_poses_of_a_longer_clip(clip: Path, tmp_path: Path, refuse) -> None:
    poses = changed_poses(
        clip, tmp_path / "long.npz", frame_index=np.arange(3, FRAMES + 3), format=None
    )
    message = refuse(*refine_words(clip, tmp_path / "o.npz", "--poses", poses))
    assert str(poses) in message and str(clip) in message and str(FRAMES) in message


def test_fewer_poses_than_frames_and_no_frame_numbers(clip: Path, tmp_path: Path, refuse) -> None:
    with np.load(clip.with_name("clip.poses.npz"), allow_pickle=False) as data:
        keys = ("global_orient", "body_pose", "transl")
        arrays = {key: data[key][:-1] for key in keys} | {"betas": data["betas"]}
    np.savez(tmp_path / "short.npz", **arrays)
    message = refuse(*refine_words(clip, tmp_path / "o.npz", "--poses", tmp_path / "short.npz"))
    assert f"{FRAMES - 1} frames" in message and str(FRAMES) in message


@pytest.mark.parametrize(
    ("frames", "height", "width"),
    [(FRAMES, HEIGHT * 2, WIDTH * 2), (FRAMES - 1, HEIGHT, WIDTH)],
    ids=["another size", "another number"],
)
def test_masks_that_do_not_fit(
    clip: Path, tmp_path: Path, refuse, frames: int, height: int, width: int
) -> None:
    path = tmp_path / "masks.npz"
    write_masks(path, pack_masks(np.ones((frames, height, width), bool)))
    message = refuse(*refine_words(clip, tmp_path / "o.npz", "--masks", path))
    assert str(path) in message and str(clip) in message
    assert f"{height} x {width}" in message or f"{frames} masks" in message


def test_a_camera_that_is_no_json(clip: Path, tmp_path: Path, refuse) -> None:
    path = tmp_path / "camera.json"
    path.write_text("focal length: 500")
    message = refuse(*refine_words(clip, tmp_path / "o.npz", "--camera", path))
    assert str(path) in message


def test_an_output_in_a_missing_folder_is_refused_before_the_work(
    clip: Path, tmp_path: Path, refuse
) -> None:
    out = tmp_path / "nowhere" / "o.npz"
    # The clip is missing too: the output is what is looked at first.
    message = refuse(*refine_words(tmp_path / "nothing.mp4", out))
    assert str(out) in message and "create that folder" in message


def test_a_folder_as_output(clip: Path, tmp_path: Path, refuse) -> None:
    message = refuse(*refine_words(clip, tmp_path))
    assert str(tmp_path) in message and "file name" in message


def test_a_body_model_that_is_a_video(clip: Path, tmp_path: Path, refuse) -> None:
    message = refuse(*refine_words(clip, tmp_path / "o.npz", "--body-model", clip))
    assert str(clip) in message


def test_weights_that_are_a_video(clip: Path, tmp_path: Path, refuse) -> None:
    message = refuse(*refine_words(clip, tmp_path / "o.npz", "--checkpoint", clip))
    assert str(clip) in message and "safetensors" in message


def test_a_device_that_is_none(clip: Path, tmp_path: Path, refuse) -> None:
    message = refuse("refine", clip, "--out", tmp_path / "o.npz", "--device", "toaster")
    assert "toaster" in message and "auto" in message


def test_a_setting_out_of_range(clip: Path, tmp_path: Path, refuse) -> None:
    message = refuse(*refine_words(clip, tmp_path / "o.npz", "--epochs", "0"))
    assert "--epochs is 0" in message and "at least 1" in message


def test_rendering_to_an_unknown_kind_of_file(clip: Path, tmp_path: Path, refuse) -> None:
    poses = clip.with_name("clip.poses.npz")
    message = refuse("render", clip, poses, "--out", tmp_path / "overlay.txt")
    assert ".txt" in message and ".mp4" in message and ".glb" in message


def test_a_mesh_of_a_frame_that_is_not_there(clip: Path, tmp_path: Path, refuse) -> None:
    poses = clip.with_name("clip.poses.npz")
    message = refuse("render", clip, poses, "--out", tmp_path / "b.glb", "--frame", "99")
    assert "frame 99" in message and "--frame" in message


def test_converting_a_video(clip: Path, tmp_path: Path, refuse) -> None:
    message = refuse("convert", clip, tmp_path / "o.npz")
    assert str(clip) in message and "npz" in message


def test_initializing_over_existing_poses(clip: Path, refuse) -> None:
    message = refuse("init", clip)
    assert "clip.poses.npz" in message and "--out" in message


def test_timing_a_clip_without_poses(clip: Path, tmp_path: Path, refuse) -> None:
    bare = tmp_path / "bare.mp4"
    bare.write_bytes(clip.read_bytes())
    message = refuse("benchmark", "speed", "--clip", bare)
    assert str(bare) in message and "neuhmr init" in message


def test_training_without_people(tmp_path: Path, refuse) -> None:
    (tmp_path / "people").mkdir()
    words = ("--data", tmp_path / "people", "--val", tmp_path / "people", "--out", tmp_path / "run")
    message = refuse("train", "ghn", *words)
    assert str(tmp_path / "people") in message and "neuhmr people" in message
