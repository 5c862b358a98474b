"""The GHNeRF benchmark's report as Markdown, the paper's tables beside it."""

from collections.abc import Mapping, Sequence
from typing import Any

from neuhmr.lab.benchmarks.ghnerf.paper import PAPER_TABLES, PaperRow
from neuhmr.lab.markdown import (
    Figure,
    Row,
    averaged_over,
    estimate,
    figure_table,
    plain,
    table,
)

Report = Mapping[str, Any]
"""What `measure_ghnerf` returns, or its JSON read again."""

MEASURED: dict[str, Figure] = {
    "PSNR": estimate("psnr_db", 2),
    "SSIM": estimate("ssim", 3),
    "LPIPS": estimate("lpips", 3),
    "MSE·10⁴, box": estimate("heatmap_mse", 2, 1e4),
    "of zero": estimate("zero_mse", 2, 1e4),
    "MSE·10⁴, whole": estimate("heatmap_mse_whole", 2, 1e4),
    "of zero, whole": estimate("zero_mse_whole", 2, 1e4),
    "PCK@0.2": estimate("pck", 3),
    "3D, field": estimate("volume_mm", 1),
    "3D, triangulated": estimate("triangulated_mm", 1),
    "frames/s": estimate("frames_per_s", 2),
    "sources kept": estimate("frames_per_s_cached", 2),
}
OTHER_FEATURES: dict[str, Figure] = {
    "parts, mean IoU": estimate("parts_iou", 3),
    "parts, pixels right": estimate("parts_accuracy", 3),
    "embedding, mm": estimate("embedding_mm", 1),
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
    for title, paper_rows in PAPER_TABLES.items():
        parts += [f"{title}:", _beside(paper_rows, rows)]
    return "\n\n".join(parts) + "\n"


def _measured(rows: Sequence[Row], figures: Mapping[str, Figure]) -> str:
    return figure_table("method", figures, rows, lambda row: row["method"])


def _keypoints(rows: Sequence[Row]) -> str:
    shown = [row for row in rows if row.get("pck") is not None]
    written = (
        (name.replace("_", " "), [plain(row["pck_per_keypoint"][name], 2) for row in shown])
        for name in shown[0]["pck_per_keypoint"]
    )
    return table("keypoint", [row["method"] for row in shown], written)


def _beside(paper_rows: Sequence[PaperRow], rows: Sequence[Row]) -> str:
    shown = {
        title: figure
        for title, figure in FIGURES.items()
        if any(getattr(row, figure[0]) is not None for row in paper_rows)
    }
    written = []
    for paper in paper_rows:
        ours = next((row for row in rows if row["method"] == paper.row), {})
        name = paper.method if not ours else f"{paper.method} ({paper.row})"
        pairs = [
            f"{plain(getattr(paper, key), digits)} / {plain(ours.get(key), digits)}"
            for key, digits in shown.values()
        ]
        written.append((name, pairs))
    return table("paper's row (ours)", shown, written)


def _footer(report: Report) -> str:
    lines = [
        f"{report['people']} people that no training saw, {len(report['moments'])} moments, at "
        f"most {report['pictures_per_moment']} pictures of each, people {report['size']} px tall "
        f"or wide, from {report['sources']} source views; {averaged_over('people')} "
        "PSNR and the heatmaps' mean squared error over the pixels of the subject's projected box, "
        "SSIM over the rectangle around it; `of zero` is the error of empty heatmaps. PCK@0.2 of "
        "the torso's diagonal. 3D distances in mm, of keypoints found in the field itself and "
        "triangulated from rendered views. Frames per second of the network alone, first picture "
        "excluded, on "
        f"{report['device']} with {report['threads']} threads (torch {report['torch']}).",
        *report["notes"],
    ]
    return "\n".join(lines)
