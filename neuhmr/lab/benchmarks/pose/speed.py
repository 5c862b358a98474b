"""How fast refinement is on this machine."""

import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from neuhmr.anchors.frame_poses import pose_frame
from neuhmr.clip.open_request import OpenRequest
from neuhmr.errors import PoseFileError
from neuhmr.ghn.avatar import render_image
from neuhmr.ghn.checkpoint import load_ghn
from neuhmr.lab.provenance import device_name
from neuhmr.opening import open_clip_files
from neuhmr.pipeline import prepare
from neuhmr.progress import OnProgress, Progress, ignore_progress
from neuhmr.refine.problem import RefineProblem
from neuhmr.refine.run import Run
from neuhmr.refine.settings import RefineConfig, preset

HEIGHT, WIDTH = 240, 180
"""Of the images that are timed (px), as in NeuHMR's own figures."""
WARM_UP = 2
"""Runs before the clock starts: caches, allocator, the balance of the terms."""


@dataclass(frozen=True, kw_only=True)
class SpeedConfig:
    """What is timed."""

    clip: Path
    """A clip with poses and masks beside it."""
    checkpoint: Path | None = None
    """Avatar weights; else the shipped ones."""
    frames: int = 16
    """Frames of the clip that are used, evenly spread."""
    steps: int = 16
    """Timed optimization steps."""
    previews: int = 8
    """Timed previews."""
    device: str = "cpu"


@dataclass(frozen=True, kw_only=True)
class SpeedResult:
    """Medians over the runs (s), of one image of 240 x 180 pixels."""

    step_s: float
    """One optimization step of one frame: every pixel rendered, all terms, matching, backward
    through avatar and body, one move of the field."""
    preview_s: float
    """One picture without gradients."""
    fit_s_per_frame: float
    """The whole `fast` preset, preparation excluded, divided by the frames."""
    prepare_s_per_frame: float
    """Avatar, anchors, features and registration, divided by the frames."""
    peak_rss_mb: float
    """Most memory the process has held since its start."""
    threads: int
    device: str
    frames: int
    steps: int
    previews: int
    height: int = HEIGHT
    width: int = WIDTH

    def as_dict(self) -> dict[str, object]:
        """Turn into plain values for JSON."""
        return asdict(self)


def measure_speed(config: SpeedConfig, on_progress: OnProgress = ignore_progress) -> SpeedResult:
    """Time preparation, single steps, previews and a whole `fast` refinement.

    Raises:
        NeuhmrError: the clip, its poses or the weights cannot be used.
    """
    base = preset("fast")
    start = _now(config.device)
    problem = _prepare(config, base, on_progress)
    prepare_s = _now(config.device) - start
    stages = 3
    step_s = _time_steps(problem, base, config)
    on_progress(Progress("Timing", 1, stages))
    preview_s = _time_previews(problem, config)
    on_progress(Progress("Timing", 2, stages))
    fit_s = _time_fit(problem, base, config.device)
    on_progress(Progress("Timing", 3, stages))
    count = len(problem.active_rows())
    return SpeedResult(
        step_s=step_s,
        preview_s=preview_s,
        fit_s_per_frame=fit_s / count,
        prepare_s_per_frame=prepare_s / count,
        peak_rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        threads=torch.get_num_threads(),
        device=device_name(config.device),
        frames=count,
        steps=config.steps,
        previews=config.previews,
    )


def full_frame_config(base: RefineConfig, steps: int) -> RefineConfig:
    """Let every step render every pixel of one frame, once, and measure nothing besides."""
    schedule = replace(
        base.schedule,
        frames_per_step=1,
        stride=1,
        fine_stride=1,
        root_epochs=0,
        epochs=steps,
        chunk_rays=10 * HEIGHT * WIDTH,
        gradient_norm_interval=10**9,
    )
    return replace(base, schedule=schedule)


def _prepare(config: SpeedConfig, base: RefineConfig, on_progress: OnProgress) -> RefineProblem:
    opened = open_clip_files(OpenRequest(clip=config.clip))
    clip = opened.clip
    if clip.motion is None:
        raise PoseFileError(
            f"{config.clip} has no poses beside it, a pose file was expected for timing; make one "
            "with `neuhmr init`."
        )
    rows = torch.linspace(0, len(clip.motion) - 1, min(config.frames, len(clip.motion)))
    used = replace(opened, clip=replace(clip, motion=clip.motion[rows.round().long().unique()]))
    network = load_ghn(config.checkpoint, config.device)
    subject = used.subject(network, config.device, (HEIGHT, WIDTH), on_progress)
    return prepare(subject, base, on_progress)


def _time_steps(problem: RefineProblem, base: RefineConfig, config: SpeedConfig) -> float:
    run = Run(problem, full_frame_config(base, WARM_UP + config.steps))
    return _median(lambda index: run.step(), config.steps, config.device)


def _time_previews(problem: RefineProblem, config: SpeedConfig) -> float:
    avatar, rows = problem.avatar, problem.active_rows()

    def draw(index: int) -> None:
        row = rows[index % len(rows)]
        posed = pose_frame(problem.body, problem.initial, row)
        render_image(avatar, posed, problem.crops.cameras[row])

    return _median(draw, config.previews, config.device)


def _time_fit(problem: RefineProblem, base: RefineConfig, device: str) -> float:
    run = Run(problem, base)
    start = _now(device)
    for _ in run.steps():
        pass
    return _now(device) - start


def _median(run: Callable[[int], object], count: int, device: str) -> float:
    seconds = []
    for index in range(WARM_UP + count):
        start = _now(device)
        run(index)
        seconds.append(_now(device) - start)
    return statistics.median(seconds[WARM_UP:])


def _now(device: str) -> float:
    """Read the clock after the device has finished what it was given."""
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
    return time.perf_counter()
