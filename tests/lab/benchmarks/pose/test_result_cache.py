"""Kept results: found again only if nothing they depend on has changed."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from neuhmr.errors import OutputError
from neuhmr.lab.benchmarks.pose.methods import ablations, make_method, settings
from neuhmr.lab.benchmarks.pose.result_cache import (
    ResultCache,
    files_digest,
    motion_digest,
    result_key,
)
from neuhmr.refine.settings import preset
from tests.cli.motions import make_motion
from tests.lab.benchmarks.made_results import result_of


def test_a_result_is_found_again(tmp_path: Path) -> None:
    cache, results = ResultCache(tmp_path / "new"), {"final": result_of([1.0], 2.0, (0,))}
    assert cache.find_results("key") is None
    cache.keep_results("key", results)
    assert ResultCache(tmp_path / "new").find_results("key") == results


def test_fresh_finds_only_what_it_made_itself(tmp_path: Path) -> None:
    ResultCache(tmp_path).keep("old", {"a": 1})
    cache = ResultCache(tmp_path, fresh=True)
    assert cache.find("old") is None
    cache.keep("new", {"a": 2})
    assert cache.find("new") == {"a": 2}


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"final": {"frames": 1}}', '{"final": 3}'])
def test_a_damaged_result_is_made_again(tmp_path: Path, content: str) -> None:
    (tmp_path / "key.json").write_text(content)
    assert ResultCache(tmp_path).find_results("key") is None


def test_a_file_is_no_folder_for_results(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"file for results cannot be made .* --cache\."):
        ResultCache(tmp_path / "file")


def test_any_setting_changes_the_name_of_a_result() -> None:
    base = preset("fast")
    changed = replace(base, weights=replace(base.weights, rgb=base.weights.rgb + 0.01))
    keys = {
        result_key(asdict(base), "weights", "clip"),
        result_key(asdict(changed), "weights", "clip"),
        result_key(asdict(base), "other weights", "clip"),
        result_key(asdict(base), "weights", "other clip"),
    }
    assert len(keys) == 4
    assert result_key(asdict(base), "weights", "clip") in keys


def test_every_ablation_has_a_name_of_its_own_but_the_complete_one() -> None:
    keys = [result_key(settings(method)) for method in ablations()]
    assert len(set(keys)) == len(keys) == 5
    assert keys[0] == result_key(settings(make_method("fast"))), "the preset, measured once"


def test_files_and_poses_are_told_apart_by_content(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    missing = files_digest([path])
    path.write_bytes(b"1")
    assert files_digest([path]) != missing
    motion = make_motion()
    moved = replace(motion, transl=motion.transl + 1e-3)
    hidden = replace(motion, valid=~motion.valid)
    assert len({motion_digest(m) for m in (motion, moved, hidden)}) == 3
