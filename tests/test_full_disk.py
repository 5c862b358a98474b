"""A disk that fills up: one sentence, the old file whole, and nothing else left behind."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.cli import main
from neuhmr.clip.masks import pack_masks, write_masks
from neuhmr.clip.open_request import OpenRequest
from neuhmr.clip.video import write_video
from neuhmr.errors import OutputError
from neuhmr.export.mesh_file import write_mesh
from neuhmr.export.run_report import write_report
from neuhmr.formats.motion_content import motion_content
from neuhmr.formats.writing.formats import FORMATS, FormatName
from neuhmr.formats.writing.write import write_motion
from neuhmr.ghnerf.captures.keypoint_file import write_keypoints
from neuhmr.opening import open_clip_files
from neuhmr.refine.resume_file import write_resume_file
from neuhmr.weights_file import WeightsKind
from tests.full_disk import full_disk
from tests.ghnerf.captures.random_table import random_table
from tests.painted_clip import make_painted_clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_painted_clip(tmp_path_factory.mktemp("clip"))


def pictures(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 255, (96, 96, 3), np.uint8) for _ in range(count)]


def stop_for(path: Path, write) -> str:
    """Run a writer on a full disk over an old file; give the sentence."""
    path.write_text("old")
    with pytest.raises(OutputError) as error, full_disk():
        write(path)
    assert path.read_text() == "old"
    assert [left.name for left in path.parent.iterdir()] == [path.name]
    assert str(error.value).count(". ") == 0 and str(path) in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("name", [n for n in get_args(FormatName) if not FORMATS[n].is_folder])
def test_no_format_survives_by_half(name: FormatName, clip: Path, tmp_path: Path) -> None:
    if FORMATS[name].package:
        pytest.importorskip(FORMATS[name].package, reason="an optional writer")
    opened = open_clip_files(OpenRequest(clip=clip))
    content = motion_content(opened.clip, opened.motion(), opened.model, "a test")
    path = tmp_path / f"out{FORMATS[name].suffix}"
    said = stop_for(path, lambda path: write_motion(path, content, opened.model, name))
    assert "could not be written" in said and "free some space" in said


def test_a_folder_appears_whole_or_not_at_all(clip: Path, tmp_path: Path) -> None:
    opened = open_clip_files(OpenRequest(clip=clip))
    content = motion_content(opened.clip, opened.motion(), opened.model, "a test")
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "frame_000000.ply").write_text("old")
    with pytest.raises(OutputError, match="could not be written"), full_disk():
        write_motion(tmp_path / "m", content, opened.model, "ply")
    assert (tmp_path / "m" / "frame_000000.ply").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


@pytest.mark.parametrize("times", [None, np.array([0.0, 0.1, 0.4, 0.45, 0.8, 1.0])])
def test_a_video_that_does_not_fit_is_not_called_written(tmp_path: Path, times) -> None:
    said = stop_for(tmp_path / "a.mp4", lambda path: write_video(path, pictures(6), 6.0, times))
    assert "a.mp4 could not be written (ffmpeg ended with code" in said


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("m.npz", lambda path: write_masks(path, pack_masks(p[..., 0] > 90 for p in pictures(3)))),
        ("k.npz", lambda path: write_keypoints(path, random_table(), ("a", "b", "c"))),
        ("r.json", lambda path: write_report(path, {"losses": list(range(999))})),
        ("s.safetensors", lambda path: write_resume_file(path, {"a": torch.zeros(999)}, {})),
        (
            "w.safetensors",
            lambda path: WeightsKind("f", "c", "o").write(path, {"a": torch.zeros(999)}, {}),
        ),
        (
            "body.glb",
            lambda path: write_mesh(path, load_body_model().v_template, load_body_model().faces),
        ),
    ],
)
def test_nothing_else_survives_by_half(name: str, write, tmp_path: Path) -> None:
    assert "could not be written" in stop_for(tmp_path / name, write)


def test_commands_say_it_in_one_sentence(clip: Path, tmp_path: Path, capsys) -> None:
    poses = str(clip.with_name("clip.poses.npz"))
    for words in (
        ["render", str(clip), poses, "--out", str(tmp_path / "o.mp4")],
        ["convert", poses, str(tmp_path / "o.glb")],
        ["convert", poses, str(tmp_path / "o.csv")],
    ):
        with full_disk():
            assert main(words) == 2
        line = capsys.readouterr().err.strip().splitlines()[-1]
        assert "could not be written" in line and line.count(". ") == 0
        assert list(tmp_path.iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 64 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    words = [str(mount), "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if mount is None or subprocess.run(words, check=False, capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_real_disk_that_fills_up(small_disk: Path) -> None:
    (small_disk / "a.mp4").write_bytes(b"old")
    with pytest.raises(OutputError, match=r"a\.mp4 could not be written \(.*No space left"):
        write_video(small_disk / "a.mp4", pictures(20), 5.0)
    with pytest.raises(OutputError, match=r"b\.safetensors could not be .*No space left"):
        write_resume_file(small_disk / "b.safetensors", {"a": torch.zeros(99_999)}, {})
    assert [path.name for path in small_disk.iterdir()] == ["a.mp4"]
    assert (small_disk / "a.mp4").read_bytes() == b"old"
