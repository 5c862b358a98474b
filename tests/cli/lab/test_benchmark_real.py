"""`neuhmr benchmark real`: the table, and mistakes."""

import json
from pathlib import Path

import pytest

from neuhmr.cli import main


@pytest.fixture
def keypoints(tmp_path: Path) -> Path:
    path = tmp_path / "keypoints.json"
    path.write_text(json.dumps([[[48.0, 64.0]] * 33] * 6), encoding="utf-8")
    return path


def test_every_motion_has_a_row(
    painted_clip: Path, keypoints: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = painted_clip.with_suffix(".truth.npz")
    poses = painted_clip.with_suffix(".poses.npz")
    words = ["benchmark", "real", str(painted_clip), "--keypoints", str(keypoints)]
    assert main([*words, "--poses", str(poses), str(truth), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["poses"] for row in rows] == [poses.name, truth.name]
    assert rows[0]["silhouette_iou"] < rows[1]["silhouette_iou"]
    assert main(words) == 0
    assert "| beside the clip | 6 |" in capsys.readouterr().out


def test_keypoints_of_another_clip_are_refused(
    painted_clip: Path, keypoints: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keypoints.write_text(json.dumps([[[1.0, 2.0]] * 33] * 9), encoding="utf-8")
    words = ["benchmark", "real", str(painted_clip), "--keypoints", str(keypoints)]
    assert main(words) == 2
    assert "it lists 9 frames without numbers" in " ".join(capsys.readouterr().err.split())
