"""Runs a sweep in the background: a short refinement per value, each kept as a version."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from neuhmr.body.motion import Motion
from neuhmr.progress import Progress
from neuhmr.refine.scope import Scope
from neuhmr.refine.settings import RefineConfig, with_values
from neuhmr.setting import Value
from workbench.core.corrections import Corrections
from workbench.core.looks import joint_distances_mm
from workbench.core.run_states import is_drafted_with, is_registered_with
from workbench.core.session import ON_THE_MOVE, SessionState
from workbench.core.sweep import Sweep, SweepPoint, SweepRequest, checked_request
from workbench.core.tasks import Tasks
from workbench.core.value_words import short
from workbench.core.versions import Versions
from workbench.core.worker import JobControl
from workbench.engine.interface import AnchorStage, AvatarStage, Footage
from workbench.engine.optimizer import FrameVerdicts, StepReport
from workbench.errors import WorkbenchError

ERROR_MEANING = "Joint error against the truth (mm)"
MISFIT_MEANING = "Rendering outside or short of the mask (%)"


class Sweeps:
    """The verb of sweeping. Safe to call from any thread."""

    def __init__(self, tasks: Tasks, versions: Versions) -> None:
        self._tasks = tasks
        self._session = tasks.session
        self._versions = versions

    def start(self, request: SweepRequest) -> None:
        """Begin; the poses, settings and stages of the session stay as they are.

        Raises:
            NeuhmrError: the sweep makes no sense, or there is nothing to sweep over yet.
        """
        checked = checked_request(request)
        state = self._session.state
        if state.footage is None or state.initial is None or state.config is None:
            raise WorkbenchError("There are no poses yet; open a clip with a person.")
        if state.phase in ON_THE_MOVE:
            raise WorkbenchError("A refinement is under way; press Pause first.")
        self._tasks.submit(
            "Sweeping", lambda control: self._work(checked, control), on_end=self._end
        )

    def _work(self, request: SweepRequest, control: JobControl) -> Iterator[None]:
        state = self._session.state
        footage, config = state.footage, state.config
        assert footage is not None and config is not None and state.initial is not None
        frames = spread_frames(state.initial, state.scope, request.num_frames)
        meaning = MISFIT_MEANING if footage.truth is None else ERROR_MEANING
        sweep = Sweep(request=request, meaning=meaning, frames=frames)
        self._session.set(sweep=sweep)
        stages = _Stages(state)
        combinations = request.combinations()
        for done, values in enumerate(combinations):
            settings = dict(zip((axis.setting for axis in request.axes), values, strict=True))
            changed = with_values(config, settings)
            # Each part yields: a sweep can be stopped between any two steps.
            yield from stages.prepare(changed, control)
            optimizer = stages.anchors.make_optimizer(
                changed, only_frames(state.initial, state.scope, frames), _start(state)
            )
            report = None
            while report is None or not report.is_finished:
                report = optimizer.step(changed, control.check)
                share = (done + report.step / report.total_steps) / len(combinations)
                control.report(Progress("Sweeping", round(1000 * share), 1000))
                yield
            verdicts = optimizer.judge(changed, control.report)
            self._add(state, changed, values, report, verdicts)
            yield

    def _add(
        self,
        state: SessionState,
        config: RefineConfig,
        values: tuple[Value, ...],
        report: StepReport,
        verdicts: FrameVerdicts,
    ) -> None:
        """Score a run and keep it."""
        sweep, footage = self._session.state.sweep, state.footage
        assert sweep is not None and footage is not None
        score = run_score(footage, verdicts, sweep.frames)
        run = replace(
            state, config=config, report=report, verdicts=verdicts, corrections=Corrections()
        )
        run = replace(run, versions=self._session.state.versions)
        words = ", ".join(
            f"{axis.row.declared.label} {short(value)}"
            for axis, value in zip(sweep.request.axes, values, strict=True)
        )
        version = self._versions.add(run, verdicts.motion, words, "sweep")
        point = SweepPoint(values=values, score=score, version=version.id)
        self._session.set(sweep=replace(sweep, points=(*sweep.points, point)))

    def _end(self) -> None:
        def change(state: SessionState) -> SessionState:
            if state.sweep is None:
                return state
            return replace(state, sweep=replace(state.sweep, is_running=False))

        sweep = self._session.update(change).sweep
        if sweep is not None and sweep.best is not None:
            count, runs = len(sweep.points), len(sweep.request.combinations())
            self._tasks.notices.info(
                "Sweep ended", f"{count} of {runs} runs; the best scored {sweep.best.score:.1f}."
            )


class _Stages:
    """Avatar and anchors for settings, made anew only where these ask for it."""

    def __init__(self, state: SessionState) -> None:
        self._state = state

    @property
    def anchors(self) -> AnchorStage:
        """Those that were prepared last."""
        assert self._state.anchors is not None
        return self._state.anchors

    def prepare(self, config: RefineConfig, control: JobControl) -> Iterator[None]:
        """Do what these settings need that is not there."""
        state = self._state
        assert state.footage is not None
        avatar: AvatarStage | None = state.avatar
        if avatar is None or not is_drafted_with(avatar, config):
            avatar = state.footage.build_avatar(config, control.report)
            self._state = state = replace(state, avatar=avatar, anchors=None)
            yield
        if not is_registered_with(state, config):
            avatar, anchors = avatar.register(
                config, state.includes, state.excludes, control.report
            )
            self._state = replace(state, avatar=avatar, anchors=anchors)
            yield


def spread_frames(motion: Motion, scope: Scope, count: int) -> tuple[int, ...]:
    """Choose frames evenly among those that may change.

    Raises:
        WorkbenchError: there are none.
    """
    rows = scope.rows(motion)
    if not rows:
        raise WorkbenchError("Nothing may change: every frame is locked or out of the range.")
    places = np.unique(np.linspace(0, len(rows) - 1, min(count, len(rows))).round().astype(int))
    return tuple(int(motion.frame_index[rows[place]]) for place in places)


def only_frames(motion: Motion, scope: Scope, frames: tuple[int, ...]) -> Scope:
    """Lock every other frame."""
    others = frozenset(motion.frame_index.tolist()) - set(frames)
    return replace(scope, locked_frames=scope.locked_frames | others)


def run_score(footage: Footage, verdicts: FrameVerdicts, frames: tuple[int, ...]) -> float:
    """Say how bad the poses of some frames are: against the truth, else against the masks."""
    if footage.truth is None:
        return 100.0 * (1.0 - verdicts.iou_after)
    distances = joint_distances_mm(footage, verdicts.motion, footage.truth)
    chosen = np.isin(distances["frames"], frames)
    return float(distances["values"][chosen].mean()) if chosen.any() else float("nan")


def _start(state: SessionState) -> Motion | None:
    """Begin where the next run would."""
    if state.corrections.motion is not None:
        return state.guarded
    return state.corrections.start
