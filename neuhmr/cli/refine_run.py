"""One refinement from files to files."""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from neuhmr.body.motion import Motion
from neuhmr.cli.output import note, note_remarks
from neuhmr.cli.progress import StopRequest, progress_bars, stop_on_interrupt
from neuhmr.clip.motion_file import write_motion_file
from neuhmr.clip.open_request import OpenRequest
from neuhmr.clip.sidecars import resume_path, sidecar_path
from neuhmr.devices import choose_device
from neuhmr.export.run_report import run_report, write_report
from neuhmr.formats.motion_content import motion_content
from neuhmr.ghn.checkpoint import load_ghn
from neuhmr.ghnerf.clips.clip_checkpoint import load_heatmaps_of_body
from neuhmr.metrics.pose_scores import score_motion
from neuhmr.opening import Opened, open_placed
from neuhmr.pipeline import prepare
from neuhmr.placed_clip import PlacedClip
from neuhmr.progress import OnProgress, Progress
from neuhmr.refine.field.snapshot import RefineSnapshot
from neuhmr.refine.problem import RefineProblem
from neuhmr.refine.resume_file import read_resume_file
from neuhmr.refine.run import Result, Run
from neuhmr.refine.run_identity import (
    Identity,
    identify_heatmaps,
    identify_network,
    identify_poses,
    identify_settings,
)
from neuhmr.refine.scope import Scope
from neuhmr.refine.settings import RefineConfig
from neuhmr.refine.terms.pose_terms import KEYPOINT, counts_keypoints

SECONDS_BETWEEN_SAVES = 30.0
"""How much of a run a crash can cost."""


@dataclass(frozen=True, kw_only=True)
class RunFiles:
    """What is read and what is written."""

    placed: PlacedClip
    out: Path
    report: Path | None = None
    resume: bool = False
    """Go on with an interrupted run that wrote to the same `out`."""
    read_s: float = 0.0
    """How long it took to read the clip (s)."""


def run_refinement(
    files: RunFiles, config: RefineConfig, scope: Scope, device: str
) -> dict[str, object]:
    """Open, prepare, refine, write; the result is what `--json` prints.

    Raises:
        NeuhmrError: an input cannot be used, or the output cannot be written.
    """
    start = time.perf_counter() - files.read_s
    place = choose_device(device)
    resumed = resume_path(files.out)
    goes_on = resumed if files.resume and resumed.is_file() else None
    _require_same_run(goes_on, identify_settings(config, scope))
    with stop_on_interrupt() as stop:
        with progress_bars(stop) as on_progress:
            opened = _open(files.placed, goes_on, on_progress)
            request = files.placed.request
            problem = _prepare(opened, request, config, scope, place, goes_on, on_progress)
        run = Run(problem, config)
        if files.resume:
            _resume(run, goes_on)
        if counts_keypoints(config):
            with progress_bars(stop) as on_progress:
                run.find_keypoints(on_progress)
        losses = _step(run, stop, resume_path(files.out))
    with progress_bars() as on_progress:
        result = run.result(on_progress, keep_refined=not run.finished)
    return _write(files, opened, result, losses, time.perf_counter() - start)


def _require_same_run(state: Path | None, identity: Identity) -> None:
    """Refuse, as soon as it is known, to go on with the state of another run.

    Raises:
        OutputError: the file is damaged, or something differs.
    """
    if state is not None:
        read_resume_file(state, identity)


def _open(placed: PlacedClip, goes_on: Path | None, on_progress: OnProgress) -> Opened:
    """Open the clip, with poses in any case, and say what had to be guessed."""
    opened = open_placed(placed)
    _require_same_run(goes_on, {name: opened.origin[name] for name in ("clip", "camera")})
    note_remarks(opened.remarks)
    if opened.clip.camera_is_guessed:
        focal = float(opened.clip.camera.K[..., 0, 0].mean())
        note(f"No camera given: a focal length of {focal:.0f} px is guessed from the size.")
    if opened.clip.motion is None:
        note("No poses given: they are estimated first.")
        opened = opened.with_poses(on_progress)
        note(f"The estimate is kept in {sidecar_path(placed.request.clip, 'poses')}.")
    return opened


