"""Tests of neuhmr.clip.atomic."""

import os

import pytest

from neuhmr.clip.atomic import atomic_path, check_writable
from neuhmr.errors import OutputError


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
