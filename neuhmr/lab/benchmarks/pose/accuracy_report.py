"""What the accuracy benchmark prints: one JSON object, or tables in Markdown."""

import torch

from neuhmr.lab.benchmarks.pose.accuracy import INITIAL, AccuracyResults, unguarded_name
from neuhmr.lab.benchmarks.pose.clip_groups import group_rows, worst_clips
from neuhmr.lab.benchmarks.pose.guard_quality import judge_guard
from neuhmr.lab.benchmarks.pose.match_distances import pool_matches
from neuhmr.lab.benchmarks.pose.methods import all_ablations, make_method, settings
from neuhmr.lab.benchmarks.pose.table_rows import TableRow, make_row
from neuhmr.lab.provenance import device_name
from neuhmr.versions import versions


def accuracy_report(found: AccuracyResults) -> dict[str, object]:
    """Gather everything for `--json`; `rows` have the keys that others rely on."""
    config = found.config
    rows = [row.as_dict() for kind in config.kinds for row in table_rows(found, kind)]
    ablation = [row.as_dict() for kind in config.kinds for row in ablation_rows(found, kind)]
    return {
        "rows": rows,
        "guard": [entry for kind in config.kinds for entry in guard_entries(found, kind)],
        "groups": [row for kind in config.kinds for row in grouped_rows(found, kind)],
        "worst": [row for kind in config.kinds for row in worst_rows(found, kind)],
        "ablation": ablation,
        "figure5": [
            {"initial": kind, "joints": [joint.as_dict() for joint in pool_matches(tables)]}
            for kind, tables in found.matches.items()
        ],
        "notes": found.notes,
        "interrupted": found.interrupted,
        "clips": found.clips,
        "frames_per_clip": config.people.frames,
        "weights": found.weights,
        "body_model": found.body_model,
        "seed": config.seed,
        "set": None if config.clips else config.clip_set,
        "first_person": None if config.clips or config.clip_set == "wide" else config.people.seed,
        "settings": {name: settings(make_method(name, config.epochs)) for name in config.methods},
        "threads": _threads(found),
        "device": device_name(config.device),
        "versions": versions(),
    }


def table_rows(found: AccuracyResults, kind: str) -> list[TableRow]:
    """Make the main table's rows of one kind of initial poses: before and after the guard."""
    names = [INITIAL]
    for method in found.config.methods:
        names += [unguarded_name(method), method]
    return _rows(found, kind, names)


def grouped_rows(found: AccuracyResults, kind: str) -> list[dict[str, object]]:
    """Make the rows by family of motion, kind of errors and so on; none without planned clips."""
    methods = {name: found.of(name, kind) for name in (INITIAL, *found.config.methods)}
    return group_rows(found.plans, kind, found.of(INITIAL, kind), methods, found.config.seed)


def worst_rows(found: AccuracyResults, kind: str) -> list[dict[str, object]]:
    """List the clips that gained least by each method."""
    before = found.of(INITIAL, kind)
    return [
        row
        for method in found.config.methods
        for row in worst_clips(found.plans, kind, method, before, found.of(method, kind))
    ]


def ablation_rows(found: AccuracyResults, kind: str) -> list[TableRow]:
    """Make the rows of our Table 4, each with and without the guard."""
    if not found.config.ablate:
        return []
    names = [INITIAL]
    for method in all_ablations(found.config.methods, found.config.epochs):
        names += [method.name, unguarded_name(method.name)]
    return _rows(found, kind, names)


def guard_entries(found: AccuracyResults, kind: str) -> list[dict[str, object]]:
    """Judge the guard of every preset."""
    entries = []
    for method in found.config.methods:
        before, final = found.of(unguarded_name(method), kind), found.of(method, kind)
        initial = found.of(INITIAL, kind)
        if before:
            runs = [(initial[clip], before[clip], final[clip]) for clip in before]
            entries.append({"method": method, "initial": kind} | judge_guard(runs).as_dict())
    return entries


def _rows(found: AccuracyResults, kind: str, names: list[str]) -> list[TableRow]:
    initial, seed = found.of(INITIAL, kind), found.config.seed
    return [
        make_row(name, kind, initial, found.of(name, kind), seed)
        for name in names
        if found.of(name, kind)
    ]


def _threads(found: AccuracyResults) -> int | list[int]:
    """Tell with how many threads results were made, be it by an earlier run."""
    counts = {result.threads for clips in found.results.values() for result in clips.values()}
    known = sorted(counts) or [torch.get_num_threads()]
    return known[0] if len(known) == 1 else known