def _prepare(
    opened: Opened,
    request: OpenRequest,
    config: RefineConfig,
    scope: Scope,
    device: torch.device,
    goes_on: Path | None,
    on_progress: OnProgress,
) -> RefineProblem:
    ghn, heatmaps = load_ghn(request.checkpoint, device), None
    if counts_keypoints(config) and opened.keypoints is None:
        heatmaps = load_heatmaps_of_body(ghn, opened.model, request.heatmaps)
    known = opened.origin | identify_poses(opened.motion(), opened.model.digest)
    known |= identify_network(ghn) | identify_heatmaps(heatmaps, config)
    _require_same_run(goes_on, known)
    subject = opened.subject(ghn, device, on_progress=on_progress)
    return prepare(subject, config, on_progress, heatmaps, scope)


def _resume(run: Run, path: Path | None) -> None:
    if path is None:
        note("There is no interrupted run to resume; starting at the beginning.")
        return
    run.load(path)
    note(f"Going on after step {run.refiner.steps_done} of {run.refiner.total_steps}.")


def _step(run: Run, stop: StopRequest, resume: Path) -> list[dict[str, float]]:
    """Step until done or stopped; give each epoch's mean weighted terms."""
    losses: list[list[dict[str, float]]] = [[] for _ in range(run.config.schedule.epochs)]
    with progress_bars(completes=False) as on_progress:
        for snapshot in _saved_steps(run, stop, resume):
            losses[snapshot.epoch].append(snapshot.weighted)
            on_progress(Progress("Refining", snapshot.step, snapshot.total_steps))
    if not run.finished:
        run.save(resume)
        note("Stopped early; the poses so far are written, and --resume goes on from here.")
    return [_mean_terms(epoch) for epoch in losses if epoch]


def _saved_steps(run: Run, stop: StopRequest, resume: Path) -> Iterator[RefineSnapshot]:
    """Step with the state on disk every so often."""
    saved = time.monotonic()
    while not run.finished and not stop:
        yield run.step()
        if time.monotonic() - saved > SECONDS_BETWEEN_SAVES:
            run.save(resume)
            saved = time.monotonic()


def _mean_terms(steps: list[dict[str, float]]) -> dict[str, float]:
    return {name: sum(step[name] for step in steps) / len(steps) for name in steps[0]}


def _write(
    files: RunFiles,
    opened: Opened,
    result: Result,
    losses: list[dict[str, float]],
    seconds: float,
) -> dict[str, object]:
    """Write poses and report; drop the state of a run that is complete."""
    clip, model, motion = opened.clip, opened.model, result.motion
    source = f"{clip.video.path.name} refined by neuhmr, preset {result.config.name}"
    source = "; ".join((source, *opened.remarks))
    write_motion_file(files.out, motion_content(clip, motion, model, source))
    if result.is_complete:
        resume_path(files.out).unlink(missing_ok=True)
    report = result.report(seconds)
    summary: dict[str, object] = {
        "written": str(files.out),
        "frames": int(motion.valid.sum()),
        "steps": result.steps,
        "total_steps": result.total_steps,
        "interrupted": not result.is_complete,
        "mean_change_deg": report.mean_change_deg,
        "iou_before": report.iou_before,
        "iou_after": report.iou_after,
        "reverted_frames": report.reverted_frames,
        "believed": asdict(report.believed),
        "seconds": report.seconds,
        "seconds_per_frame": report.seconds_per_frame,
        "peak_rss_mb": report.peak_rss_mb,
        "scores": _scores(opened, motion),
        "keypoints": _keypoints(result.problem, losses),
    }
    if files.report is not None:
        details = summary | {"losses_per_epoch": losses}
        write_report(files.report, run_report(clip, model, report, details))
    return summary


def _scores(opened: Opened, refined: Motion) -> dict[str, dict[str, object]] | None:
    """Score the poses before and after where there is a truth."""
    clip = opened.clip
    if clip.truth is None:
        return None
    return {
        name: score_motion(poses, clip.truth, opened.model, clip.video.fps).as_dict()
        for name, poses in (("initial", opened.motion()), ("refined", refined))
    }


def _keypoints(problem: RefineProblem, losses: list[dict[str, float]]) -> dict[str, float] | None:
    """Say how many keypoints were found, and how the weighted term fell; None where it is off."""
    if problem.keypoints is None or not losses:
        return None
    return {
        "found": problem.keypoints.found_share(),
        "before": losses[0][KEYPOINT],
        "after": losses[-1][KEYPOINT],
    }
