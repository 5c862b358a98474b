"""Results by what clips have in common: their family of motion, kind of errors, betas,
camera, look."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from neuhmr.lab.benchmarks.pose.clip_result import ClipResult, share_of_worse_frames
from neuhmr.lab.benchmarks.pose.table_rows import make_row

GROUPINGS = ("family", "errors", "betas", "camera_path", "look")
WORST = 5
"""Clips that are listed because they gained least."""

Plan = Mapping[str, str]
"""What a clip was planned to show: a name for each of `GROUPINGS`."""


def read_plan(path: Path) -> Plan:
    """Read the plan of a wide clip from the person file beside it; other clips have none."""
    try:
        content = json.loads(path.with_suffix(".person.json").read_text(encoding="utf-8"))
        # Clips of before there was a second look have the first.
        wide = {"look": "raster"} | content["wide"]
        return {name: str(wide[name]) for name in GROUPINGS}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def group_rows(
    plans: Mapping[str, Plan],
    kind: str,
    before: Mapping[str, ClipResult],
    methods: Mapping[str, Mapping[str, ClipResult]],
    seed: int,
) -> list[dict[str, object]]:
    """Average every method over the clips of every group.

    Args:
        plans: by clip.
        kind: of the initial poses.
        before: the initial poses' result of each clip.
        methods: every row's results by clip, the initial poses' among them.
        seed: of the draws behind the intervals.
    """
    rows = []
    for grouping in GROUPINGS:
        names = dict.fromkeys(plan[grouping] for plan in plans.values() if plan)
        for group in names:
            own = {clip for clip, plan in plans.items() if plan.get(grouping) == group}
            for method, results in methods.items():
                after = {clip: result for clip, result in results.items() if clip in own}
                if after:
                    row = make_row(method, kind, before, after, seed).as_dict()
                    rows.append({"grouping": grouping, "group": group} | row)
    return rows


def worst_clips(
    plans: Mapping[str, Plan],
    kind: str,
    method: str,
    before: Mapping[str, ClipResult],
    after: Mapping[str, ClipResult],
) -> list[dict[str, object]]:
    """List the clips whose joint errors fell least, or rose most."""

    def gain(clip: str) -> float:
        return _error(before[clip]) - _error(after[clip])

    return [
        {
            "clip": clip,
            "method": method,
            "initial": kind,
            "plan": dict(plans.get(clip, {})),
            "before_mm": _error(before[clip]),
            "after_mm": _error(after[clip]),
            "frames_worse": share_of_worse_frames(before[clip], after[clip]),
        }
        for clip in sorted(after, key=gain)[:WORST]
    ]


def _error(result: ClipResult) -> float:
    errors: Sequence[float] = result.frame_errors_mm
    return sum(errors) / len(errors)
