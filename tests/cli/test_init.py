"""`neuhmr init`: which files are written, and what is said of them."""

import json
from pathlib import Path

import pytest

from neuhmr.cli import main
from neuhmr.clip.clip import Clip, open_clip
from neuhmr.initial.initialise import InitialReport, InitialResult


@pytest.fixture
def asked(painted_clip: Path, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What the estimator, which is left out, was asked for."""
    clip, given = open_clip(painted_clip), []
    assert clip.motion is not None and clip.masks is not None
    clip.motion.valid[1] = False
    report = InitialReport(0.8, 3.25, 100.0, ("It is dark.",))
    found = InitialResult(motion=clip.motion, masks=clip.masks, report=report)

    def estimate(*arguments: object, **options: object) -> InitialResult:
        given.extend(arguments)
        given.append(options)
        return found

    monkeypatch.setattr("neuhmr.initial.initialise.initialise_sidecars", estimate)
    return given


def test_files_that_are_named_are_written(painted_clip: Path, tmp_path: Path, asked, capsys):
    out, masks = tmp_path / "p.npz", tmp_path / "m.npz"
    words = ["init", str(painted_clip), "--out", str(out), "--masks-out", str(masks), "--json"]
    assert main([*words, "--person", "2", "--segmenter", "rembg"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["written"], result["masks"]) == (str(out), str(masks))
    assert (result["frames"], result["valid_frames"]) == (6, 5)
    assert (result["detected_share"], result["error_2d_px"]) == (0.8, 3.25)
    assert result["warnings"] == ["It is dark."]
    clip, model, poses_path, masks_path, on_progress, options = asked
    assert options["person"] == "2" and options["config"].segmenter == "rembg"
    assert isinstance(clip, Clip) and clip.video.path == painted_clip
    assert (poses_path, masks_path) == (out, masks) and callable(on_progress)
    assert model.name == "open-body"


def test_files_lie_beside_the_clip_where_none_are_named(painted_clip: Path, asked, capsys):
    assert main(["init", str(painted_clip)]) == 2, "poses lie beside the clip already"
    assert "clip.poses.npz exists already" in capsys.readouterr().err and asked == []
    assert main(["init", str(painted_clip), "--overwrite"]) == 0
    said = capsys.readouterr().out
    assert asked[2] == painted_clip.with_name("clip.poses.npz") and asked[3] is None
    assert "5 of 6" in said and "3.2 px" in said
    # Tables shorten long paths in their middle or at their end.
    lines = {line.split("  ")[0]: line for line in said.splitlines()}
    folder = str(painted_clip.parent)[:20]
    assert folder in lines["Poses"] and folder in lines["Masks"]


def test_a_folder_that_does_not_exist_is_refused_before_any_work(painted_clip, tmp_path, asked):
    for option in ("--out", "--masks-out"):
        words = ["init", str(painted_clip), option, str(tmp_path / "no" / "f.npz")]
        assert main(words) == 2
    assert asked == []
