"""A course: every stage gets its share, what is done stays done, and the results are there."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from torch import nn

from neuhmr.errors import DatasetError, NeuhmrError
from neuhmr.ghn.checkpoint import OPEN_WEIGHTS_PATH as GHN_PATH
from neuhmr.ghn.checkpoint import load_ghn
from neuhmr.ghnerf.clips.clip_checkpoint import load_clip_heatmaps
from neuhmr.ghnerf.network.checkpoint import load_ghnerf
from neuhmr.lab.people.training_set import TrainingSetConfig
from neuhmr.lab.training.course import course
from neuhmr.lab.training.course.course import CourseConfig, people_sets, run_config, train_all
from neuhmr.lab.training.course.plan import PEOPLE_SHARE, STAGES, Stage, chosen_stages
from neuhmr.lab.training.ghnerf.batches import DrawConfig
from neuhmr.lab.training.run import StepOutcome, TrainingRun, run_steps
from neuhmr.lab.training.run_config import RunConfig
from neuhmr.motion_prior.checkpoint import load_motion_prior
from tests.lab.people.motion.test_bvh import bvh_text
from tests.lab.training.people_folder import write_people
from tests.lab.training.ring_folder import write_ring


@dataclass(frozen=True, kw_only=True)
class LineConfig(RunConfig):
    """A training of one number."""

    steps: int = 100
    learning_rate: float = 0.01


def train_line(config: LineConfig) -> Iterator[StepOutcome]:
    """Pull a number towards one; the file of weights says how often."""
    torch.manual_seed(config.seed)
    line = nn.Linear(1, 1)
    run = TrainingRun(line, torch.optim.SGD(line.parameters()), config)
    run.begin([1], [1], "numbers")

    def validate() -> None:
        run.report({"miss": (line.bias - 1.0).abs().item()})
        (config.out / "line.safetensors").write_text(str(run.step))

    yield from run_steps(
        run, lambda: {"miss": (line.bias - 1.0).square().sum()}, lambda _: 0.01, validate
    )


def line_stages(shares: tuple[float, ...] = (0.25, 0.6)) -> tuple[Stage, ...]:
    names = ("ghn", "motion-prior", "ghnerf")
    return tuple(
        Stage(
            name=name, share=share, people=None, config=LineConfig, train=train_line, starts={},
            weights="line.safetensors", log="log.jsonl",
        )
        for name, share in zip(names, shares, strict=False)
    )  # fmt: skip


@pytest.fixture
def mocap(tmp_path: Path) -> Path:
    folder = tmp_path / "mocap"
    folder.mkdir()
    frames = [{"LeftArm": (-60, 0, i % 50), "LeftUpLeg": (0, 0, -(i % 40))} for i in range(300)]
    for name in ("02_01", "07_01"):
        (folder / f"{name}.bvh").write_text(bvh_text(frames))
    return folder


@pytest.fixture
def asked_for_people(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Make no people, and keep how much time there was for them."""
    asked: list[float] = []

    def make(sets: list[TrainingSetConfig], seconds: float, *_: object) -> int:
        asked.append(seconds)
        return 0

    monkeypatch.setattr(course, "generate_in_parallel", make)
    return asked


def course_of(mocap: Path, tmp_path: Path, seconds: float = 1.0, **changes) -> CourseConfig:
    base = CourseConfig(data=mocap, out=tmp_path / "out", seconds=seconds, stages=line_stages())
    return replace(base, **changes)


def test_shares_add_up_to_one() -> None:
    assert PEOPLE_SHARE + sum(stage.share for stage in STAGES) == pytest.approx(1.0)


def test_each_stage_gets_its_share_of_the_time_that_is_left(
    mocap: Path, tmp_path: Path, asked_for_people: list[float]
) -> None:
    seconds = 4.0
    steps = list(train_all(course_of(mocap, tmp_path, seconds)))
    assert [step.stage.name for step in steps] == sorted(step.stage.name for step in steps)
    # Beginning takes a moment, on a busy machine a long one.
    assert len(asked_for_people) == 1 and asked_for_people[0] <= PEOPLE_SHARE * seconds
    state = json.loads((tmp_path / "out/course.json").read_text())
    first, second = state["budgets"]["ghn"], state["budgets"]["motion-prior"]
    assert 0.0 < first <= seconds * 0.25 / 0.85
    # Nothing comes after the last stage: it has all that the others left.
    assert first < second <= seconds - state["results"]["ghn"]["seconds"] + 0.1
    assert state["spent"] < seconds + 2.0
    for name in ("ghn", "motion-prior"):
        result = state["results"][name]
        assert result["steps"] > 5 and result["seconds"] <= state["budgets"][name] + 1.0
        assert result["after"]["miss"] < result["before"]["miss"]


def test_results_are_weights_a_table_and_the_configuration(
    mocap: Path, tmp_path: Path, asked_for_people: list[float]
) -> None:
    list(train_all(course_of(mocap, tmp_path)))
    out = tmp_path / "out"
    found = json.loads((out / "training.json").read_text())
    steps = found["networks"]["motion-prior"]["steps"]
    assert (out / "line.safetensors").read_text() == str(steps)
    assert len(found["weights"]["line.safetensors"]) == 16
    table = (out / "training.md").read_text()
    assert "| network, score | steps | seconds | shipped | trained |" in table
    assert f"| motion-prior, miss | {steps} |" in table
    options = json.loads((out / "config.json").read_text())["options"]
    assert options["seconds"] == 1.0 and options["stages"]["ghn"]["share"] == 0.25


