"""Tests of neuhmr.clip.sidecars."""

import os
from pathlib import Path

import pytest

from neuhmr.clip.sidecars import clip_folder, find_sidecar, foreign_pose_sidecars, sidecar_path


@pytest.fixture
def clip(tmp_path, monkeypatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    path = tmp_path / "videos" / "clip.mp4"
    path.parent.mkdir()
    path.touch()
    return path


def make_read_only(monkeypatch, *folders: Path) -> None:
    """Root may write anywhere, so the answer is changed rather than the rights."""
    monkeypatch.setattr(os, "access", lambda place, mode: Path(place) not in folders)


def test_new_sidecars_go_beside_the_video(clip):
    assert sidecar_path(clip, "poses") == clip.with_name("clip.poses.npz")
    assert sidecar_path(clip, "camera") == clip.with_name("clip.camera.json")
    assert clip_folder(clip) == clip.with_name("clip.neuhmr")


def test_new_sidecars_go_into_the_clips_folder_where_the_videos_is_read_only(clip, monkeypatch):
    inside = clip.with_name("clip.neuhmr")
    inside.mkdir()
    make_read_only(monkeypatch, clip.parent)
    assert sidecar_path(clip, "poses") == inside / "clip.poses.npz"


def test_where_no_folder_can_be_made_beside_the_video_the_home_has_it(clip, monkeypatch, tmp_path):
    others = tmp_path / "others"
    make_read_only(monkeypatch, clip.parent, others)
    folder = clip_folder(clip)
    assert folder.parent.parent == tmp_path / "home"
    assert sidecar_path(clip, "masks") == folder / "clip.masks.npz"
    other = clip_folder(others / "clip.mp4")
    assert other.parent == folder.parent
    assert other.name != folder.name, "clips of one name in two folders must not share theirs"


def test_what_exists_is_found_nearest_to_the_video_first(clip, monkeypatch):
    make_read_only(monkeypatch, clip.parent)
    home = clip_folder(clip)
    for folder in (home, clip.with_name("clip.neuhmr"), clip.parent):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "clip.poses.npz").touch()
        assert find_sidecar(clip, "poses") == folder / "clip.poses.npz"
        assert sidecar_path(clip, "poses") == folder / "clip.poses.npz"
    assert find_sidecar(clip, "truth") is None


def test_pose_files_of_other_tools_are_listed_for_conversion(clip):
    for name in ("clip.poses.pkl", "clip.poses.npz", "other.poses.pkl", "clip2.poses.json"):
        clip.with_name(name).touch()
    assert [p.name for p in foreign_pose_sidecars(clip)] == ["clip.poses.pkl"]
