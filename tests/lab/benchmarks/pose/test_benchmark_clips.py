"""Which clips a benchmark runs on."""

from pathlib import Path

import pytest

from neuhmr.errors import DatasetError
from neuhmr.lab.benchmarks.pose import benchmark_clips
from neuhmr.lab.benchmarks.pose.benchmark_clips import (
    WIDE,
    ClipSet,
    Part,
    clip_digest,
    find_clips,
    make_clips,
    make_wide_clips,
    open_benchmark_clip,
)
from neuhmr.lab.people.generate import PeopleConfig
from neuhmr.lab.people.splits import split_of
from neuhmr.lab.people.wide_design import WIDE_CLIPS
from neuhmr.lab.people.wide_set import WideConfig
from neuhmr.progress import OnProgress, ignore_progress
from tests.painted_clip import make_painted_clip


def test_parts_share_all_clips_without_overlap() -> None:
    parts = [list(Part.parse(f"{number}/3").of(8)) for number in (1, 2, 3)]
    assert parts == [[0, 3, 6], [1, 4, 7], [2, 5]]
    assert list(Part().of(3)) == [0, 1, 2]


def test_people_are_of_the_test_split_and_the_same_in_every_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[PeopleConfig] = []

    def film(config: PeopleConfig, on_progress: OnProgress) -> list[Path]:
        asked.append(config)
        return [config.out_dir / f"{config.seed}.mp4"]

    monkeypatch.setattr(benchmark_clips, "generate_people", film)
    people = ClipSet(people=3, frames=8, seed=5)
    whole = make_clips(tmp_path, people, Part(), ignore_progress)
    halves = [
        make_clips(tmp_path, people, Part(number=n, count=2), ignore_progress) for n in (1, 2)
    ]
    assert sorted(halves[0] + halves[1]) == sorted(whole) and len(whole) == 3
    assert {config.split for config in asked} == {"test"}
    assert split_of(20_000_000 + 5) == "test"
    assert {config.frames for config in asked} == {30}, "filmed longer than used"


def test_wide_clips_are_spread_over_the_families_and_shared_out_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[WideConfig] = []

    def film(config: WideConfig, on_progress: OnProgress) -> list[Path]:
        asked.append(config)
        return []

    monkeypatch.setattr(benchmark_clips, "generate_wide", film)
    for part in (Part(), Part(number=1, count=2), Part(number=2, count=2)):
        _, notes = make_wide_clips(tmp_path, None, WIDE, part, ignore_progress)
    whole, first, second = (config.clips or () for config in asked)
    assert len(whole) == 14 and sorted(first + second) == list(whole)
    lost = [line for line in notes if "are left out" in line]
    assert len(lost) == 2, "two families need recordings"
    few = ClipSet(people=4, frames=12)
    make_wide_clips(tmp_path, None, few, Part(), ignore_progress)
    numbers = asked[-1].clips or ()
    assert {WIDE_CLIPS[n].family for n in numbers} == {"spin", "floor", "gait", "gesture"}
    assert asked[-1].frames == 48, "filmed longer than used"


def test_a_folders_clips_need_a_truth(tmp_path: Path) -> None:
    (tmp_path / "bare.mp4").touch()
    with pytest.raises(DatasetError, match="holds no clip"):
        find_clips(tmp_path)
    path = make_painted_clip(tmp_path, frames=2)
    assert find_clips(tmp_path) == [path]


def test_the_first_frames_are_used_and_the_digest_says_how_many(tmp_path: Path) -> None:
    path = make_painted_clip(tmp_path, frames=3)
    clip = open_benchmark_clip(path, 2)
    assert len(clip) == 2 and clip.truth is not None and len(clip.truth) == 2
    digest = clip_digest(path, 2)
    assert clip_digest(path, 3) != digest
    path.with_name("clip.truth.npz").unlink()
    assert clip_digest(path, 2) != digest
    with pytest.raises(DatasetError, match="no true pose in its first 2 frames"):
        open_benchmark_clip(path, 2)
