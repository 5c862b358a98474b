"""The way from a clip to refined poses, stage by stage; runs on the compute thread only."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from neuhmr.clip.open_request import OpenRequest
from neuhmr.errors import MisplacedPosesError, NonFiniteError
from neuhmr.refine.settings import RefineConfig
from workbench.core.notices import Notices
from workbench.core.playback import Playback
from workbench.core.restored_notice import offer_start
from workbench.core.run_states import (
    beginning,
    begun_around,
    is_drafted_with,
    is_put_right,
    is_registered_with,
    settled,
    with_other_clip,
    with_report,
    without_refinement,
)
from workbench.core.session import Misplaced, Restored, Session, SessionState
from workbench.core.session_keeper import SaveClock, SessionKeeper
from workbench.core.worker import JobControl
from workbench.engine.depth_tests import DepthWindow
from workbench.engine.interface import Engine, Footage
from workbench.engine.optimizer import JointReport, Optimizer, StepReport
from workbench.errors import WorkbenchError


class Stages:
    """Does a stage and those before it that are missing; owns the optimizer."""

    def __init__(
        self,
        session: Session,
        engine: Engine,
        notices: Notices,
        playback: Playback,
        keeper: SessionKeeper,
    ) -> None:
        self._session = session
        self._engine = engine
        self._notices = notices
        self._playback = playback
        self._keeper = keeper
        self._save_clock = SaveClock()
        self._optimizer: Optimizer | None = None
        self._begun: object = None
        """Whatever the optimizer was made for."""
        self._reached: StepReport | None = None
        """The optimizer's last step; None before its first."""
        self._saved: Restored | None = None
        """What an earlier launch has left on disk, until it is overwritten."""
        self.on_settled: Callable[[SessionState], None] = lambda state: None
        """Told when a run has come to rest, or was dropped."""
        self.on_opened: Callable[[], None] = lambda: None
        """Told when a clip is open and has poses."""

    def open(self, request: OpenRequest, control: JobControl) -> Iterator[None]:
        """Open a clip; find first poses where it has none."""
        try:
            footage = self._engine.open(request, control.report)
        except MisplacedPosesError as error:
            self._session.set(
                misplaced=Misplaced(
                    request=request, message=error.explanation, readings=error.readings
                )
            )
            raise
        if footage.person:
            request = replace(request, person=footage.person)
        self._start_over(footage, request)
        for remark in footage.remarks:
            self._notices.info("About the poses", remark[:1].upper() + remark[1:] + ".")
        yield
        if footage.initial is not None:
            self._restore()
            self.on_opened()
            offer_start(self._session.state, self._keeper.saved_ago(footage), self._notices)
            return
        self._notices.info(
            "No poses beside the clip", "First poses and masks are being found; this takes a while."
        )
        footage = footage.initialise(control.report)
        self._start_over(footage, request)
        self.on_opened()
        for remark in footage.remarks:
            self._notices.warn("About the first poses", remark[:1].upper() + remark[1:] + ".")
        self._notices.success("First poses found", "They were saved beside the clip.")

    @property
    def run(self) -> object:
        """Something that every run has for itself."""
        return self._begun

    def build_avatar(self, control: JobControl) -> Iterator[None]:
        """Make the person renderable; what was built on an earlier avatar is dropped."""
        yield from self._build_with(self._require_config(), control)

    def _build_with(self, config: RefineConfig, control: JobControl) -> Iterator[None]:
        avatar = self._require_footage().build_avatar(config, control.report)
        self._drop_optimizer()
        self._session.set(avatar=avatar, anchors=None, preview=None)
        yield

    def register(self, control: JobControl) -> Iterator[None]:
        """Choose anchors and describe the joints; refined poses so far are dropped."""
        yield from self._register_with(self._require_config(), control)

    def _register_with(self, config: RefineConfig, control: JobControl) -> Iterator[None]:
        if not is_drafted_with(self._session.state.avatar, config):
            yield from self._build_with(config, control)
        state = self._session.state
        assert state.avatar is not None
        avatar, anchors = state.avatar.register(
            config, state.includes, state.excludes, control.report
        )
        self._drop_optimizer()
        self._session.set(avatar=avatar, anchors=anchors)
        yield

    def prepare(self, control: JobControl) -> Iterator[None]:
        """Get the optimizer ready; stages that other settings were made with are done anew.

        An optimizer that has moved the poses goes on as it began, whatever is set by now.
        """
        state, footage = self._session.state, self._require_footage()
        if self._goes_on(state):
            return
        if self._is_elsewhere(state):
            self._session.update(begun_around)
        restored = self._session.state.restored
        config = self._require_config() if restored is None else restored.config
        if not is_registered_with(self._session.state, config):
            yield from self._register_with(config, control)
        state = self._session.state
        assert state.anchors is not None
        self._drop_optimizer()
        scope, start = state.corrections.run_scope(state.scope), state.corrections.start
        optimizer = state.anchors.make_optimizer(config, scope, start)
        if state.restored is not None and not self._keeper.load_optimizer(footage, optimizer):
            self.forget_refinement()
            self._session.set(corrections=state.corrections)
            yield from self.prepare(control)  # Afresh, so with what is set now.
            return
        self._optimizer, self._begun, self._reached = optimizer, beginning(state), None
        yield

    def _goes_on(self, state: SessionState) -> bool:
        """Tell whether the optimizer stands where the state does, and not where it once did."""
        if self._optimizer is None or state.corrections.motion is not None:
            return False
        if state.report is not None:
            return state.report is self._reached
        return self._reached is None and self._begun == beginning(state)

    def _is_elsewhere(self, state: SessionState) -> bool:
        """Tell whether poses are shown that no optimizer, in memory or on disk, stands at."""
        if is_put_right(state):
            return True
        if state.report is not None:
            return self._optimizer is None or state.report is not self._reached
        return state.restored is not None and state.restored is not self._saved

    def take_step(self, control: JobControl) -> StepReport:
        """Move the poses once, unless the user cancels before that is done.

        Raises:
            NonFiniteError: a loss is not a number. Nothing has changed then, so that the user can
                go on with other settings.
        """
        config = self._require_config()
        assert self._optimizer is not None
        started = time.perf_counter()
        try:
            report = self._optimizer.step(config, control.check)
        except NonFiniteError:
            self._session.set(phase="failed")
            raise
        self._reached, self._saved = report, None
        seconds = time.perf_counter() - started
        rate = 1.0 / max(seconds, 1e-6)
        state = self._session.update(lambda state: with_report(state, report, rate))
        if self._save_clock.is_due(seconds):
            begun = time.monotonic()
            self._keeper.save(state, self._optimizer)
            self._save_clock.saved(begun)
        return report

    def judge(self, control: JobControl) -> Iterator[None]:
        """Compare every frame before and after, unless that is known already."""
        state = self._session.state
        if state.refined is None or state.judged is not None or self._is_elsewhere(state):
            return
        yield from self.prepare(control)
        if self._optimizer is not None and self._session.state.refined is not None:
            verdicts = self._optimizer.judge(self._require_config(), control.report)
            self._session.set(verdicts=verdicts)
        yield

    def settle(self) -> None:
        """Leave a run: finished, paused, or as if it had never begun."""
        state = self._session.update(settled)
        if self._optimizer is not None and state.report is not None:
            self._keeper.save(state, self._optimizer)
        self.on_settled(state)
        if state.phase == "finished" and state.report is not None:
            angle = state.report.residual_angle_deg
            self._notices.success(
                "Refinement finished",
                f"{state.report.step} steps; joints were turned by {angle:.1f} degrees on average. "
                "Judge it with Initial, Refined and Both, then export.",
            )

    def reset(self) -> None:
        """Go back to the initial poses, also for the next launch."""
        self.forget_refinement()
        self._saved = None
        footage = self._session.state.footage
        if footage is not None:
            self._keeper.forget(footage)
        self.on_settled(self._session.state)

    def forget_refinement(self) -> None:
        """Drop the refined poses and all that was seen on the way."""
        self._optimizer = None
        self._session.update(without_refinement)

    def may_save(self, folder: Path) -> bool:
        """Tell whether a session folder that exists is this workbench's to write."""
        return self._keeper.holds(folder)

    def close(self) -> None:
        """Leave the session to another workbench."""
        self._keeper.close()

    def inspect(self, frame: int) -> JointReport | None:
        """See how joint matching sees a frame."""
        config = self._session.state.config
        if self._optimizer is None or config is None:
            return None
        return self._optimizer.inspect(frame, config)

    def depth_around(self, frame: int, joint: int) -> DepthWindow | None:
        """Render depths around a joint of the refined poses."""
        return None if self._optimizer is None else self._optimizer.depth_around(frame, joint)

    def _drop_optimizer(self) -> None:
        """Drop what was refined in this launch; poses of an earlier one stay until they go on."""
        self._optimizer = None
        state = self._session.state
        if is_put_right(state):
            self._session.update(begun_around)
            return
        is_from_before = state.restored is not None or state.corrections.start is not None
        if state.report is not None or not is_from_before:
            self.forget_refinement()

    def _restore(self) -> None:
        state = self._keeper.restore(self._session.state)
        self._saved = state.restored
        self._playback.seek(state.view.frame, time.monotonic())
        self._session.set(
            restored=state.restored,
            config=state.config,
            scope=state.scope,
            includes=state.includes,
            excludes=state.excludes,
            losses=state.losses,
            phase=state.phase,
            view=state.view,
        )

    def _start_over(self, footage: Footage, request: OpenRequest) -> None:
        """Show a clip and nothing of an earlier one."""
        self._optimizer = None
        self._playback.load(footage.video.fps, footage.video.num_frames)
        config = self._engine.default_config()
        self._session.update(lambda state: with_other_clip(state, footage, request, config))

    def _require_footage(self) -> Footage:
        footage = self._session.state.footage
        if footage is None or footage.initial is None:
            raise WorkbenchError("There is no clip with poses yet; open one with a person in it.")
        return footage

    def _require_config(self) -> RefineConfig:
        self._require_footage()
        config = self._session.state.config
        assert config is not None, "an open clip has settings"
        return config
