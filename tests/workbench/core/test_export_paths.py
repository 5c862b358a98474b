import os

import pytest

from workbench.core.export_paths import SUFFIXES, ExportFolders, checked_name
from workbench.errors import WorkbenchError

BESIDE = "beside the clip"


@pytest.fixture
def folders(tmp_path):
    (tmp_path / "clips").mkdir()
    (tmp_path / "out").mkdir()
    clip = tmp_path / "clips" / "turn.mp4"
    return ExportFolders.of(clip, tmp_path / "clips" / "turn.neuhmr", tmp_path / "out")


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd", "..", ".", "", "   ", "a/b", "a\\b", "/etc/passwd", "C:evil", "a\0b",
        "a\nb", ".bashrc", "x" * 101, "a|b", "*", "what?", 'quo"te', "a\u202eb", "trailing.",
    ],
)  # fmt: skip
def test_what_is_more_than_a_name_is_refused(folders, name):
    with pytest.raises(WorkbenchError, match="plain file name"):
        folders.place(BESIDE, name, "motion")


@pytest.mark.parametrize("name", ["turn.refined", "Zürich 3", "a-b_c", "走る"])
def test_plain_names_are_accepted(name):
    assert checked_name(name) == name


@pytest.mark.parametrize("label", ["/etc", "../", "", "the --out folder/.."])
def test_only_listed_folders_are_written_to(folders, label):
    with pytest.raises(WorkbenchError, match="folder"):
        folders.place(label, "a", "motion")


def test_only_listed_formats_are_written(folders):
    with pytest.raises(WorkbenchError, match="format"):
        folders.place(BESIDE, "a", "exe")


def test_the_listed_folders_are_those_of_clip_session_and_out(folders, tmp_path):
    assert folders.labels == ("the --out folder", BESIDE, "session folder")
    assert folders.place(BESIDE, "a", "motion") == tmp_path / "clips" / "a.npz"
    assert folders.place("the --out folder", "a", "bvh") == tmp_path / "out" / "a.bvh"


def test_every_format_has_an_ending_of_its_own_and_meshes_get_a_folder(folders, tmp_path):
    assert len(set(SUFFIXES.values())) == len(SUFFIXES)
    path = folders.place(BESIDE, "a", "obj")
    assert path == tmp_path / "clips" / "a-obj"
    path.mkdir()
    assert folders.place(BESIDE, "a", "obj").name == "a-2-obj"


def test_the_session_folder_is_made_when_it_is_needed(folders, tmp_path):
    assert not (tmp_path / "clips" / "turn.neuhmr").exists()
    path = folders.place("session folder", "a", "glb")
    assert path.parent.is_dir() and path.name == "a.glb"


def test_nothing_that_exists_is_replaced(folders, tmp_path):
    (tmp_path / "clips" / "a.npz").write_text("mine")
    os.symlink("/etc/passwd", tmp_path / "clips" / "a-2.npz")
    assert folders.place(BESIDE, "a", "motion").name == "a-3.npz"


def test_a_dangling_link_is_not_written_through(folders, tmp_path):
    os.symlink(tmp_path / "elsewhere.npz", tmp_path / "clips" / "b.npz")
    assert folders.place(BESIDE, "b", "motion").name == "b-2.npz"


def test_without_out_there_are_two_folders(tmp_path):
    folders = ExportFolders.of(tmp_path / "a.mp4", tmp_path / "s", None)
    assert folders.labels == (BESIDE, "session folder")


def test_exports_that_wait_get_a_name_each(tmp_path):
    folders = ExportFolders({"here": tmp_path})
    names = [folders.place("here", "a", "glb").name for _ in range(3)]
    assert names == ["a.glb", "a-2.glb", "a-3.glb"]
