"""`neuhmr benchmark accuracy`: from a clip to the tables, once more at once, and mistakes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from neuhmr.cli import main
from neuhmr.lab.benchmarks.pose import accuracy, match_distances, method_runs
from neuhmr.progress import Cancelled, OnProgress, Progress

ROW_KEYS = {
    "method", "initial", "mpjpe_mm", "mpjpe_drop", "pve_mm", "pve_drop", "frames_worse",
    "seconds_per_frame",
}  # fmt: skip


@pytest.fixture
def words(painted_clip: Path, tiny_weights: Path, tmp_path: Path) -> list[str]:
    """A benchmark of one clip, four frames, one epoch."""
    return [
        "benchmark", "accuracy", "--clips", str(painted_clip.parent), "--frames", "4",
        "--epochs", "1", "--checkpoint", str(tiny_weights), "--device", "cpu",
        "--cache", str(tmp_path / "cache"), "--methods", "fast",
    ]  # fmt: skip


def run_json(capsys: pytest.CaptureFixture[str], words: list[str]) -> dict:
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.slow
def test_a_run_and_the_same_run_again(
    words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words += ["--errors", "given", "--ablate", "--figure5"]
    monkeypatch.setattr(match_distances, "has_detector", lambda: False)
    first = run_json(capsys, words)
    rows = {(row["method"], row["initial"]): row for row in first["rows"]}
    assert set(rows) == {(name, "given") for name in ("initial", "fast, no guard", "fast")}
    assert all(set(row) >= ROW_KEYS for row in rows.values())
    assert rows["initial", "given"]["mpjpe_drop"] == 0.0
    assert rows["fast", "given"]["seconds_per_frame"] > 0.0
    assert len([row for row in first["ablation"] if row["initial"] == "given"]) == 11
    assert [entry["frames"] for entry in first["guard"]] == [4]
    assert first["figure5"][0]["joints"][-1]["joint"] == "all joints"
    assert (first["clips"], first["frames_per_clip"]) == (["clip"], 4)
    # The avatar network's, and those of the two motion priors.
    assert [len(digest) for digest in first["weights"].split()] == [16, 16, 16]
    assert first["threads"] >= 1 and "torch" in first["versions"]

    def refuse(*arguments: object) -> None:
        raise AssertionError("something was computed again")

    monkeypatch.setattr(method_runs, "Refiner", refuse)
    monkeypatch.setattr(match_distances, "match_joints", refuse)
    assert run_json(capsys, words) == first


def test_a_stopped_run_shows_what_it_has_and_goes_on(
    words: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    words += ["--errors", "isotropic", "given"]
    original = accuracy.run_method

    def stop(work: object, method: object, on_progress: OnProgress) -> None:
        on_progress(Progress("Refining", 1, 2))
        raise Cancelled

    monkeypatch.setattr(accuracy, "run_method", stop)
    out = tmp_path / "table.md"
    assert main([*words, "--markdown", str(out)]) == 130
    shown = capsys.readouterr().out
    assert "| initial |" in shown and "| fast |" not in shown and "Stopped early" in shown
    assert out.read_text(encoding="utf-8") == shown
    monkeypatch.setattr(accuracy, "run_method", original)
    report = run_json(capsys, words)
    rows = {(row["method"], row["initial"]): row for row in report["rows"]}
    names = ("initial", "fast, no guard", "fast")
    assert set(rows) == {(name, kind) for name in names for kind in ("isotropic", "given")}
    assert not report["interrupted"] and rows["initial", "isotropic"]["mpjpe_mm"] > 20.0


def test_without_mediapipe_its_rows_are_left_out_and_it_is_said(
    words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accuracy, "has_detector", lambda: False)
    words = [*words[:-1], "smplify", "nemo", "--errors", "given", "own"]
    report = run_json(capsys, words)
    assert [(row["method"], row["initial"]) for row in report["rows"]] == [("initial", "given")]
    assert len(report["notes"]) == 2
    assert "smplify, nemo" in report["notes"][0] and "pip install" in report["notes"][0]
    assert "kind own" in report["notes"][1]


def test_the_wide_set_starts_from_its_own_poses_and_is_told_apart_by_plan(
    words: list[str],
    painted_clip: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[object, ...]] = []
    plan = {
        "family": "floor", "errors": "world", "betas": "zero", "camera_path": "panning",
        "look": "raster",
    }  # fmt: skip

    def make(*arguments: object) -> tuple[list[Path], list[str]]:
        asked.append(arguments)
        return [painted_clip], ["The family dance is left out."]

    monkeypatch.setattr(accuracy, "make_wide_clips", make)
    monkeypatch.setattr(accuracy, "read_plan", lambda path: plan)
    words = [word for word in words if word not in ("--clips", str(painted_clip.parent))]
    report = run_json(capsys, [*words, "--mocap-dir", str(tmp_path)])
    assert asked[0][1] == tmp_path and report["set"] == "wide"
    assert [row["initial"] for row in report["rows"]] == ["given"] * 3
    groups = [(row["grouping"], row["group"], row["method"]) for row in report["groups"]]
    assert ("family", "floor", "fast") in groups and ("errors", "world", "initial") in groups
    assert report["worst"][0]["plan"] == plan
    assert report["notes"] == ["The family dance is left out."]


@pytest.fixture
def refuse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a benchmark that must be refused; give the sentence it prints."""

    def run(*words: object) -> str:
        before = sorted(tmp_path.rglob("*"))
        assert main(["benchmark", "accuracy", *map(str, words)]) == 2
        captured = capsys.readouterr()
        message = captured.err.strip().splitlines()[-1]
        assert captured.out == "" and "Traceback" not in captured.err
        assert message.endswith(".") and message.count(". ") == 0, f"not one sentence: {message}"
        assert sorted(tmp_path.rglob("*")) == before, "something was written"
        return message

    return run


