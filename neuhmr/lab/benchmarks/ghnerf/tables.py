"""The GHNeRF benchmark's report as Markdown, the paper's tables beside it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from neuhmr.lab.benchmarks.ghnerf.paper import PAPER_TABLES, PaperRow

Report = Mapping[str, Any]
"""What `measure_ghnerf` returns, or its JSON read again."""
DASH = "–"


def _number(key: str, digits: int, scale: float = 1.0) -> Callable[[Mapping[str, Any]], str]:
    def text(row: Mapping[str, Any]) -> str:
        value = row.get(key)
        if value is None:
            return DASH
        shown, interval = f"{scale * value:.{digits}f}", row.get(f"{key}_ci")
        if interval is None:
            return shown
        low, high = (f"{scale * end:.{digits}f}" for end in interval)
        return f"{shown} [{low}, {high}]"

    return text


MEASURED: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "PSNR": _number("psnr_db", 2),
    "SSIM": _number("ssim", 3),
    "LPIPS": _number("lpips", 3),
    "MSE·10⁴, box": _number("heatmap_mse", 2, 1e4),
    "of zero": _number("zero_mse", 2, 1e4),
    "MSE·10⁴, whole": _number("heatmap_mse_whole", 2, 1e4),
    "of zero, whole": _number("zero_mse_whole", 2, 1e4),
    "PCK@0.2": _number("pck", 3),
    "3D, field": _number("volume_mm", 1),
    "3D, triangulated": _number("triangulated_mm", 1),
    "frames/s": _number("frames_per_s", 2),
    "sources kept": _number("frames_per_s_cached", 2),
}
OTHER_FEATURES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "parts, mean IoU": _number("parts_iou", 3),
    "parts, pixels right": _number("parts_accuracy", 3),
    "embedding, mm": _number("embedding_mm", 1),
}
FIGURES: dict[str, tuple[str, int]] = {
    "PSNR": ("psnr_db", 2),
    "SSIM": ("ssim", 3),
    "LPIPS": ("lpips", 4),
    "MSE": ("heatmap_mse", 5),
    "PCK": ("pck", 3),
    "frames/s": ("frames_per_s", 2),
}

OTHER_FOOTER = (
    "On the pixels that show the naked body: mean intersection over union of the 14 body parts, "
    "share of the pixels whose part is right, and the median distance between the surface points "
    "that the embedding names and the true ones, on the mean body in its rest pose."
)


def ghnerf_markdown(report: Report) -> str:
    """Write the measured tables, the keypoints' own, and the paper's with ours in each cell."""
    rows = report["rows"]
    parts = ["### Measured", _measured(rows, MEASURED), _footer(report)]
    if any(row.get("pck") is not None for row in rows):
        parts += ["### PCK@0.2 of each keypoint", _keypoints(rows)]
    if any(row.get(key) is not None for row in rows for key in ("parts_iou", "embedding_mm")):
        parts += ["### Other human features", _measured(rows, OTHER_FEATURES), OTHER_FOOTER]
    parts.append("### The paper's figures / ours")
    for title, table in PAPER_TABLES.items():
        parts += [f"{title}:", _beside(table, rows)]
    return "\n\n".join(parts) + "\n"


def _measured(
    rows: Sequence[Mapping[str, Any]], columns: Mapping[str, Callable[[Mapping[str, Any]], str]]
) -> str:
    lines = _head("method", columns)
    for row in rows:
        cells = (figure(row) for figure in columns.values())
        lines.append(f"| {row['method']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _keypoints(rows: Sequence[Mapping[str, Any]]) -> str:
    shown = [row for row in rows if row.get("pck") is not None]
    lines = _head("keypoint", [row["method"] for row in shown])
    for name in shown[0]["pck_per_keypoint"]:
        values = (row["pck_per_keypoint"][name] for row in shown)
        cells = (DASH if value is None else f"{value:.2f}" for value in values)
        lines.append(f"| {name.replace('_', ' ')} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _beside(table: Sequence[PaperRow], rows: Sequence[Mapping[str, Any]]) -> str:
    shown = {
        title: figure
        for title, figure in FIGURES.items()
        if any(getattr(row, figure[0]) is not None for row in table)
    }
    lines = _head("paper's row (ours)", shown)
    for paper in table:
        ours = next((row for row in rows if row["method"] == paper.row), {})
        name = paper.method if not ours else f"{paper.method} ({paper.row})"
        cells = (
            f"{_plain(getattr(paper, key), digits)} / {_plain(ours.get(key), digits)}"
            for key, digits in shown.values()
        )
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _plain(value: float | None, digits: int) -> str:
    return DASH if value is None else f"{value:.{digits}f}"


def _head(title: str, columns: Sequence[str] | Mapping[str, object]) -> list[str]:
    return [f"| {title} | " + " | ".join(columns) + " |", "|---|" + "---:|" * len(columns)]


def _footer(report: Report) -> str:
    lines = [
        f"{report['people']} people that no training saw, {len(report['moments'])} moments, at "
        f"most {report['pictures_per_moment']} pictures of each, people {report['size']} px tall "
        f"or wide, from {report['sources']} source views; means over people, in brackets 95 % "
        "intervals over people. PSNR and the heatmaps' mean squared error over the pixels of the "
        "subject's projected box, SSIM over the rectangle around it; `of zero` is the error of "
        "empty heatmaps. PCK@0.2 of the torso's diagonal. 3D distances in mm, of keypoints "
        "found in the field itself and triangulated from rendered views. Frames per second of the "
        "network alone, first picture excluded, on "
        f"{report['device']} with {report['threads']} threads (torch {report['torch']}).",
        *report["notes"],
    ]
    return "\n".join(lines)
