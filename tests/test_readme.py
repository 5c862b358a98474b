"""What the README says can be done, done."""

import itertools
import re
import shlex
import shutil
from pathlib import Path

import pytest

from neuhmr.cli import main
from neuhmr.cli.dispatch import COMMANDS, _parse
from neuhmr.clip.motion_file import read_motion_file
from neuhmr.refine.run import Run
from tests.painted_clip import FRAMES, make_painted_clip

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str = "") -> list[str]:
    """Code blocks of one language."""
    return [
        code for found, code in re.findall(r"```(\w*)\n(.*?)```", README, re.S) if found == language
    ]


def command_lines() -> list[list[str]]:
    """Words of every line that starts a command of ours, without its comment."""
    lines = [line.split(" #")[0] for block in blocks() for line in block.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("neuhmr ")]


def test_there_are_commands_to_check() -> None:
    assert len(command_lines()) >= 6
    assert len(blocks("python")) >= 1


@pytest.mark.parametrize("words", command_lines(), ids=" ".join)
def test_every_command_parses(words: list[str]) -> None:
    assert words[0] in COMMANDS
    assert _parse(words[0], words[1:]) is not None


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", README, re.M):
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_files_and_pictures_that_are_named_exist() -> None:
    for path in re.findall(r"\]\(((?!http|#)[^)]+)\)", README):
        assert (ROOT / path).is_file(), path


def test_the_readme_is_read_in_five_minutes() -> None:
    assert len(README.split()) < 1300


@pytest.mark.parametrize("page", sorted(path.name for path in (ROOT / "docs").glob("*.md")))
def test_files_that_a_page_names_exist(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    for path in re.findall(r"\]\(((?!http|#)[^)]+)\)", text):
        assert (ROOT / "docs" / path).is_file(), path
    for path in re.findall(r"`((?:neuhmr|workbench|tests)/[\w/.]+)`", text):
        assert (ROOT / path).exists(), path


SHORTER = ["--epochs", "1", "--set", "draft.steps=30"]
"""Whether they run is asked, not how well."""


@pytest.mark.slow
def test_the_commands_run_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_painted_clip(tmp_path)
    (tmp_path / "clip.truth.npz").rename(tmp_path / "truth.npz")
    shutil.copy(tmp_path / "clip.poses.npz", tmp_path / "poses.npz")
    monkeypatch.chdir(tmp_path)
    for words in command_lines():
        # The painted figure is nobody that MediaPipe knows, and no recording.
        if words[0] in ("init", "keypoints"):
            continue
        assert main(words + (SHORTER if words[0] == "refine" else [])) == 0, words
    for name in ("refined.npz", "part.npz", "report.json", "overlay.mp4", "amass.npz"):
        assert (tmp_path / name).is_file()


@pytest.mark.slow
def test_the_python_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = make_painted_clip(tmp_path)
    whole = Run.steps
    monkeypatch.setattr(Run, "steps", lambda run: itertools.islice(whole(run), 2))
    code = blocks("python")[0].replace("sample_data/turn.mp4", str(clip))
    assert str(clip) in code
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out.startswith("1 {")


@pytest.mark.slow
def test_the_pose_file_of_the_readme_is_read(tmp_path: Path) -> None:
    import numpy as np

    assert "An npz with just smplx's four keys is read" in README
    shapes = {"global_orient": 3, "body_pose": 69, "transl": 3}
    arrays = {key: np.zeros((FRAMES, shape)) for key, shape in shapes.items()}
    np.savez(tmp_path / "poses.npz", **arrays, betas=np.zeros(10))
    assert len(read_motion_file(tmp_path / "poses.npz").motion) == FRAMES