def test_what_is_done_is_not_done_again_and_what_was_interrupted_goes_on(
    mocap: Path, tmp_path: Path, asked_for_people: list[float]
) -> None:
    config = course_of(mocap, tmp_path, seconds=4.0)
    steps = train_all(config)
    for step in steps:
        if step.stage.name == "motion-prior" and step.outcome.step == 5:
            break
    steps.close()  # pyright: ignore[reportAttributeAccessIssue]
    before = json.loads((tmp_path / "out/course.json").read_text())
    assert list(before["results"]) == ["ghn"] and before["spent"] > 0.4
    table = (tmp_path / "out/training.md").read_text()
    assert "| ghn, miss |" in table and "motion-prior, miss" not in table
    rest = list(train_all(replace(config, resume=True)))
    after = json.loads((tmp_path / "out/course.json").read_text())
    assert rest[0].stage.name == "motion-prior" and rest[0].outcome.step == 6
    assert rest[0].spent > before["spent"]
    assert after["results"]["ghn"] == before["results"]["ghn"]
    assert after["budgets"] == before["budgets"]
    assert after["results"]["motion-prior"]["seconds"] <= after["budgets"]["motion-prior"] + 1.0
    assert len(asked_for_people) == 1
    assert list(train_all(replace(config, resume=True))) == []


def test_a_folder_with_a_course_is_not_used_again_unasked(
    mocap: Path, tmp_path: Path, asked_for_people: list[float]
) -> None:
    list(train_all(course_of(mocap, tmp_path)))
    with pytest.raises(NeuhmrError, match=r"holds a training of all networks already; pass"):
        list(train_all(course_of(mocap, tmp_path)))
    (tmp_path / "out/course.json").write_text('{"spent": 1}')
    with pytest.raises(NeuhmrError, match=r"course\.json is damaged"):
        list(train_all(course_of(mocap, tmp_path, resume=True)))


def test_missing_recordings_are_told_before_anything_is_made(
    mocap: Path, tmp_path: Path, asked_for_people: list[float]
) -> None:
    (mocap / "02_01.bvh").unlink()
    with pytest.raises(DatasetError, match=r"no recordings of .* belong to the val split"):
        list(train_all(course_of(mocap, tmp_path)))
    assert not (tmp_path / "out").exists() and asked_for_people == []


def test_people_are_those_of_the_presets_and_those_to_validate_on_come_first(
    mocap: Path, tmp_path: Path
) -> None:
    sets = people_sets(course_of(mocap, tmp_path, stages=STAGES, people=tmp_path / "people"))
    names = [made.out_dir.name for made in sets]
    assert names == ["val", "views-val", "train", "views"]
    assert [made.num_people for made in sets] == [12, 10, 300, 160]
    assert sets[1].placing == "ring" and sets[2].masks == "segmented"
    assert all(made.mocap_dir == mocap for made in sets)


def test_later_stages_begin_with_what_earlier_ones_wrote(mocap: Path, tmp_path: Path) -> None:
    config = course_of(mocap, tmp_path, stages=STAGES, device="cuda")
    ghn, matching, prior, heatmaps, ghnerf = (run_config(config, s, 9.0) for s in STAGES)
    assert matching.start == tmp_path / "out/ghn/ghn.safetensors"
    assert heatmaps.start == tmp_path / "out/matching/ghn.safetensors"
    assert all(run.start is not None and run.start.is_file() for run in (ghn, prior, ghnerf))
    assert prior.data == mocap and ghnerf.val == tmp_path / "out/people/views-val"
    assert all(run.mixed and run.resume and run.seconds == 9.0 for run in (ghn, ghnerf))
    assert all(run.average > 0.0 for run in (ghn, matching, prior, heatmaps, ghnerf))
    assert not run_config(replace(config, device="cpu"), STAGES[0], 9.0).mixed


def test_some_networks_alone_begin_where_those_left_out_would_have(tmp_path: Path) -> None:
    assert chosen_stages(()) == STAGES
    matching, heatmaps = chosen_stages(("clip-heatmaps", "matching"))
    assert matching.starts == {"start": GHN_PATH}
    assert heatmaps.starts == STAGES[3].starts
    (alone,) = chosen_stages(("clip-heatmaps",))
    assert alone.starts["start"] == GHN_PATH
    assert alone.starts["heatmaps"] == STAGES[3].starts["heatmaps"]


TINY = {
    "ghn": {"rays": 64, "val_people": 1},
    "matching": {"val_people": 1},
    "motion-prior": {"generated": 2, "windows": 8, "frames": 12},
    "clip-heatmaps": {"rays": 64, "val_people": 1},
    "ghnerf": {
        "val_moments": 1,
        "draw": DrawConfig(rays=64, coarse_rays=16, sizes=(64.0, 64.0), sources=2, pool=3),
    },
}


@pytest.mark.slow
def test_all_networks_are_trained_and_their_weights_load(
    mocap: Path, tmp_path: Path, asked_for_people: list[float]
) -> None:
    for name in ("train", "val"):
        write_people(tmp_path / "people" / name, 1)
    for name in ("views", "views-val"):
        write_ring(tmp_path / "people" / name)
    stages = tuple(
        replace(stage, options={**stage.options, **TINY[stage.name]}) for stage in STAGES
    )
    config = course_of(mocap, tmp_path, seconds=15.0, stages=stages, people=tmp_path / "people")
    list(train_all(config))
    out = tmp_path / "out"
    ghn = load_ghn(out / "ghn.safetensors")
    load_clip_heatmaps(ghn, out / "clip_heatmaps.safetensors")
    load_ghnerf(out / "ghnerf.safetensors")
    load_motion_prior(out / "motion_prior.safetensors")
    found = json.loads((out / "training.json").read_text())["networks"]
    assert list(found) == [stage.name for stage in STAGES]
    assert all(result["before"].keys() == result["after"].keys() for result in found.values())
