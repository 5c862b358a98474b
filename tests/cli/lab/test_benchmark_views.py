"""`neuhmr benchmark views`: the tables, and mistakes."""

import json
from pathlib import Path

import pytest

from neuhmr.cli import main
from tests.lab.benchmarks.made_capture import files_of, make_capture


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_capture(tmp_path_factory.mktemp("capture"), views=3, frames=2)


def words(capture: Path, camera: str, *poses: Path) -> list[str]:
    named = [str(path) for path in poses]
    return ["benchmark", "views", str(capture), "--camera", camera, "--poses", *named]


def test_initial_poses_and_the_truth_have_a_row_each(
    capture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    poses, truth = (files_of(capture, "cam02", kind) for kind in ("poses", "truth"))
    assert main([*words(capture, "cam02", poses, truth), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    initial, true = result["rows"]
    assert (initial["poses"], true["poses"]) == (poses.name, truth.name)
    assert true["mpjpe_mm"] < 1.0 and true["abs_mpjpe_mm"] < 1.0 < initial["mpjpe_mm"]
    assert (initial["frames_worse"], true["frames_worse"]) == (None, 0.0)
    assert result["reference"]["views"] == 2.0
    assert main(words(capture, "cam02", truth)) == 0
    shown = capsys.readouterr().out
    assert f"| {truth.name} | 2 | 0.0 |" in shown and "| left elbow | 0.0 |" in shown
    assert "100 % of the points of 2 frames" in shown


def test_poses_of_another_camera_are_far_off(
    capture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = files_of(capture, "cam00", "truth")
    assert main([*words(capture, "cam02", other), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["abs_mpjpe_mm"] > 50.0


def test_a_camera_that_is_not_there_is_refused(
    capture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(capture, "cam7", files_of(capture, "cam00", "truth"))) == 2
    assert "cam00, cam01, cam02" in capsys.readouterr().err


def test_a_comparison_of_nothing_is_refused(
    capture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(capture, "cam00")) == 2
    assert "--poses names no file" in capsys.readouterr().err
