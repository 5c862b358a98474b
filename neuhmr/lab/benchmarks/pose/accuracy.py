"""The accuracy benchmark: how much nearer to the truth each method brings poses.

Clip after clip, in every kind of initial poses, every method. Each result is kept, so that a
stopped benchmark goes on where it was, and one that changes nothing answers at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.errors import ClipError, NeuhmrError
from neuhmr.lab.benchmarks.pose.benchmark_clips import (
    WHOLE,
    ClipSet,
    Part,
    find_clips,
    make_clips,
    make_wide_clips,
)
from neuhmr.lab.benchmarks.pose.clip_groups import Plan, read_plan
from neuhmr.lab.benchmarks.pose.clip_result import ClipResult
from neuhmr.lab.benchmarks.pose.keypoints import has_detector
from neuhmr.lab.benchmarks.pose.match_distances import JointDistances, measure_matches
from neuhmr.lab.benchmarks.pose.method_runs import FINAL, UNGUARDED, run_method, start_result
from neuhmr.lab.benchmarks.pose.methods import (
    KEYPOINT_METHODS,
    METHODS,
    Method,
    all_ablations,
    make_method,
)
from neuhmr.lab.benchmarks.pose.result_cache import ResultCache
from neuhmr.lab.benchmarks.pose.start_poses import OWN, check_kinds
from neuhmr.lab.benchmarks.pose.workspace import Laboratory, Workspace, open_laboratory
from neuhmr.progress import Cancelled, OnProgress, Progress, ignore_progress

INITIAL = "initial"
NO_DETECTOR = (
    "MediaPipe is not installed, so {} left out: run "
    'pip install "neuhmr-workbench[mediapipe]" to have the comparison.'
)


ClipSetName = Literal["own", "wide"]


@dataclass(frozen=True, kw_only=True)
class AccuracyConfig:
    """What is compared on what."""

    cache: Path
    """Folder for clips and results."""
    clips: Path | None = None
    """A folder of clips with their truth; else people of the test split are made."""
    clip_set: ClipSetName = "own"
    """Which clips are made: own motions filmed from breast height, or the wide test set."""
    mocap_dir: Path | None = None
    """Recordings for the wide set; families that need them are left out without."""
    people: ClipSet = WHOLE
    """Which people, and how many frames of each clip; of a folder's clips only the number of
    frames counts."""
    part: Part = field(default_factory=Part)
    """Which of the clips this process measures."""
    kinds: tuple[str, ...] = ("ray",)
    """Of the initial poses."""
    methods: tuple[str, ...] = METHODS
    ablate: bool = False
    """Also take one constraint after the other away."""
    figure5: bool = False
    """Also measure matches against a keypoint detector."""
    epochs: int | None = None
    """Times refinement visits every frame; None for each preset's own number."""
    seed: int = 0
    """Of the errors in initial poses and of the draws behind intervals."""
    checkpoint: Path | None = None
    """Avatar weights; else the shipped ones."""
    fresh: bool = False
    """Do not use results of earlier runs."""
    device: str = "cpu"


@dataclass
class AccuracyResults:
    """What was measured so far; filled clip by clip."""

    config: AccuracyConfig
    clips: list[str]
    weights: str
    """Digest of the avatar network's weights."""
    body_model: str
    results: dict[tuple[str, str], dict[str, ClipResult]] = field(default_factory=dict)
    """By (row's name, kind of initial poses), then by clip."""
    matches: dict[str, list[list[JointDistances]]] = field(default_factory=dict)
    """By kind of initial poses, one table per clip."""
    plans: dict[str, Plan] = field(default_factory=dict)
    """By clip, what a wide clip was planned to show."""
    notes: list[str] = field(default_factory=list)
    """What was left out, and why."""
    interrupted: bool = False

    def add(self, row: str, kind: str, clip: str, result: ClipResult) -> None:
        """Keep one result."""
        self.results.setdefault((row, kind), {})[clip] = result

    def of(self, row: str, kind: str) -> dict[str, ClipResult]:
        """Look up a row's results by clip; empty where there are none."""
        return self.results.get((row, kind), {})


def unguarded_name(method: str) -> str:
    """Name the row of a refinement before its guard."""
    return f"{method}, no guard"


