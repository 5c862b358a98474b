"""Tests of neuhmr.clip.camera_file."""

import json

import pytest
import torch

from neuhmr.clip.camera_file import read_camera, write_camera
from neuhmr.errors import ClipError
from neuhmr.geometry.cameras import Camera, camera_from_focal

K = [[500.0, 0.0, 32.0], [0.0, 510.0, 24.0], [0.0, 0.0, 1.0]]


@pytest.mark.parametrize("frames", [None, 3])
def test_cameras_survive_the_file(tmp_path, frames):
    matrix = torch.tensor(K) if frames is None else torch.tensor(K).repeat(frames, 1, 1)
    write_camera(tmp_path / "a.camera.json", Camera(matrix, 48, 64))
    camera = read_camera(tmp_path / "a.camera.json", num_frames=3, height=48, width=64)
    assert (camera.height, camera.width) == (48, 64)
    torch.testing.assert_close(camera.K, matrix)


def test_a_camera_of_the_same_aspect_is_scaled(tmp_path):
    write_camera(tmp_path / "a.json", camera_from_focal(1000.0, height=96, width=128))
    camera = read_camera(tmp_path / "a.json", num_frames=3, height=48, width=64)
    # Half the pixels: half the focal length, the center still in the middle.
    assert camera.K.tolist() == [[500.0, 0.0, 32.0], [0.0, 500.0, 24.0], [0.0, 0.0, 1.0]]


def test_bad_camera_files_are_named_with_a_remedy(tmp_path, make_video):
    good = {"K": K, "height": 48, "width": 64}
    tilted = [*K[:2], [0.0, 0.0, 2.0]]
    flipped = [[-500.0, 0.0, 32.0], *K[1:]]
    contents = {
        "missing.json": (None, "does not exist"),
        "text.json": ("K = 3", "not valid JSON"),
        "list.json": (json.dumps([K]), "lacks K, height, width"),
        "keys.json": (json.dumps({"K": K, "height": 48}), "lacks width"),
        "size.json": (json.dumps(good | {"height": "48"}), "height '48'"),
        "words.json": (json.dumps(good | {"K": "unknown"}), "no array of numbers"),
        "shape.json": (json.dumps(good | {"K": K[:2]}), r"shape \(2, 3\)"),
        "nan.json": (json.dumps(good | {"K": [[float("nan")] * 3, *K[1:]]}), "no pinhole"),
        "flipped.json": (json.dumps(good | {"K": [K, flipped, K]}), "no pinhole camera in frame 1"),
        "tilted.json": (json.dumps(good | {"K": [K, tilted, K]}), "no pinhole camera in frame 1"),
        "count.json": (json.dumps(good | {"K": [K, K]}), "2 cameras but the clip has 3 frames"),
        "aspect.json": (json.dumps(good | {"height": 64, "width": 48}), "64 x 48 pixels"),
    }
    for name, (text, found) in contents.items():
        if text is not None:
            (tmp_path / name).write_text(text)
        with pytest.raises(ClipError, match=f"{found}.*(--camera|give one K)") as error:
            read_camera(tmp_path / name, num_frames=3, height=48, width=64)
        assert str(tmp_path / name) in str(error.value)
    with pytest.raises(ClipError, match="is a video"):
        read_camera(make_video(), num_frames=3, height=48, width=64)
