"""All networks trained in turn within a time: people first, then stage after stage.

OUT/people/          people to train and to validate on
OUT/STAGE/           each network's run: checkpoint, log, weights
OUT/course.json      what is done, and the time that it took
OUT/config.json      what the course was told, on what code and machine
OUT/*.safetensors, training.md, training.json    the results
"""

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from neuhmr.export.run_report import write_report
from neuhmr.lab.people.in_parallel import generate_in_parallel
from neuhmr.lab.people.motion.recordings import pick_recording
from neuhmr.lab.people.presets import PresetName, people_preset
from neuhmr.lab.people.splits import Split
from neuhmr.lab.people.training_set import TrainingSetConfig
from neuhmr.lab.training.clock import RunClock
from neuhmr.lab.training.course.plan import NEVER, PEOPLE_SHARE, STAGES, Stage
from neuhmr.lab.training.course.state import CourseState
from neuhmr.lab.training.course.summary import keep_results, stage_result
from neuhmr.lab.training.run import StepOutcome
from neuhmr.lab.training.run_config import RunConfig
from neuhmr.lab.training.run_record import run_record
from neuhmr.progress import OnProgress, ignore_progress

LEAST_RECORDING = 2.0
"""People move like recordings of so many seconds at least."""


@dataclass(frozen=True, kw_only=True)
class CourseConfig:
    """How all networks are trained."""

    data: Path
    """Folder of CMU recordings: the motion prior learns from them, and half of the people move
    like them."""
    out: Path
    """Where everything goes."""
    seconds: float
    """Time for everything (s), people and validations included, over all processes."""
    people: Path | None = None
    """Folder of people, with folders `train`, `val`, `views` and `views-val`; what is missing is
    made there. None is `people` within `out`."""
    processes: int = os.cpu_count() or 1
    """How many make people."""
    resume: bool = False
    """Go on with the course in `out`."""
    seed: int = 0
    device: str = "cpu"
    stages: tuple[Stage, ...] = STAGES
    """What is trained."""


@dataclass(frozen=True)
class CourseStep:
    """One step of one of the networks."""

    stage: Stage
    outcome: StepOutcome
    spent: float
    """Of the course (s)."""


def train_all(
    config: CourseConfig, on_progress: OnProgress = ignore_progress
) -> Iterator[CourseStep]:
    """Make people, train network after network, and leave weights and a table.

    What is done is not done again, however the caller stops.

    Args:
        config: what to do.
        on_progress: told after each person; may raise to stop.

    Raises:
        DatasetError: there are no recordings.
        OutputError: the folder cannot be written.
        NeuhmrError: there is a course in the folder already, or a training's own mistakes.
    """
    _require_recordings(config.data)
    state = CourseState.open(config.out, config.resume)
    clock = RunClock(config.seconds)
    clock.go_on_from(state.spent)
    _write_config(config)
    try:
        if not state.has_people:
            left = PEOPLE_SHARE * config.seconds - clock.spent
            generate_in_parallel(people_sets(config), left, config.processes, on_progress)
            state = replace(state, has_people=True)
        for number, stage in enumerate(config.stages):
            if stage.name in state.results:
                continue
            if stage.name not in state.budgets:
                shares = sum(later.share for later in config.stages[number:])
                budget = max(config.seconds - clock.spent, 0.0) * stage.share / shares
                state = state.with_budget(stage.name, budget)
            state = replace(state, spent=clock.spent)
            state.save(config.out)
            run = run_config(config, stage, state.budgets[stage.name])
            for outcome in stage.train(run):
                yield CourseStep(stage, outcome, clock.spent)
            state = state.with_result(stage.name, stage_result(stage, run))
            # After each: whoever is stopped for good has what is done.
            keep_results(config.out, config.stages, state.results)
    finally:
        replace(state, spent=clock.spent).save(config.out)


def people_sets(config: CourseConfig) -> list[TrainingSetConfig]:
    """Say which people the stages need; those to validate on come first."""
    names: dict[PresetName, None] = {}
    for place in (1, 0):
        names |= {stage.people[place]: None for stage in config.stages if stage.people is not None}
    return [_people_set(config, name) for name in names]


def run_config(config: CourseConfig, stage: Stage, seconds: float) -> RunConfig:
    """Tell a stage's training what to do, and to go on if it has begun."""
    train, val = (
        (config.data, config.data) if stage.people is None
        else (_people_folder(config, name) for name in stage.people)
    )  # fmt: skip
    folders = {earlier.name: earlier.weights for earlier in config.stages}
    starts = {
        option: start if isinstance(start, Path) else config.out / start / folders[start]
        for option, start in stage.starts.items()
    }
    options = {"validate_every": NEVER, "mixed": config.device.startswith("cuda"), **stage.options}
    return stage.config(
        **starts, **options, data=train, val=val, out=config.out / stage.name, seconds=seconds,
        seed=config.seed, device=config.device, resume=True,
    )  # fmt: skip


def _people_folder(config: CourseConfig, name: PresetName) -> Path:
    return (config.people or config.out / "people") / name


def _people_set(config: CourseConfig, name: PresetName) -> TrainingSetConfig:
    preset = people_preset(name)
    return TrainingSetConfig(
        out_dir=_people_folder(config, name), split=preset.split, num_people=preset.people,
        seed=config.seed, mocap_dir=config.data, camera=preset.camera, masks=preset.masks,
        poses=preset.poses, views=preset.sides, placing=preset.placing, size=preset.height,
    )  # fmt: skip


def _require_recordings(folder: Path) -> None:
    """Find out before long work whether there are any to train and to validate on."""
    splits: tuple[Split, ...] = ("train", "val")
    for split in splits:
        pick_recording(folder, split, LEAST_RECORDING, np.random.default_rng(0))


def _write_config(config: CourseConfig) -> None:
    options = asdict(replace(config, stages=()))
    stages = {stage.name: run_config(config, stage, 0.0) for stage in config.stages}
    options["stages"] = {
        stage.name: {"share": stage.share} | asdict(stages[stage.name]) for stage in config.stages
    }
    record = run_record(type(config).__name__, options, {"data": config.data}, config.device)
    write_report(config.out / "config.json", record)
