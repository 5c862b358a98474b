"""What the state is after a clip is opened, and as a refinement begins, goes on or ends."""

from dataclasses import replace

from neuhmr.clip.open_request import OpenRequest
from neuhmr.refine.settings import RefineConfig
from workbench.core.corrections import Corrections
from workbench.core.identity import SameObjects
from workbench.core.session import ON_THE_MOVE, LossPoint, SessionState
from workbench.core.view_state import ViewState
from workbench.engine.interface import AvatarStage, Footage
from workbench.engine.optimizer import StepReport

MAX_LOSS_POINTS = 20_000
_RATE_SMOOTHING = 0.8


def is_drafted_with(avatar: AvatarStage | None, config: RefineConfig) -> bool:
    """Tell whether an avatar is there whose poses were drafted under these settings."""
    return avatar is not None and avatar.config.draft == config.draft


def is_registered_with(state: SessionState, config: RefineConfig) -> bool:
    """Tell whether anchors are there that were chosen and registered under these settings."""
    anchors = state.anchors
    if anchors is None or not is_drafted_with(state.avatar, config):
        return False
    is_same_choice = anchors.config.anchors == config.anchors
    return is_same_choice and anchors.config.matching.epsilon == config.matching.epsilon


def is_put_right(state: SessionState) -> bool:
    """Tell whether poses were put right by hand since the last step, or a version taken up."""
    return state.corrections.motion is not None


def begun_around(state: SessionState) -> SessionState:
    """Let a refinement begin at poses that were put right, and hold those frames if wished."""
    corrections = state.corrections
    return replace(
        state,
        corrections=replace(
            corrections,
            motion=None,
            said="Begin at the poses that were put right",
            start=state.guarded,
            held=corrections.frames if state.fix.holds else frozenset(),
        ),
        report=None,
        restored=None,
        verdicts=None,
        losses=(),
        joints=None,
        steps_per_second=0.0,
    )


def beginning(state: SessionState) -> SameObjects | None:
    """Say what an optimizer is made for: equal for states that it can go on from."""
    config = state.config if state.restored is None else state.restored.config
    scope = state.corrections.run_scope(state.scope)
    return SameObjects(str(config), str(scope.plain()), state.restored, state.corrections.start)


def without_refinement(state: SessionState) -> SessionState:
    """Drop the refined poses and all that was seen on the way."""
    return replace(
        state,
        report=None,
        restored=None,
        corrections=Corrections(),
        version=None,
        verdicts=None,
        losses=(),
        joints=None,
        steps_per_second=0.0,
        phase=state.phase if state.phase in ON_THE_MOVE else "idle",
    )


def with_other_clip(
    state: SessionState, footage: Footage, request: OpenRequest, config: RefineConfig
) -> SessionState:
    """Show a clip and nothing of an earlier one; `config` counts where nothing was set before."""
    return SessionState(
        device=state.device,
        request=request,
        footage=footage,
        config=state.config or config,
        fix=state.fix,
        presets=state.presets,
        job=state.job,
        exported=state.exported,
        export_remarks=state.export_remarks,
        view=ViewState(),
    )


def settled(state: SessionState) -> SessionState:
    """Name the phase in which a run comes to rest."""
    if state.phase not in ON_THE_MOVE:
        return state
    if state.report is None:
        return replace(state, phase="idle" if state.restored is None else "paused")
    return replace(state, phase="finished" if state.report.is_finished else "paused")


def with_report(state: SessionState, report: StepReport, rate: float) -> SessionState:
    """Take over a step; `rate` is how many of its kind would be taken in a second."""
    point = LossPoint(step=report.step, terms=tuple(report.terms.items()))
    smoothed = state.steps_per_second * _RATE_SMOOTHING + rate * (1.0 - _RATE_SMOOTHING)
    return replace(
        state,
        report=report,
        losses=(*state.losses[-MAX_LOSS_POINTS + 1 :], point),
        steps_per_second=rate if state.steps_per_second == 0.0 else smoothed,
    )