def test_a_folder_that_does_not_exist(tmp_path: Path, refuse) -> None:
    message = refuse("--clips", tmp_path / "nowhere", "--cache", tmp_path)
    assert str(tmp_path / "nowhere") in message and "does not exist" in message


def test_a_folder_without_clips(tmp_path: Path, refuse) -> None:
    message = refuse("--clips", tmp_path, "--cache", tmp_path)
    assert str(tmp_path) in message and "truth" in message and "neuhmr people" in message


def test_a_cache_that_cannot_be_written(painted_clip: Path, tmp_path: Path, refuse) -> None:
    (tmp_path / "file").touch()
    message = refuse("--clips", painted_clip.parent, "--cache", tmp_path / "file")
    assert str(tmp_path / "file") in message and "--cache" in message


def test_an_unknown_kind_of_poses(tmp_path: Path, refuse) -> None:
    message = refuse("--errors", "ray", "toaster", "--cache", tmp_path)
    assert '"toaster"' in message and "isotropic" in message


def test_an_unknown_method(tmp_path: Path, refuse) -> None:
    message = refuse("--methods", "toaster", "--cache", tmp_path)
    assert '"toaster"' in message and "smplify" in message


def test_a_table_in_a_missing_folder(tmp_path: Path, refuse) -> None:
    message = refuse("--markdown", tmp_path / "nowhere" / "t.md", "--cache", tmp_path)
    assert str(tmp_path / "nowhere" / "t.md") in message


def test_weights_that_are_no_weights(painted_clip: Path, tmp_path: Path, refuse) -> None:
    words = ("--clips", painted_clip.parent, "--checkpoint", painted_clip, "--cache", tmp_path)
    assert "safetensors" in refuse(*words)


@pytest.mark.parametrize("part", ["3/2", "0/2", "half", "1/0"])
def test_a_part_that_is_none(tmp_path: Path, refuse, part: str) -> None:
    message = refuse("--part", part, "--cache", tmp_path)
    assert f'"{part}"' in message and "1/2" in message


def test_no_frames(tmp_path: Path, refuse) -> None:
    assert "--frames is 1" in refuse("--frames", "1", "--cache", tmp_path)


def test_the_help_fits_a_screen(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["benchmark", "accuracy", "--help"])
    assert ended.value.code == 0
    assert len(capsys.readouterr().out.splitlines()) <= 50