def measure_accuracy(
    config: AccuracyConfig, on_progress: OnProgress = ignore_progress
) -> AccuracyResults:
    """Run what has not been run yet, and gather all results.

    Args:
        config: what is compared on what.
        on_progress: told how many results are done, and how the current one gets on; where it
            raises `Cancelled`, the results so far are returned.

    Raises:
        NeuhmrError: an unknown kind or method, clips that cannot be used, weights that cannot be
            loaded, a folder that cannot be written, nothing left to compare.
    """
    check_kinds(config.kinds)
    kinds, names, notes = _possible(config)
    methods = [make_method(name, config.epochs) for name in names]
    if config.ablate:
        # The complete one first: it is the preset, and usually measured already.
        methods += [m for m in all_ablations(config.methods, config.epochs) if m.name not in names]
    given = None if config.clips is None else find_clips(config.clips)
    cache = ResultCache(config.cache, config.fresh)
    model, device = load_body_model(), torch.device(config.device)
    laboratory = open_laboratory(
        model, config.checkpoint, cache, config.people.frames, config.seed, device
    )
    found = AccuracyResults(
        config, [], laboratory.weights, f"{model.name} {model.digest}", notes=notes
    )
    try:
        paths = _clip_paths(config, given, notes, on_progress)
        found.clips = [path.stem for path in paths]
        found.plans = {path.stem: read_plan(path) for path in paths}
        for unit in _units(found, laboratory, paths, kinds, methods, on_progress):
            on_progress(unit)
    except Cancelled:
        found.interrupted = True
    return found


def _clip_paths(
    config: AccuracyConfig, given: list[Path] | None, notes: list[str], on_progress: OnProgress
) -> list[Path]:
    """Take this part of the given clips, or make them; adds what is left out to the notes."""
    if given is not None:
        return [given[index] for index in config.part.of(len(given))]
    if config.clip_set == "own":
        return make_clips(config.cache, config.people, config.part, on_progress)
    paths, left_out = make_wide_clips(
        config.cache, config.mocap_dir, config.people, config.part, on_progress
    )
    notes += left_out
    return paths


def _possible(config: AccuracyConfig) -> tuple[list[str], list[str], list[str]]:
    """Leave out what needs MediaPipe where that is missing.

    Returns:
        Kinds of initial poses, names of methods, what the user should know.

    Raises:
        NeuhmrError: nothing is left.
    """
    kinds, names, notes = list(config.kinds), list(config.methods), []
    if has_detector():
        return kinds, names, notes
    without = [name for name in names if name in KEYPOINT_METHODS]
    if without:
        notes.append(NO_DETECTOR.format(f"the methods {', '.join(without)} are"))
        names = [name for name in names if name not in KEYPOINT_METHODS]
    if OWN in kinds:
        notes.append(NO_DETECTOR.format("the initial poses of the kind own are"))
        kinds.remove(OWN)
    if not kinds:
        raise NeuhmrError(notes[-1])
    return kinds, names, notes


def _units(
    found: AccuracyResults,
    laboratory: Laboratory,
    paths: list[Path],
    kinds: list[str],
    methods: list[Method],
    on_progress: OnProgress,
) -> Iterator[Progress]:
    """Measure one thing after the other; clip by clip, so that a part is a fair sample."""
    per_start = 1 + len(methods) + found.config.figure5
    total, done = len(paths) * len(kinds) * per_start, 0
    yield Progress("Results", done, total)

    def inner(progress: Progress) -> None:
        # One bar for all that happens inside, so that bars do not pile up.
        on_progress(Progress("The next one", progress.done, progress.total))

    for path in paths:
        for kind in kinds:
            for _ in _measure_start(found, laboratory, path, kind, methods, inner):
                done += 1
                yield Progress("Results", done, total)
            done = _round_up(done, per_start)
            yield Progress("Results", done, total)


def _measure_start(
    found: AccuracyResults,
    laboratory: Laboratory,
    path: Path,
    kind: str,
    methods: list[Method],
    on_progress: OnProgress,
) -> Iterator[None]:
    """Measure all methods on one clip in one kind of initial poses."""
    try:
        work = Workspace(laboratory, path, kind, on_progress)
    except ClipError as error:
        if kind != OWN:
            raise
        found.notes.append(f"{path.name} is left out of the kind own: {error}")
        return
    found.add(INITIAL, kind, path.stem, start_result(work))
    yield
    for method in methods:
        results = run_method(work, method, on_progress)
        found.add(method.name, kind, path.stem, results[FINAL])
        if UNGUARDED in results:
            found.add(unguarded_name(method.name), kind, path.stem, results[UNGUARDED])
        yield
    if found.config.figure5:
        found.matches.setdefault(kind, []).append(measure_matches(work))
        yield


def _round_up(number: int, step: int) -> int:
    return -(-number // step) * step
