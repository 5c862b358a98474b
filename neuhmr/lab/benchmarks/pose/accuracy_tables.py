"""The accuracy benchmark's report as Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

from neuhmr.lab.markdown import (
    DASH,
    Figure,
    Row,
    averaged_over,
    estimate,
    figure_table,
    number,
    share,
)

Report = Mapping[str, Any]
"""What `accuracy_report` makes, or its JSON read again."""


def _drop(key: str) -> Figure:
    """A drop is shown for methods, not for the initial poses it is measured from."""
    return _of_methods(estimate(key, 0, 100.0, " %"))


def _of_methods(inner: Figure) -> Figure:
    return lambda row: DASH if row["method"] == "initial" else inner(row)


def _plan(name: str) -> Figure:
    return lambda row: str(row["plan"].get(name.replace(" ", "_"), DASH))


MAIN: dict[str, Figure] = {
    "MPJPE": estimate("mpjpe_mm"),
    "drop": _drop("mpjpe_drop"),
    "PA-MPJPE": number("pa_mpjpe_mm"),
    "PVE": number("pve_mm"),
    "drop of PVE": _drop("pve_drop"),
    "absolute": number("abs_mpjpe_mm"),
    "along / across ray": lambda row: (
        f"{number('along_ray_mm', 0)(row)} / {number('across_ray_mm', 0)(row)}"
    ),
    "arms / legs / trunk": lambda row: " / ".join(
        number(key, 0)(row) for key in ("arms_mm", "legs_mm", "trunk_mm")
    ),
    "acceleration": number("accel_error_mm_per_frame2"),
    "jitter": number("jitter"),
    "frames worse": _of_methods(share("frames_worse")),
    "joints worse": _of_methods(share("joints_worse")),
    "s/frame": _of_methods(number("seconds_per_frame", 2)),
}
ABLATION: dict[str, Figure] = {
    name: MAIN[name] for name in ("MPJPE", "drop", "PA-MPJPE", "PVE", "drop of PVE", "frames worse")
}
GROUPED: dict[str, Figure] = {
    "method": lambda row: str(row["method"]),
    "clips": lambda row: str(row["clips"]),
} | {
    name: MAIN[name]
    for name in (
        "MPJPE", "drop", "PA-MPJPE", "PVE", "absolute", "along / across ray",
        "arms / legs / trunk", "frames worse",
    )
}  # fmt: skip
WORST: dict[str, Figure] = {
    "method": lambda row: str(row["method"]),
    **{name: _plan(name) for name in ("family", "errors", "betas", "camera path", "look")},
    "before": number("before_mm"),
    "after": number("after_mm"),
    "frames worse": share("frames_worse"),
}
GUARD: dict[str, Figure] = {
    "frames": lambda row: str(row["frames"]),
    "worse without": share("frames_worse_without"),
    "worse with": share("frames_worse_with"),
    "reverted": lambda row: str(row["reverted"]),
    "precision": share("precision"),
    "recall": share("recall"),
    "gain given away": lambda row: f"{row['wrongly_reverted']} frames",
}


def markdown_report(report: Report) -> str:
    """Write all tables of a report, and what they were measured with."""
    parts = []
    for kind in _names(report["rows"], "initial"):
        parts.append(f"### Initial poses: {kind}")
        parts.append(_table("method", _of(report["rows"], kind), MAIN))
        for grouping in _names(_of(report["groups"], kind), "grouping"):
            rows = [row for row in report["groups"] if row["grouping"] == grouping]
            parts.append(f"By {grouping.replace('_', ' ')}:")
            parts.append(_table("group", _of(rows, kind), GROUPED))
        if worst := _of(report["worst"], kind):
            parts.append("Clips that gained least:")
            parts.append(_table("clip", worst, WORST))
        if guards := _of(report["guard"], kind):
            parts.append("Guard:")
            parts.append(_table("method", guards, GUARD))
        if ablated := _of(report["ablation"], kind):
            parts.append("Ablation:")
            parts.append(_table("method", ablated, ABLATION))
    for figure in report["figure5"]:
        parts.append(
            f"### Distance to the true place in the picture, initial poses: {figure['initial']}"
        )
        parts.append(_table("joint", figure["joints"], MATCHES))
    return "\n\n".join([*parts, _footer(report)]) + "\n"


def _distance(key: str) -> Figure:
    def text(row: Row) -> str:
        found = row.get(key)
        return DASH if found is None else f"{found['mean']:.1f} / {found['median']:.1f}"

    return text


MATCHES: dict[str, Figure] = {
    "matched": share("matched_share"),
    "initial": _distance("initial_px"),
    "match": _distance("matched_px"),
    "nearer than initial": share("nearer_share"),
    "MediaPipe": _distance("mediapipe_px"),
}


def _table(title: str, rows: Sequence[Row], figures: Mapping[str, Figure]) -> str:
    """Lay out rows that are named after the title."""
    return figure_table(title, figures, rows, lambda row: str(row[title]).replace("_", " "))


def _footer(report: Report) -> str:
    clips = len(report["clips"])
    versions = ", ".join(f"{name} {number}" for name, number in report["versions"].items())
    lines = [
        f"{clips} clips, {report['frames_per_clip']} frames of each; {averaged_over('clips')} "
        "Millimeters, hips aligned; acceleration in mm/frame², jitter in 10 m/s³. A frame or joint "
        "is worse when its error rose by more than 5 mm.",
        f"Weights {report['weights']}, body {report['body_model']}, seed {report['seed']}, "
        f"threads: {report['threads']}, {report['device']}; {versions}.",
    ]
    if report["figure5"]:
        lines.append(
            "Distances: mean / median, in pixels of a person 150 px tall; initial and match over "
            "the frames with an accepted match, MediaPipe over those in which it is sure."
        )
    lines += report["notes"]
    if report["interrupted"]:
        lines.append("Stopped early: some clips or methods are missing; run it again to go on.")
    return "\n".join(lines)


def _of(rows: Sequence[Row], kind: str) -> list[Row]:
    return [row for row in rows if row["initial"] == kind]


def _names(rows: Sequence[Row], key: str) -> list[str]:
    """List what a key says, each once, in order."""
    return list(dict.fromkeys(row[key] for row in rows))
