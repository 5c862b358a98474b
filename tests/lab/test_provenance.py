"""Which program made something: its commit and whether files differ from it."""

import subprocess
from pathlib import Path

import pytest
import torch

from neuhmr.lab import provenance
from neuhmr.lab.provenance import code_revision, device_name
from neuhmr.versions import DISTRIBUTION


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org"]
    command = ["git", "-C", str(folder), *who, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Commit a package beside other files."""
    package = tmp_path / "repository" / "package"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    git(tmp_path, "init", "--quiet", "repository")
    git(package, "add", ".")
    git(package, "commit", "--quiet", "--message", "begin")
    return package


def test_a_commit_is_named_and_a_tag_before_it(package: Path) -> None:
    commit = git(package, "rev-parse", "HEAD")
    assert code_revision(package) == {"revision": commit[:12], "dirty": False}
    git(package, "tag", "v9")
    assert code_revision(package) == {"revision": "v9", "dirty": False}


def test_code_that_differs_from_its_commit_is_told_and_other_files_are_not(package: Path) -> None:
    (package.parent / "notes.md").touch()
    assert code_revision(package)["dirty"] is False
    (package / "new.py").touch()
    assert code_revision(package)["dirty"] is True
    (package / "new.py").unlink()
    (package / "__init__.py").write_text("a = 1")
    assert code_revision(package)["dirty"] is True


def test_installed_code_has_its_version_also_within_a_repository_of_others(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = package.parent / "site-packages" / "package"
    installed.mkdir(parents=True)
    (installed / "__init__.py").touch()
    monkeypatch.setattr(provenance, "versions", lambda: {DISTRIBUTION: "1.2.3"})
    assert code_revision(installed) == {"revision": "1.2.3", "dirty": None}


def test_without_git_the_version_is_all_there_is(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(provenance, "versions", lambda: {DISTRIBUTION: "1.2.3"})
    assert code_revision(package) == {"revision": "1.2.3", "dirty": None}


def test_a_device_is_named() -> None:
    assert device_name("cpu") == device_name(torch.device("cpu")) == "cpu"
