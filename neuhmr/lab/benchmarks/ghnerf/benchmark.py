"""The benchmark of GHNeRF: the rows of the paper's tables on people that no training saw."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.body.smpl_model import SmplModel
from neuhmr.errors import MissingDependencyError
from neuhmr.lab.benchmarks.ghnerf.rows import MEDIAPIPE, ZERO, NetworkRow, open_rows
from neuhmr.lab.benchmarks.ghnerf.scores import (
    MeasureConfig,
    MomentScores,
    measure_network,
    measure_zero,
)
from neuhmr.lab.benchmarks.intervals import mean_of_known
from neuhmr.lab.metrics.lpips import Lpips, load_lpips
from neuhmr.lab.moments.moments import Moment
from neuhmr.lab.provenance import device_name
from neuhmr.progress import OnProgress, Progress, ignore_progress

Measure = Callable[[Moment], MomentScores]


@dataclass(frozen=True, kw_only=True)
class GhnerfBenchmarkConfig:
    """What is measured."""

    rows: tuple[str, ...]
    checkpoints: Mapping[str, Path]
    """Weights of rows; the shipped ones stand in for their own row."""
    measure: MeasureConfig = field(default_factory=MeasureConfig)
    vgg_weights: Path | None = None
    """torchvision's VGG16 weights, for LPIPS; None leaves LPIPS out."""
    seed: int = 0
    """Of the draws behind the intervals."""
    device: str = "cpu"


def measure_ghnerf(
    config: GhnerfBenchmarkConfig,
    moments: Sequence[Moment],
    on_progress: OnProgress = ignore_progress,
) -> dict[str, object]:
    """Measure every row on every moment.

    Returns:
        `rows`, a list of figures per row under the keys `method`, `psnr_db`, `ssim`, `lpips`,
        `heatmap_mse`, `pck`, `parts_iou`, `embedding_mm`, `frames_per_s` and more; `notes`; and
        what was measured with.

    Raises:
        CheckpointError: weights cannot be used.
        DatasetError: a picture cannot be read, or a camera does not see the subject.
    """
    device = torch.device(config.device)
    networks, notes = open_rows(config.rows, config.checkpoints, device)
    lpips = None if config.vgg_weights is None else load_lpips(config.vgg_weights)
    # The one that moments with a body were read with.
    body_model = load_body_model() if networks else None
    measures: dict[str, Measure] = {
        row.name: _network_measure(row, config.measure, device, lpips, body_model)
        for row in networks
    }
    if MEDIAPIPE in config.rows:
        mediapipe = _mediapipe_measure(config.measure, notes)
        if mediapipe is not None:
            measures[MEDIAPIPE] = mediapipe
    if ZERO in config.rows:
        measures[ZERO] = lambda moment: measure_zero(moment, config.measure)
    checkpoints = {row.name: row.checkpoint for row in networks}
    total, done, rows = len(measures) * len(moments), 0, []
    for name in (row for row in config.rows if row in measures):
        scores: dict[str, list[MomentScores]] = {}
        for moment in moments:
            on_progress(Progress(f"Measuring {name}", done, total))
            scores.setdefault(subject_of(moment), []).append(measures[name](moment))
            done += 1
        figures = row_figures(list(scores.values()), config.seed)
        rows.append({"method": name, "checkpoint": checkpoints.get(name), **figures})
    on_progress(Progress("Measuring", total, total))
    return {
        "rows": rows,
        "notes": notes,
        "people": len({subject_of(moment) for moment in moments}),
        "moments": [moment.name for moment in moments],
        "pictures_per_moment": config.measure.targets,
        "sources": config.measure.sources,
        "size": config.measure.size,
        "device": device_name(device),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }


def subject_of(moment: Moment) -> str:
    """Name the person of a moment: what comes before the moment's number."""
    return moment.name.rpartition("_")[0] or moment.name


