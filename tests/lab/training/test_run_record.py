"""The record of a run: what it holds, and what a resumed run says of it."""

import json
import logging
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pytest

from neuhmr.lab.training.run_record import (
    changed_options,
    describe_data,
    header_notes,
    resumed_record,
    run_record,
    write_record,
)


@dataclass(frozen=True)
class Draw:
    rays: int = 8
    sizes: tuple[float, float] = (1.0, 2.0)


@dataclass(frozen=True)
class Options:
    data: Path
    start: Path | None = None
    resume: bool = False
    steps: int = 5
    draw: Draw = field(default_factory=Draw)


def write_person(folder: Path, number: int, value: float) -> None:
    folder.mkdir(exist_ok=True)
    np.savez(folder / f"person_{number:08d}.npz", image=np.full(9, value))


def record_of(options: Options) -> dict[str, object]:
    return run_record("Made", asdict(options), {"data": options.data}, "cpu")


def test_a_record_holds_options_data_weights_and_code(tmp_path: Path) -> None:
    write_person(tmp_path / "people", 7, 1.0)
    (tmp_path / "begin.safetensors").write_bytes(b"weights")
    options = Options(tmp_path / "people", tmp_path / "begin.safetensors")
    write_record(tmp_path / "run.json", record_of(options))
    found = json.loads((tmp_path / "run.json").read_text())
    assert found["options"] == {
        "data": str(tmp_path / "people"), "start": str(tmp_path / "begin.safetensors"),
        "resume": False, "steps": 5, "draw": {"rays": 8, "sizes": [1.0, 2.0]},
    }  # fmt: skip
    assert found["data"]["data"]["files"] == 1
    assert found["data"]["data"]["last"] == "person_00000007.npz"
    assert found["weights"].keys() == {"start"}
    assert found.keys() >= {"code", "versions", "device", "threads"}


def test_a_header_names_files_but_not_where_they_lie(tmp_path: Path) -> None:
    record = record_of(Options(tmp_path / "people", tmp_path / "begin.safetensors"))
    notes = header_notes(record | {"code": {"revision": "abc", "dirty": True}})
    assert notes["revision"] == "abc-dirty" and notes["training"] == "Made"
    options = json.loads(notes["options"])
    assert (options["data"], options["start"]) == ("people", "begin.safetensors")
    assert options["draw"] == {"rays": 8, "sizes": [1.0, 2.0]}


def test_other_people_are_told_apart_by_their_pictures(tmp_path: Path) -> None:
    for folder, value in (("a", 1.0), ("b", 1.0), ("c", 2.0)):
        write_person(tmp_path / folder, 0, value)
    (tmp_path / "b" / "run.json").touch()
    first, same, other = (describe_data(tmp_path / name) for name in "abc")
    assert first["digest"] == same["digest"] != other["digest"]
    assert describe_data(tmp_path / "none") == describe_data(tmp_path / "nowhere")


def test_all_files_of_a_capture_count(tmp_path: Path) -> None:
    capture = tmp_path / "dance"
    (capture / "images").mkdir(parents=True)
    (capture / "cameras.json").touch()
    (capture / "images" / "0.jpg").write_bytes(b"12")
    before = describe_data(tmp_path)
    assert before["files"] == 2 and before == describe_data(tmp_path)
    (capture / "images" / "0.jpg").write_bytes(b"123")
    assert describe_data(tmp_path)["digest"] != before["digest"]


def test_resuming_with_other_options_says_which(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_person(tmp_path / "people", 0, 1.0)
    path, options = tmp_path / "run.json", Options(tmp_path / "people")
    write_record(path, record_of(options))
    write_person(tmp_path / "people", 1, 2.0)
    again = Options(tmp_path / "people", resume=True, steps=9, draw=Draw(rays=4))
    with caplog.at_level(logging.WARNING):
        resumed = resumed_record(record_of(again), path, 3)
    (message,) = caplog.messages
    assert message.startswith("resumed at step 3 with other options than before: steps was 5, is 9")
    assert "draw.rays was 8, is 4" in message and "data.data.files was 1, is 2" in message
    assert "resume" not in message.removeprefix("resumed")
    assert resumed["options"]["steps"] == 9
    (entry,) = resumed["resumed"]
    assert entry["step"] == 3 and entry["was"]["draw.rays"] == 8
    # What was different before stays known when the run goes on once more.
    write_record(path, resumed)
    once_more = resumed_record(record_of(again), path, 6)
    assert [entry["step"] for entry in once_more["resumed"]] == [3, 6]
    assert once_more["resumed"][1]["was"] == {}
    assert len(caplog.messages) == 1


@pytest.mark.parametrize("content", [None, "{", "[]", "{}"])
def test_a_run_without_a_record_goes_on(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    record = record_of(Options(tmp_path))
    assert resumed_record(record, tmp_path / "run.json", 3) == record | {"resumed": [{"step": 3}]}


def test_options_of_one_version_alone_are_differences(tmp_path: Path) -> None:
    record = record_of(Options(tmp_path))
    older = record | {"options": {"data": str(tmp_path), "gone": 1, "steps": 5}}
    changes = changed_options(older, record)
    assert changes["gone"] == (1, None) and changes["draw.rays"] == (None, 8)
    assert "steps" not in changes
