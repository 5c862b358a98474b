import json
from dataclasses import replace
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
import torch

from ghnerf.captures.test_capture_keypoints import capture
from ghnerf.knowing import KnowingGhnerf, knowing_image, standing_points
from neuhmr.cli.dispatch import USER_ERROR, main
from neuhmr.cli.keypoints import camera_numbers, parse_frames
from neuhmr.datasets.capture import Capture, CaptureView
from neuhmr.errors import DatasetError, NeuhmrError
from neuhmr.ghnerf.captures import capture_keypoints
from neuhmr.ghnerf.captures.keypoint_file import read_keypoints
from tests.full_disk import full_disk

AVAILABLE = (3, 4, 5, 6, 9)


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        (None, AVAILABLE),
        ("4,9", (4, 9)),
        ("4:6", (4, 5)),
        (":5", (3, 4)),
        ("5:", (5, 6, 9)),
        ("3::3", (3, 6, 9)),
    ],
)
def test_frames_are_numbers_or_ranges(text: str | None, frames: tuple[int, ...]) -> None:
    assert parse_frames(text, AVAILABLE) == frames


@pytest.mark.parametrize("text", ["x", "1:2:3:4", "3:6:0", ""])
def test_words_that_are_no_frames_are_refused(text: str) -> None:
    with pytest.raises(NeuhmrError, match="numbers were expected"):
        parse_frames(text, AVAILABLE)


@pytest.mark.parametrize("text", ["7", "3,7", "10:20"])
def test_frames_that_are_missing_are_named(text: str) -> None:
    with pytest.raises(DatasetError, match="every camera has frames 3 to 9"):
        parse_frames(text, AVAILABLE)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--out", "{}/k.npz"), "holds no calibration"),
        (("--out", "{}/k.txt"), "does not end in"),
        (("--out", "{}/nowhere/k.npz"), "does not exist"),
        (("--out", "{}/k.npz", "--sources", "0"), "--sources is 0"),
    ],
)
def test_bad_input_is_one_sentence(words, sentence, tmp_path, capsys) -> None:
    arguments = ["keypoints", str(tmp_path), *(word.format(tmp_path) for word in words)]
    assert main(arguments) == USER_ERROR
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> Capture:
    """A capture of four cameras, and a network that knows where its keypoints are."""
    subject = capture()
    monkeypatch.setattr(capture_keypoints, "render_target", knowing_image)
    monkeypatch.setattr("neuhmr.datasets.capture_reader.read_capture", lambda *given: subject)
    model = KnowingGhnerf(standing_points())
    monkeypatch.setattr("neuhmr.ghnerf.network.checkpoint.load_ghnerf", lambda *given: model)
    return subject


def test_keypoints_of_the_frames_and_cameras_that_are_named_are_written(
    still: Capture, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "k.npz"
    options = ("--frames", "1", "--cameras", "cam03", "cam01", "--size", "64", "--device", "cpu")
    assert main(["keypoints", str(tmp_path), "--out", str(out), *options, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["written"], result["frames"], result["cameras"]) == (str(out), 1, 2)
    # Two of the file's four cameras were looked at.
    assert (result["found_2d"], result["found_3d"], result["found_3d_field"]) == (0.5, 1.0, 1.0)
    assert "video" not in result and "pictures" not in result
    table, names = read_keypoints(out)
    assert tuple(names) == still.camera_names and table.frames.tolist() == [1]


def test_pictures_of_every_camera_are_written(
    still: Capture, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "a" / "pictures"
    options = ("--size", "64", "--pictures", str(folder), "--device", "cpu", "--frames", "0")
    assert main(["keypoints", str(tmp_path), "--out", str(tmp_path / "k.npz"), *options]) == 0
    names = sorted(path.name for path in folder.iterdir())
    assert names == [f"frame_000000_cam0{view}.png" for view in range(4)]
    for path in folder.iterdir():
        height, width = iio.imread(path).shape[:2]
        assert width > 2.8 * height, "target, rendering, heatmaps and keypoints"
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["Found", "in", "the", "cameras", "100", "%"] in lines
    assert ["Found", "in", "space,", "triangulated", "100", "%"] in lines
    assert ["Cameras", "4"] in lines and ["Frames", "1"] in lines
    assert any(line[0] == "Pictures" for line in lines)


def test_folders_that_cannot_be_made_are_refused(still: Capture, tmp_path: Path, capsys) -> None:
    (tmp_path / "file").touch()
    words = ["keypoints", str(tmp_path), "--out", str(tmp_path / "k.npz")]
    assert main([*words, "--pictures", str(tmp_path / "file" / "p")]) == USER_ERROR
    assert "file is not a folder" in capsys.readouterr().err
    assert main([*words, "--video", str(tmp_path / "no" / "v.mp4")]) == USER_ERROR
    assert "does not exist" in capsys.readouterr().err
    assert main([*words, "--size", "31"]) == USER_ERROR
    assert "--size is 31, at least 32" in capsys.readouterr().err


def test_cameras_are_known_by_their_names() -> None:
    assert camera_numbers(capture(), ("cam02", "cam00")) == (2, 0)
    assert camera_numbers(capture(), ()) == ()
    with pytest.raises(DatasetError, match="its cameras are cam00, cam01, cam02, cam03"):
        camera_numbers(capture(), ("cam09",))


def test_shares_are_told_in_percent(
    still: Capture, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--size", "64", "--device", "cpu", "--frames", "0", "--cameras", "cam03", "cam01")
    assert main(["keypoints", str(tmp_path), "--out", str(tmp_path / "k.npz"), *options]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["Found", "in", "the", "cameras", "50", "%"] in lines, "two of four"


def test_masks_that_no_person_can_have_are_refused_before_any_work(
    still: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    seen = Capture.view

    def everywhere(subject: Capture, frame: int, camera: int) -> CaptureView:
        view = seen(subject, frame, camera)
        return replace(view, mask=torch.ones(view.image.shape[:2], dtype=torch.bool))

    monkeypatch.setattr(Capture, "view", everywhere)
    words = ["keypoints", str(tmp_path), "--out", str(tmp_path / "k.npz"), "--device", "cpu"]
    assert main(words) == USER_ERROR
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("The masks of still cover 100% of the picture")
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_while_the_video_is_written_leaves_no_video(
    still: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 255, (96, 96, 3), np.uint8) for _ in range(9)]
    monkeypatch.setattr(
        "neuhmr.ghnerf.captures.novel_view_video.novel_views", lambda *given: iter(noise)
    )
    words = ["keypoints", str(tmp_path), "--out", str(tmp_path / "k.npz"), "--device", "cpu"]
    words += ["--size", "64", "--frames", "0", "--video", str(tmp_path / "v.mp4")]
    with full_disk(20_000):
        assert main(words) == USER_ERROR
    assert "v.mp4 could not be written" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["k.npz"]
