"""Nothing is written over what is read, and over what exists only if asked."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from neuhmr.cli import main
from neuhmr.cli.outputs import check_output_folder, check_outputs
from neuhmr.errors import OutputError
from tests.painted_clip import make_painted_clip


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with an input and something else in it."""
    (tmp_path / "in.npz").write_text("read")
    (tmp_path / "old.npz").write_text("old")
    return tmp_path


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    (tmp_path / "clip").mkdir()
    return make_painted_clip(tmp_path / "clip")


def whole(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("link", [os.symlink, os.link, None], ids=["symlink", "hard", "itself"])
def test_what_is_read_is_never_written_through_whatever_links(files: Path, link) -> None:
    path = files / "in.npz"
    if link is not None:
        path = files / "other.npz"
        link(files / "in.npz", path)
    for overwrite in (False, True):
        with pytest.raises(OutputError, match=r"reads as --poses, which must stay .* another --o"):
            check_outputs({"--out": path}, {"--poses": files / "in.npz"}, overwrite)
        with pytest.raises(OutputError, match="reads as --poses"):
            check_outputs({"--out": files / "in.npz"}, {"--poses": path}, overwrite)


def test_a_file_that_exists_is_replaced_only_if_asked(files: Path) -> None:
    with pytest.raises(OutputError, match=r"old\.npz exists already .* --overwrite"):
        check_outputs({"--out": files / "old.npz"}, {}, overwrite=False)
    check_outputs({"--out": files / "old.npz"}, {"--poses": files / "in.npz"}, overwrite=True)
    check_outputs({"--out": files / "new.npz", "--report": None}, {}, overwrite=False)
    os.symlink(files / "nowhere", files / "link.npz")
    with pytest.raises(OutputError, match="exists already"):
        check_outputs({"--out": files / "link.npz"}, {}, overwrite=False)


def test_two_outputs_are_two_files(files: Path) -> None:
    os.symlink(files / "a.npz", files / "b.npz")
    with pytest.raises(OutputError, match="is both --out and --report; choose two names"):
        check_outputs({"--out": files / "a.npz", "--report": files / "b.npz"}, {}, overwrite=True)


def test_files_of_a_folder_that_is_read_are_read(files: Path) -> None:
    check_outputs({"--out": files / "new.npz"}, {"CAPTURE": files}, overwrite=False)
    with pytest.raises(OutputError, match="reads as CAPTURE"):
        check_outputs({"--out": files / "old.npz"}, {"CAPTURE": files}, overwrite=True)


def test_a_folder_that_holds_something_is_written_into_only_if_asked(files: Path) -> None:
    with pytest.raises(OutputError, match=r"holds files already.*--overwrite"):
        check_output_folder("--pictures", files, {}, overwrite=False)
    check_output_folder("--pictures", files, {}, overwrite=True)
    check_output_folder("--pictures", files / "a" / "b", {}, overwrite=False)
    with pytest.raises(OutputError, match="reads as --start"):
        check_output_folder("--out", files, {"--start": files / "in.npz"}, overwrite=True)
    with pytest.raises(OutputError, match=r"holds in\.npz, which would be lost"):
        check_output_folder("OUT", files, {}, overwrite=True, own="frame_*.obj")
    with pytest.raises(OutputError, match="is no folder"):
        check_output_folder("OUT", files / "old.npz", {}, overwrite=True)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("b\udcff.npz", "no UTF-8"),
        ("a" * 252 + ".npz", "choose a shorter"),
        ("in.npz/a.npz", r"in\.npz is not a folder"),
        ("no/a.npz", "does not exist; create that folder"),
        ("", "is a folder, a file name was expected"),
    ],
)
def test_names_that_cannot_be_written_are_refused(files: Path, name: str, found: str) -> None:
    with pytest.raises(OutputError, match=found):
        check_outputs({"--out": files / name}, {}, overwrite=False)
    if "folder" not in found:
        with pytest.raises(OutputError, match=found):
            check_output_folder("--out", files / name, {}, overwrite=False)


