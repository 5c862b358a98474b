"""Tests of neuhmr.clip.atomic."""

import errno
import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from neuhmr.clip.atomic import atomic_folder, atomic_path, check_writable
from neuhmr.errors import OutputError

ROOT = Path(__file__).parents[2]


def test_a_file_appears_only_when_it_is_whole(tmp_path):
    path = tmp_path / "result.npz"
    with atomic_path(path) as partial:
        assert partial.parent == path.parent and partial.suffix == ".npz"
        partial.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new" and os.listdir(tmp_path) == ["result.npz"]


def test_a_failure_keeps_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "result.npz"
    path.write_text("old")
    with pytest.raises(KeyError), atomic_path(path) as partial:
        partial.write_text("half")
        raise KeyError
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["result.npz"]


def test_a_killed_process_leaves_the_old_file_whole(tmp_path):
    path = tmp_path / "result.txt"
    path.write_text("old")
    code = (
        "import os, signal; from pathlib import Path\n"
        "from neuhmr.clip.atomic import atomic_path\n"
        f"with atomic_path(Path({str(path)!r})) as partial:\n"
        "    partial.write_text('ne')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT)
    assert killed.returncode == -signal.SIGKILL
    assert path.read_text() == "old"


def test_what_replaces_a_private_file_is_private(tmp_path):
    path = tmp_path / "result.npz"
    path.touch(mode=0o600)
    with atomic_path(path) as partial:
        partial.write_text("new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_file_is_on_the_disk_before_its_name_is(tmp_path, monkeypatch):
    happened = []
    store, rename = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda file: (happened.append("store"), store(file))[1])
    monkeypatch.setattr(
        os, "replace", lambda old, new: (happened.append("rename"), rename(old, new))[1]
    )
    with atomic_path(tmp_path / "a") as partial:
        partial.touch()
    assert happened == ["store", "rename", "store"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_disk_that_complains_only_at_the_end_is_heard(tmp_path, monkeypatch, code):
    def refuse(_file):
        raise OSError(code, os.strerror(code))

    (tmp_path / "a").write_text("old")
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OutputError, match=re.escape(os.strerror(code))):
        with atomic_path(tmp_path / "a") as partial:
            partial.write_text("new")
    assert (tmp_path / "a").read_text() == "old" and os.listdir(tmp_path) == ["a"]


def test_a_folder_appears_only_when_it_is_whole_and_takes_the_old_ones_place(tmp_path):
    path = tmp_path / "meshes"
    for text in ("first", "second"):
        with atomic_folder(path, "frame_*.obj") as partial:
            (partial / f"frame_{text}.obj").write_text(text)
            assert not path.exists() or os.listdir(path) == ["frame_first.obj"]
        assert os.listdir(path) == [f"frame_{text}.obj"] and os.listdir(tmp_path) == ["meshes"]
    with pytest.raises(KeyError), atomic_folder(path, "frame_*.obj"):
        raise KeyError
    with pytest.raises(OutputError, match=r"holds frame_second\.obj, which would be lost"):
        with atomic_folder(path):
            pass
    assert os.listdir(path) == ["frame_second.obj"] and os.listdir(tmp_path) == ["meshes"]


def test_a_full_disk_is_the_users_to_solve(tmp_path):
    with (
        pytest.raises(OutputError, match=r"a\.npz could not be written \(No space.*free some"),
        atomic_path(tmp_path / "a.npz"),
    ):
        raise OSError(28, "No space left on device")


def test_unwritable_places_are_refused_before_work(tmp_path, monkeypatch):
    check_writable(tmp_path / "fine.npz")
    assert os.listdir(tmp_path) == []
    (tmp_path / "file").touch()
    for path, found in (
        (tmp_path, "is a folder.*add one to the path"),
        (tmp_path / "no" / "a.npz", "does not exist; create that folder"),
        (tmp_path / "file" / "a.npz", "is not a folder; create that folder"),
        # Nobody, not even root, can create files there.
        (type(tmp_path)("/proc/a.npz"), "choose another output path"),
    ):
        with pytest.raises(OutputError, match=found) as error:
            check_writable(path)
        assert str(path) in str(error.value)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(OutputError, match="write-protected; choose another"):
        check_writable(tmp_path / "file")
