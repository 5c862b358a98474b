"""The accuracy benchmark's report as Markdown."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Report = Mapping[str, Any]
"""What `accuracy_report` makes, or its JSON read again."""
Figure = Callable[[Mapping[str, Any]], str]

DASH = "–"


def _number(key: str, digits: int = 1) -> Figure:
    return lambda row: DASH if row.get(key) is None else f"{row[key]:.{digits}f}"


def _share(key: str) -> Figure:
    return lambda row: DASH if row.get(key) is None else f"{100.0 * row[key]:.0f} %"


def _with_interval(key: str, scale: float = 1.0, digits: int = 1, unit: str = "") -> Figure:
    def text(row: Mapping[str, Any]) -> str:
        if row.get(key) is None:
            return DASH
        value, interval = f"{scale * row[key]:.{digits}f}{unit}", row.get(f"{key}_ci")
        if interval is None:
            return value
        low, high = (f"{scale * end:.{digits}f}" for end in interval)
        return f"{value} [{low}, {high}]"

    return text


def _drop(key: str) -> Figure:
    """A drop is shown for methods, not for the initial poses it is measured from."""
    inner = _with_interval(key, 100.0, 0, " %")
    return lambda row: DASH if row["method"] == "initial" else inner(row)


def _of_methods(inner: Figure) -> Figure:
    return lambda row: DASH if row["method"] == "initial" else inner(row)


MAIN: dict[str, Figure] = {
    "MPJPE": _with_interval("mpjpe_mm"),
    "drop": _drop("mpjpe_drop"),
    "PA-MPJPE": _number("pa_mpjpe_mm"),
    "PVE": _number("pve_mm"),
    "drop of PVE": _drop("pve_drop"),
    "absolute": _number("abs_mpjpe_mm"),
    "along / across ray": lambda row: (
        f"{_number('along_ray_mm', 0)(row)} / {_number('across_ray_mm', 0)(row)}"
    ),
    "acceleration": _number("accel_error_mm_per_frame2"),
    "jitter": _number("jitter"),
    "frames worse": _of_methods(_share("frames_worse")),
    "joints worse": _of_methods(_share("joints_worse")),
    "s/frame": _of_methods(_number("seconds_per_frame", 2)),
}
ABLATION: dict[str, Figure] = {
    name: MAIN[name] for name in ("MPJPE", "drop", "PA-MPJPE", "PVE", "drop of PVE", "frames worse")
}
GUARD: dict[str, Figure] = {
    "frames": lambda row: str(row["frames"]),
    "worse without": _share("frames_worse_without"),
    "worse with": _share("frames_worse_with"),
    "reverted": lambda row: str(row["reverted"]),
    "precision": _share("precision"),
    "recall": _share("recall"),
    "gain given away": lambda row: f"{row['wrongly_reverted']} frames",
}


def markdown_report(report: Report) -> str:
    """Write all tables of a report, and what they were measured with."""
    parts = []
    for kind in _kinds(report["rows"]):
        parts.append(f"### Initial poses: {kind}")
        parts.append(_table("method", "method", _of(report["rows"], kind), MAIN))
        if guards := _of(report["guard"], kind):
            parts.append("Guard:")
            parts.append(_table("method", "method", guards, GUARD))
        if ablated := _of(report["ablation"], kind):
            parts.append("Ablation:")
            parts.append(_table("method", "method", ablated, ABLATION))
    for figure in report["figure5"]:
        parts.append(
            f"### Distance to the true place in the picture, initial poses: {figure['initial']}"
        )
        parts.append(_table("joint", "joint", figure["joints"], MATCHES))
    return "\n\n".join([*parts, _footer(report)]) + "\n"


def _distance(key: str) -> Figure:
    def text(row: Mapping[str, Any]) -> str:
        found = row.get(key)
        return DASH if found is None else f"{found['mean']:.1f} / {found['median']:.1f}"

    return text


MATCHES: dict[str, Figure] = {
    "matched": _share("matched_share"),
    "initial": _distance("initial_px"),
    "match": _distance("matched_px"),
    "nearer than initial": _share("nearer_share"),
    "MediaPipe": _distance("mediapipe_px"),
}


def _table(
    title: str, key: str, rows: Sequence[Mapping[str, Any]], columns: Mapping[str, Figure]
) -> str:
    """Lay out a table: the name to the left, figures to the right."""
    lines = [
        f"| {title} | " + " | ".join(columns) + " |",
        "|---|" + "---:|" * len(columns),
    ]
    for row in rows:
        cells = (figure(row) for figure in columns.values())
        lines.append(f"| {str(row[key]).replace('_', ' ')} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _footer(report: Report) -> str:
    clips = len(report["clips"])
    versions = ", ".join(f"{name} {number}" for name, number in report["versions"].items())
    lines = [
        f"{clips} clips, {report['frames_per_clip']} frames of each; means over clips, in brackets "
        "95 % intervals over clips. Millimeters, hips aligned; acceleration in mm/frame², jitter "
        "in 10 m/s³. A frame or joint is worse when its error rose by more than 5 mm.",
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


def _of(rows: Sequence[Mapping[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    return [row for row in rows if row["initial"] == kind]


def _kinds(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(row["initial"] for row in rows))