def test_pipes_and_devices_are_no_output(files: Path) -> None:
    os.mkfifo(files / "pipe")
    for path in (files / "pipe", Path("/dev/null")):
        with pytest.raises(OutputError, match="device or pipe"):
            check_outputs({"--out": path}, {}, overwrite=True)


def test_a_folder_without_the_right_to_write_is_refused(files: Path, monkeypatch) -> None:
    def refuse(path: Path, exist_ok: bool) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(OutputError, match=r"\(Permission denied\); choose another output path"):
        check_outputs({"--out": files / "a.npz"}, {}, overwrite=False)


Words = Callable[[Path, Path], list[object]]


@pytest.mark.parametrize(
    ("words", "target"),
    [
        (lambda clip, out: ["refine", clip, "--out", out], ".npz"),
        (lambda clip, out: ["refine", clip, "--out", clip.parent / "x.npz", "--report", out], ""),
        (lambda clip, out: ["render", clip, clip.with_name("x.npz"), "--out", out], ".mp4"),
        (lambda clip, out: ["convert", clip.with_name("x.npz"), out], ".npz"),
        (lambda clip, out: ["init", clip, "--out", out], ".npz"),
        (lambda clip, out: ["init", clip, "--out", clip.parent / "y", "--masks-out", out], ".npz"),
        (lambda clip, out: ["keypoints", clip.parent / "no", "--out", out], ".npz"),
        (lambda clip, out: ["benchmark", "accuracy", "--markdown", out], ".md"),
        (lambda clip, out: ["benchmark", "ghnerf", "--markdown", out], ".md"),
    ],
)
def test_no_command_replaces_a_file_unasked(
    words: Words, target: str, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(clip.with_name("clip.poses.npz"), clip.with_name("x.npz"))
    out = tmp_path / f"out{target}"
    out.write_text("old")
    if "--report" in words(clip, out):
        clip.with_name("x.npz").unlink()
    before = whole(tmp_path)
    assert main([str(word) for word in words(clip, out)]) == 2
    assert f"{out} exists already" in capsys.readouterr().err
    assert whole(tmp_path) == before


@pytest.mark.parametrize(
    "name", ["clip.mp4", "clip.poses.npz", "clip.masks.npz", "clip.camera.json", "clip.truth.npz"]
)
@pytest.mark.parametrize("command", ["refine", "render"])
def test_what_lies_beside_the_clip_is_never_replaced(
    command: str, name: str, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The suffix of a link is the user's to choose.
    out = tmp_path / "out.mp4"
    os.symlink(clip.with_name(name), out)
    if not clip.with_name(name).exists():
        clip.with_name(name).write_text("{}")
    poses = [str(clip.with_name("clip.poses.npz"))] if command == "render" else []
    before = whole(tmp_path)
    assert main([command, str(clip), *poses, "--out", str(out), "--overwrite"]) == 2
    assert "which must stay as it is" in capsys.readouterr().err
    assert whole(tmp_path) == before


def test_meshes_replace_meshes_if_asked_and_nothing_else(clip: Path, tmp_path: Path, capsys):
    words = ["convert", str(clip.with_name("clip.poses.npz")), str(tmp_path / "m"), "--to", "ply"]
    assert main(words) == 0
    (tmp_path / "m" / "frame_000099.ply").write_text("of an earlier, longer clip")
    assert main(words) == 2
    assert main([*words, "--overwrite"]) == 0
    assert len(list((tmp_path / "m").iterdir())) == 6
    (tmp_path / "m" / "notes.txt").write_text("mine")
    assert main([*words, "--overwrite"]) == 2
    assert "holds notes.txt, which would be lost" in capsys.readouterr().err
    assert len(list((tmp_path / "m").iterdir())) == 7
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip", "m"]


def test_a_training_keeps_out_of_a_folder_of_another(files: Path, capsys) -> None:
    words = ["train", "motion-prior", "--data", str(files / "no"), "--out", str(files)]
    assert main(words) == 2
    assert "holds files already" in capsys.readouterr().err
    for option in ("--overwrite", "--resume"):
        assert main([*words, option]) == 2
        assert "holds files already" not in capsys.readouterr().err, "but it has no data"