def row_figures(people: Sequence[Sequence[MomentScores]], seed: int) -> dict[str, object]:
    """Average over pictures of a person, then over people; a figure nobody has is None.

    Intervals (`..._ci`) come from drawing people, since pictures of one person are alike.

    Args:
        people: the moments of each person.
        seed: of the draws.
    """
    joined = [_joined(moments) for moments in people]
    whole = _joined(joined)
    per_person: dict[str, list[float | None]] = {
        "psnr_db": [_mean(each.psnr_db) for each in joined],
        "ssim": [_mean(each.ssim) for each in joined],
        "lpips": [_mean(each.lpips) for each in joined],
        "heatmap_mse": [_mean([e.box for e in each.heatmaps]) for each in joined],
        "heatmap_mse_whole": [_mean([e.whole for e in each.heatmaps]) for each in joined],
        "zero_mse": [_mean([e.zero_box for e in each.heatmaps]) for each in joined],
        "zero_mse_whole": [_mean([e.zero_whole for e in each.heatmaps]) for each in joined],
        "pck": [each.keypoints.pck for each in joined],
        "volume_mm": [_mean(each.volume_mm) for each in joined],
        "triangulated_mm": [_mean(each.triangulated_mm) for each in joined],
        "parts_iou": [each.parts.mean_iou for each in joined],
        "parts_accuracy": [each.parts.accuracy for each in joined],
        "embedding_mm": [_mean(each.embedding_mm) for each in joined],
    }
    figures: dict[str, object] = {}
    for name, values in per_person.items():
        estimate = mean_of_known(values, seed)
        figures[name] = None if estimate is None else estimate.value
        if estimate is not None and estimate.interval is not None:
            figures[f"{name}_ci"] = estimate.interval
    figures["pictures"] = max(len(whole.psnr_db), len(whole.heatmaps))
    figures["pck_per_keypoint"] = whole.keypoints.per_keypoint()
    figures["parts_iou_per_part"] = whole.parts.per_part()
    figures["volume_median_mm"] = _median(whole.volume_mm)
    figures["triangulated_median_mm"] = _median(whole.triangulated_mm)
    figures["volume_found"] = _share(whole.volume_mm, whole.points)
    figures["triangulated_found"] = _share(whole.triangulated_mm, whole.points)
    # The first picture pays for caches and allocations.
    render = _median(whole.render_s[1:] or whole.render_s)
    encode = _median(whole.encode_s[1:] or whole.encode_s)
    figures["frames_per_s"] = None if render is None else 1.0 / (render + (encode or 0.0))
    figures["frames_per_s_cached"] = None if render is None else 1.0 / render
    return figures


def quick(config: GhnerfBenchmarkConfig) -> GhnerfBenchmarkConfig:
    """Measure two pictures per moment and nothing in space."""
    return replace(config, measure=replace(config.measure, targets=2, in_space=False))


def _network_measure(
    row: NetworkRow,
    measure: MeasureConfig,
    device: torch.device,
    lpips: Lpips | None,
    body_model: SmplModel | None,
) -> Measure:
    return lambda moment: measure_network(row.model, moment, measure, device, lpips, body_model)


def _mediapipe_measure(measure: MeasureConfig, notes: list[str]) -> Measure | None:
    from neuhmr.initial.mediapipe_detector import MediapipeDetector
    from neuhmr.lab.benchmarks.ghnerf.mediapipe_row import measure_mediapipe

    try:
        detector = MediapipeDetector()
    except MissingDependencyError as error:
        notes.append(f"MediaPipe is left out: {error}")
        return None
    return lambda moment: measure_mediapipe(detector, moment, measure)


def _joined(moments: Sequence[MomentScores]) -> MomentScores:
    whole = MomentScores()
    for moment in moments:
        for name in (
            "psnr_db", "ssim", "lpips", "heatmaps", "encode_s", "render_s", "volume_mm",
            "triangulated_mm", "embedding_mm",
        ):  # fmt: skip
            getattr(whole, name).extend(getattr(moment, name))
        whole.keypoints = whole.keypoints + moment.keypoints
        whole.points += moment.points
        whole.parts = whole.parts + moment.parts
    return whole


def _mean(values: Sequence[float]) -> float | None:
    return statistics.fmean(values) if values else None


def _median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None


def _share(values: Sequence[float], count: int) -> float | None:
    return len(values) / count if count else None
