"""Running one method on one clip."""

import time
from dataclasses import replace

from neuhmr.body.motion import Motion
from neuhmr.lab.benchmarks.pose.clip_result import ClipResult, measure_clip
from neuhmr.lab.benchmarks.pose.keypoint_field import KeypointFieldConfig, fit_field_to_keypoints
from neuhmr.lab.benchmarks.pose.methods import KeypointFit, Method, Refinement, settings
from neuhmr.lab.benchmarks.pose.rendered_descriptors import (
    EPOCHS_PER_RENDERING,
    with_rendered_descriptors,
)
from neuhmr.lab.benchmarks.pose.smplify import fit_keypoints
from neuhmr.lab.benchmarks.pose.workspace import Workspace
from neuhmr.lab.benchmarks.program_digest import program_digest
from neuhmr.progress import OnProgress, Progress
from neuhmr.refine.field.refiner import Refiner
from neuhmr.refine.run import Run

FINAL, UNGUARDED = "final", "unguarded"
"""Names of a run's results: what the user gets, and refinement before its guard."""


def start_result(work: Workspace) -> ClipResult:
    """Score the initial poses."""
    key = work.key("initial", program_digest(__name__))
    found = work.laboratory.cache.find_results(key)
    if found is None:
        found = {FINAL: _measure(work, work.initial, 0.0)}
        work.laboratory.cache.keep_results(key, found)
    return found[FINAL]


def run_method(work: Workspace, method: Method, on_progress: OnProgress) -> dict[str, ClipResult]:
    """Run a method on a clip, or read the result of an earlier run.

    Returns:
        `FINAL`, and `UNGUARDED` where the method has a guard.

    Raises:
        NeuhmrError: the clip cannot be used, or MediaPipe is missing.
    """
    key = method_key(work, method)
    found = work.laboratory.cache.find_results(key)
    if found is None:
        if isinstance(method, Refinement):
            found = _refine(work, method, on_progress)
        else:
            found = {FINAL: _fit(work, method, on_progress)}
        work.laboratory.cache.keep_results(key, found)
    return found


def method_key(work: Workspace, method: Method) -> str:
    """Name the result of a method on a clip by all that it depends on."""
    if isinstance(method, Refinement):
        laboratory = work.laboratory
        device = laboratory.device.type
        return work.key(settings(method), laboratory.weights, device, program_digest(__name__))
    return work.key(settings(method), program_digest(__name__))


def _refine(work: Workspace, method: Refinement, on_progress: OnProgress) -> dict[str, ClipResult]:
    prepared = work.prepared(method.config)
    start = time.perf_counter()
    run = Run(prepared.problem, method.config)
    while not run.finished:
        if method.features == "rendered" and _is_due(run.refiner):
            run.refiner.problem = with_rendered_descriptors(
                run.problem,
                run.refiner.motion(),
                work.laboratory.ghn,
                method.config.matching.epsilon,
                on_progress,
            )
        snapshot = run.step()
        on_progress(Progress("Refining", snapshot.step, snapshot.total_steps))
    refined = run.refiner.motion()
    seconds = prepared.seconds + time.perf_counter() - start
    result = run.result(on_progress)
    total = prepared.seconds + time.perf_counter() - start
    return {
        FINAL: _measure(work, result.motion, total, list(result.reverted_frames)),
        UNGUARDED: _measure(work, refined, seconds),
    }


def _is_due(refiner: Refiner) -> bool:
    epoch, step = divmod(refiner.steps_done, refiner.steps_per_epoch)
    return step == 0 and epoch % EPOCHS_PER_RENDERING == 0


def _fit(work: Workspace, method: KeypointFit, on_progress: OnProgress) -> ClipResult:
    keypoints = work.keypoints()
    config, landmarks = method.config, keypoints.landmarks
    if isinstance(config, KeypointFieldConfig):
        problem = work.prepared(config.base).problem
        config = replace(config, base=config.base.at_rate(work.fps))
        start = time.perf_counter()
        motion = fit_field_to_keypoints(problem, work.clip, landmarks, config, on_progress)
    else:
        start = time.perf_counter()
        motion = fit_keypoints(
            work.clip, work.initial, landmarks, work.laboratory.model, config, on_progress
        )
    return _measure(work, motion, keypoints.seconds + time.perf_counter() - start)


def _measure(
    work: Workspace, motion: Motion, seconds: float, reverted: list[int] | None = None
) -> ClipResult:
    model = work.laboratory.model
    return measure_clip(motion.to("cpu"), work.truth, model, work.fps, seconds, reverted or ())
