"""One refinement from files to files."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from neuhmr.body.body25 import LANDMARK_TOPOLOGY
from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import SmplModel
from neuhmr.cli.first_poses import ensure_poses
from neuhmr.cli.inputs import choose_device
from neuhmr.cli.output import note
from neuhmr.cli.progress import StopRequest, progress_bars, stop_on_interrupt
from neuhmr.clip.clip import Clip
from neuhmr.clip.crops import PersonCrops, crop_person
from neuhmr.clip.motion_file import write_motion_file
from neuhmr.errors import BodyModelError
from neuhmr.export.run_report import run_report, write_report
from neuhmr.formats.motion_content import motion_content
from neuhmr.geometry.cameras import Camera
from neuhmr.ghn.checkpoint import load_ghn
from neuhmr.ghn.model import Ghn
from neuhmr.ghnerf.clips.clip_checkpoint import load_clip_heatmaps
from neuhmr.ghnerf.clips.clip_heatmaps import ClipHeatmaps
from neuhmr.metrics.pose_scores import score_motion
from neuhmr.progress import OnProgress, Progress
from neuhmr.refine.config import RefineConfig
from neuhmr.refine.field.refiner import Refiner
from neuhmr.refine.field.snapshot import RefineSnapshot
from neuhmr.refine.guard.guard import GuardedMotion, guard_motion
from neuhmr.refine.problem import RefineProblem, prepare_problem
from neuhmr.refine.report import RefineReport, make_report
from neuhmr.refine.resume_file import (
    read_resume_file,
    resume_path,
    run_fingerprint,
    write_resume_file,
)
from neuhmr.refine.terms.pose_terms import KEYPOINT, counts_keypoints
from neuhmr.rendering.mesh_raster import rasterize_mesh

if TYPE_CHECKING:
    from neuhmr.cli.refine import Refine

SECONDS_BETWEEN_SAVES = 30.0
"""How much of a run a crash can cost."""


@dataclass(frozen=True)
class Outcome:
    """What a run of the refiner came to."""

    motion: Motion
    steps: int
    total_steps: int
    losses: list[dict[str, float]]
    """Mean weighted terms of each epoch."""
    interrupted: bool


def run_refinement(options: "Refine", config: RefineConfig) -> dict[str, object]:
    """Open, prepare, refine, write; the result is what `--json` prints.

    Raises:
        NeuhmrError: an input cannot be used, or the output cannot be written.
    """
    start = time.perf_counter()
    with stop_on_interrupt() as stop:
        clip, model, refiner = _prepare(options, config, stop)
        assert clip.motion is not None, "ensure_poses gives poses"
        fingerprint = run_fingerprint(refiner.config, clip.motion, model.digest)
        if options.resume:
            _resume(refiner, resume_path(options.out), fingerprint)
        if counts_keypoints(config):
            with progress_bars(stop) as on_progress:
                refiner.find_keypoints(on_progress)
        outcome = _run(refiner, stop, resume_path(options.out), fingerprint)
    guarded = _guard(refiner, outcome.motion, not options.no_guard and not outcome.interrupted)
    motion = guarded.motion.to("cpu")
    source = f"{clip.video.path.name} refined by neuhmr, preset {options.preset}"
    write_motion_file(options.out, motion_content(clip, motion, model, source))
    if not outcome.interrupted:
        resume_path(options.out).unlink(missing_ok=True)
    report = make_report(
        refiner.problem,
        refiner.config,
        guarded,
        outcome.motion,
        outcome.steps,
        time.perf_counter() - start,
    )
    result = _summary(options.out, clip, outcome, motion, model, report)
    result["keypoints"] = _keypoint_summary(refiner.problem, outcome.losses)
    if options.report is not None:
        details = result | {"losses_per_epoch": outcome.losses}
        write_report(options.report, run_report(clip, model, report, details))
    return result


def _prepare(
    options: "Refine", config: RefineConfig, stop: StopRequest
) -> tuple[Clip, SmplModel, Refiner]:
    """Open the clip, with poses in any case, and get ready to refine it."""
    device = choose_device(options.device)
    with progress_bars(stop) as on_progress:
        model = options.load_body()
        clip = ensure_poses(options.open(), model, on_progress)
        ghn, heatmaps = load_ghn(options.checkpoint, device), None
        if counts_keypoints(config):
            heatmaps = load_heatmaps(options.heatmaps, ghn, model)
        assert clip.motion is not None, "ensure_poses gives poses"
        config = config.at_rate(clip.video.fps)
        crops = crop(clip, clip.motion, model, on_progress)
        problem = prepare_problem(
            crops.to(device),
            clip.motion.to(device),
            model.to(device),
            ghn,
            config,
            on_progress=on_progress,
            heatmaps=heatmaps,
        )
    return clip, model, Refiner(problem, config)


def load_heatmaps(path: Path | None, ghn: Ghn, model: SmplModel) -> ClipHeatmaps:
    """Load what finds keypoints in the frames, onto the network's device.

    Args:
        path: of the weights; the shipped ones if None.
        ghn: the network that the person is rendered with.
        model: the person's body model.

    Raises:
        BodyModelError: keypoints are not known of such a body.
        CheckpointError: the weights are missing, damaged, or belong to another network.
    """
    vertices = len(model.v_template)
    if vertices != LANDMARK_TOPOLOGY:
        raise BodyModelError(
            f"{model.name} has {vertices} vertices, but keypoints are known only of bodies with "
            f"{LANDMARK_TOPOLOGY}; choose an SMPL file as --body-model, or leave --keypoint out."
        )
    return load_clip_heatmaps(ghn, path, next(ghn.parameters()).device)


def _guard(refiner: Refiner, refined: Motion, may_revert: bool) -> GuardedMotion:
    """Compare all frames before and after; put initial poses back only if that is wished."""
    with progress_bars() as on_progress:
        guarded = guard_motion(refiner.problem, refined, on_progress=on_progress)
    return guarded if may_revert else replace(guarded, motion=refined, reverted=())


def crop(clip: Clip, motion: Motion, model: SmplModel, on_progress: OnProgress) -> PersonCrops:
    """Cut the person out; where there are no masks, the posed body stands in."""

    def silhouette(row: int, camera: Camera) -> torch.Tensor:
        posed = motion[row : row + 1].pose(model)[0]
        return rasterize_mesh(posed.vertices, posed.faces, camera).mask

    return crop_person(clip, motion, model, on_frame=on_progress, fallback_mask=silhouette)


def _resume(refiner: Refiner, path: Path, fingerprint: str) -> None:
    if not path.is_file():
        note("There is no interrupted run to resume; starting at the beginning.")
        return
    refiner.load_state_dict(read_resume_file(path, fingerprint))
    note(f"Going on after step {refiner.steps_done} of {refiner.total_steps}.")


def _run(refiner: Refiner, stop: StopRequest, resume: Path, fingerprint: str) -> Outcome:
    """Step until done or stopped, with the state on disk every so often."""
    losses: list[list[dict[str, float]]] = [[] for _ in range(refiner.config.schedule.epochs)]
    with progress_bars(completes=False) as on_progress:
        for snapshot in _steps(refiner, stop, resume, fingerprint):
            losses[snapshot.epoch].append(snapshot.weighted)
            on_progress(Progress("Refining", snapshot.step, snapshot.total_steps))
    if not refiner.finished:
        write_resume_file(resume, refiner.state_dict(), fingerprint)
        note("Stopped early; the poses so far are written, and --resume goes on from here.")
    return Outcome(
        refiner.motion(),
        refiner.steps_done,
        refiner.total_steps,
        [_mean_terms(epoch) for epoch in losses if epoch],
        not refiner.finished,
    )


def _steps(
    refiner: Refiner, stop: StopRequest, resume: Path, fingerprint: str
) -> Iterator[RefineSnapshot]:
    saved = time.monotonic()
    while not refiner.finished and not stop:
        yield refiner.step()
        if time.monotonic() - saved > SECONDS_BETWEEN_SAVES:
            write_resume_file(resume, refiner.state_dict(), fingerprint)
            saved = time.monotonic()


def _mean_terms(steps: list[dict[str, float]]) -> dict[str, float]:
    return {name: sum(step[name] for step in steps) / len(steps) for name in steps[0]}


def _keypoint_summary(
    problem: RefineProblem, losses: list[dict[str, float]]
) -> dict[str, float] | None:
    """Say how many keypoints were found, and how the weighted term fell; None where it is off."""
    if problem.keypoints is None or not losses:
        return None
    return {
        "found": problem.keypoints.found_share(),
        "before": losses[0][KEYPOINT],
        "after": losses[-1][KEYPOINT],
    }


def _summary(
    out: Path,
    clip: Clip,
    outcome: Outcome,
    motion: Motion,
    model: SmplModel,
    report: RefineReport,
) -> dict[str, object]:
    assert clip.motion is not None, "refinement starts from poses"
    scores = None
    if clip.truth is not None:
        scores = {
            name: score_motion(poses, clip.truth, model, clip.video.fps).as_dict()
            for name, poses in (("initial", clip.motion), ("refined", motion))
        }
    return {
        "written": str(out),
        "frames": int(motion.valid.sum()),
        "steps": outcome.steps,
        "total_steps": outcome.total_steps,
        "interrupted": outcome.interrupted,
        "mean_change_deg": report.mean_change_deg,
        "iou_before": report.iou_before,
        "iou_after": report.iou_after,
        "reverted_frames": report.reverted_frames,
        "seconds": report.seconds,
        "seconds_per_frame": report.seconds_per_frame,
        "peak_rss_mb": report.peak_rss_mb,
        "scores": scores,
    }
