"""Results by what planned clips have in common."""

import json
from pathlib import Path

import pytest

from neuhmr.lab.benchmarks.pose.clip_groups import GROUPINGS, group_rows, read_plan, worst_clips
from tests.lab.benchmarks.made_results import result_of


def plan(family: str, errors: str) -> dict[str, str]:
    return {"family": family, "errors": errors, "betas": "zero", "camera_path": "panning",
            "look": "cycles" if errors == "video" else "raster"}  # fmt: skip


PLANS = {"a": plan("dance", "ray"), "b": plan("dance", "video"), "c": plan("floor", "ray"), "d": {}}
BEFORE = {clip: result_of([100.0, 100.0]) for clip in PLANS}
AFTER = {
    "a": result_of([40.0, 40.0]), "b": result_of([60.0, 60.0]), "c": result_of([90.0, 130.0]),
    "d": result_of([95.0, 95.0]),
}  # fmt: skip


def test_a_plan_is_read_from_the_person_file(tmp_path: Path) -> None:
    path = tmp_path / "wide00_dance.mp4"
    assert read_plan(path) == {}, "there is none"
    person = path.with_suffix(".person.json")
    person.write_text(json.dumps({"wide": plan("dance", "ray") | {"number": 3}}))
    assert read_plan(path) == plan("dance", "ray")
    older = {name: value for name, value in plan("dance", "ray").items() if name != "look"}
    person.write_text(json.dumps({"wide": older}))
    assert read_plan(path) == older | {"look": "raster"}, "there was one look then"
    person.write_text(json.dumps({"seed": 1}))
    assert read_plan(path) == {}, "a clip of another set"


def test_every_group_has_a_row_of_its_own_clips_for_each_method() -> None:
    methods = {"initial": BEFORE, "fast": AFTER}
    rows = group_rows(PLANS, "given", BEFORE, methods, seed=0)
    found = {(row["grouping"], row["group"], row["method"]): row for row in rows}
    assert {key[0] for key in found} == set(GROUPINGS)
    assert found["family", "dance", "fast"]["mpjpe_mm"] == pytest.approx(50.0)
    assert found["family", "dance", "fast"]["clips"] == 2
    assert found["errors", "ray", "fast"]["mpjpe_drop"] == pytest.approx(1 - 150 / 200)
    assert found["errors", "ray", "fast"]["frames_worse"] == pytest.approx(0.25)
    assert found["look", "cycles", "fast"]["mpjpe_mm"] == pytest.approx(60.0)
    assert found["betas", "zero", "initial"]["clips"] == 3, "a clip without a plan is in no group"


def test_clips_without_a_plan_make_no_groups() -> None:
    assert group_rows({"d": {}}, "ray", BEFORE, {"fast": AFTER}, seed=0) == []


def test_the_worst_clips_come_first_and_are_five_at_most() -> None:
    worst = worst_clips(PLANS, "given", "fast", BEFORE, AFTER)
    assert [row["clip"] for row in worst] == ["c", "d", "b", "a"]
    assert worst[0]["after_mm"] == pytest.approx(110.0)
    assert worst[0]["frames_worse"] == 0.5
    assert worst[0]["plan"] == PLANS["c"]
    many = {f"m{i}": result_of([float(i)]) for i in range(9)}
    before = {clip: result_of([50.0]) for clip in many}
    assert [row["clip"] for row in worst_clips({}, "given", "fast", before, many)] == [
        f"m{i}" for i in (8, 7, 6, 5, 4)
    ]
