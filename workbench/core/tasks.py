"""The window's verbs: each queues a job or changes the state, and returns at once.

Nothing here knows viser; nothing here computes on the calling thread.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from neuhmr.clip.open_request import OpenRequest
from neuhmr.refine.settings import with_values
from neuhmr.setting import Value
from workbench.core.notices import Notices
from workbench.core.playback import Playback
from workbench.core.run_states import settled
from workbench.core.session import ON_THE_MOVE, JobStatus, Session, SessionState
from workbench.core.session_keeper import SessionKeeper
from workbench.core.stages import Stages
from workbench.core.timeline import loop_of
from workbench.core.worker import Job, JobControl, Worker
from workbench.engine.exchange import ExportRequest
from workbench.engine.interface import Engine
from workbench.errors import WorkbenchError

_MAX_LISTED_EXPORTS = 20
_AVATAR_DONE = ("The avatar is ready", "Its rendering is on the tab Avatar. Next: Register.")
_REGISTER_DONE = ("The joints are registered", "Next: Step or Run on the Refine tab.")

_STARTED_OVER = ("Back at the first poses", "Undo (Ctrl+Z) takes that back; versions are kept.")


class Tasks:
    """What the user can ask for. Safe to call from any thread."""

    def __init__(
        self,
        session: Session,
        engine: Engine,
        notices: Notices,
        playback: Playback,
        keeper: SessionKeeper,
    ) -> None:
        self.session = session
        self.engine = engine
        self.notices = notices
        self.playback = playback
        self.stages = Stages(session, engine, notices, playback, keeper)
        self.worker = Worker(self._on_status, notices.error)

    def open(self, request: OpenRequest) -> None:
        """Open a clip; one without poses is initialized at once."""
        self.pause()
        self.submit("Opening the clip", lambda control: self.stages.open(request, control))

    def build_avatar(self) -> None:
        """Make the person renderable."""
        self.pause()
        self.submit("Building the avatar", self.stages.build_avatar, _AVATAR_DONE)

    def register(self) -> None:
        """Choose anchors and describe the joints, with the user's includes and excludes."""
        self.pause()

        def work(control: JobControl) -> Iterator[None]:
            yield from self.stages.register(control)
            yield from self.stages.prepare(control)

        self.submit("Registering the joints", work, _REGISTER_DONE)

    def choose_anchor(self, frame: int, is_wanted: bool | None) -> None:
        """Force a frame in (True) or out (False) of the anchors, or leave it free (None)."""

        def change(state: SessionState) -> SessionState:
            includes, excludes = state.includes - {frame}, state.excludes - {frame}
            if is_wanted is True:
                includes |= {frame}
            elif is_wanted is False:
                excludes |= {frame}
            return replace(state, includes=includes, excludes=excludes)

        self.session.update(change)

    def step(self, count: int = 1) -> None:
        """Take a few optimization steps; missing stages are done first."""
        state = self.session.state
        if state.phase == "finished":
            self.notices.info("Already finished", "Press Reset to start again from the beginning.")
        elif state.phase not in ON_THE_MOVE:
            self._run_steps("Step", count)

    def run(self) -> None:
        """Optimize until done or paused; missing stages are done first."""
        state = self.session.state
        if state.phase == "finished":
            self.notices.info("Already finished", "Press Reset to start again from the beginning.")
        elif state.phase not in ON_THE_MOVE:
            self._run_steps("Refining", None)

    def pause(self) -> None:
        """Stop after the step in hand and keep everything."""

        def change(state: SessionState) -> SessionState:
            return replace(state, phase="pausing") if state.phase == "running" else state

        self.session.update(change)

    def reset(self) -> None:
        """Go back to the initial poses; avatar and anchors are kept."""
        self.pause()
        self.submit("Going back to the initial poses", self._reset)

    def start_over(self) -> None:
        """Go back to the first poses; undo brings the present ones back, and versions stay."""
        if self.session.state.refined is None:
            self.notices.info("These are the first poses", "There is nothing to go back from.")
            return
        self.pause()
        self.submit("Going back to the first poses", self._reset, _STARTED_OVER)

    def cancel(self) -> None:
        """Stop whatever is under way; what was reached before is kept."""
        self.worker.cancel()

    def judge(self) -> None:
        """Find the frames whose refined pose looks worse than the initial one."""
        self.pause()
        self.submit("Judging the frames", self.stages.judge)

    def export(self, request: ExportRequest, is_guarded: bool = True) -> None:
        """Write the best poses so far.

        Args:
            request: what and where.
            is_guarded: write the initial pose where the refined one looks worse.

        Raises:
            WorkbenchError: there are none.
        """
        footage, best = self.session.state.footage, self.session.state.best
        if footage is None or best is None:
            raise WorkbenchError("There are no poses to export yet; open a clip with a person.")

        def work(control: JobControl) -> Iterator[None]:
            motion = best
            if is_guarded:
                yield from self.stages.judge(control)
                motion = self.session.state.guarded or best
            remarks = footage.export(motion, request, control.report)
            written = str(request.path)
            self.session.update(
                lambda state: replace(
                    state,
                    exported=(written, *state.exported)[:_MAX_LISTED_EXPORTS],
                    export_remarks=remarks,
                )
            )
            self.notices.success("Exported", written)
            yield

        self.submit(f"Writing {request.path.name}", work)

    def seek(self, frame: int) -> None:
        """Show a frame; it is clamped to the clip."""
        self.session.set_view(frame=self.playback.seek(frame, time.monotonic()))

    def toggle_playing(self) -> None:
        """Play or pause the clip."""
        now = time.monotonic()
        self.playback.loop(loop_of(self.session.state), now)
        if self.playback.is_playing:
            self.playback.pause(now)
        else:
            self.playback.play(now)
        self.session.set_view(is_playing=self.playback.is_playing, frame=self.playback.frame(now))

    def change_setting(self, name: str, value: Value) -> None:
        """Change one setting; the next step, or the next run of its stage, uses it.

        Raises:
            NeuhmrError: the setting cannot have that value.
        """

        def change(state: SessionState) -> SessionState:
            if state.config is None:
                return state
            return replace(state, config=with_values(state.config, {name: value}))

        self.session.update(change)

    def reset_settings(self) -> None:
        """Put all settings back to where they started."""
        self.session.set(config=self.engine.default_config())

    def change_scope(self, **changes: object) -> None:
        """Say anew what refinement may change.

        Args:
            changes: fields of `Scope`.

        Raises:
            WorkbenchError: something was refined already, or is about to be, under another scope.
        """

        def change(state: SessionState) -> SessionState:
            if not state.may_change_scope:
                raise WorkbenchError("Something was refined already; press Reset first.")
            return replace(state, scope=replace(state.scope, **changes))  # type: ignore[arg-type]

        self.session.update(change)

    def submit(
        self,
        label: str,
        work: Callable[[JobControl], Iterator[None]],
        done: tuple[str, str] | None = None,
        on_end: Callable[[], None] | None = None,
    ) -> None:
        """Queue a job and tell the user how it ended.

        Args:
            label: what is being done.
            work: the job.
            done: title and text of the notice of success; none if None.
            on_end: called however the job ends, instead of any notice but that of an error.

        Raises:
            WorkbenchError: too much is waiting already.
        """

        def say_done() -> None:
            if done is not None:
                self.notices.success(*done)

        def say_cancelled() -> None:
            self.notices.info("Cancelled", f"{label} was stopped; what you had is kept.")

        job = Job(
            label=label,
            work=work,
            on_done=on_end or say_done,
            on_cancelled=on_end or say_cancelled,
            on_failed=lambda _error: on_end() if on_end else None,
        )
        if not self.worker.submit(job):
            raise WorkbenchError("Too much is waiting already; let it finish or press Cancel.")

    def stop(self) -> None:
        """Finish the step in hand, save it, and end the compute thread."""
        self.worker.stop()
        self.stages.close()

    def _reset(self, _control: JobControl) -> Iterator[None]:
        self.stages.reset()
        yield

    def _run_steps(self, label: str, count: int | None) -> None:
        has_begun = False

        def work(control: JobControl) -> Iterator[None]:
            nonlocal has_begun
            if self.session.state.phase == "pausing":
                return  # While it waited.
            has_begun = True
            self.session.set(phase="running")  # A clip that was opened meanwhile has begun anew.
            yield from self.stages.prepare(control)
            taken = 0
            while self.session.state.phase == "running" and (count is None or taken < count):
                report = self.stages.take_step(control)
                taken += 1
                self._on_status(JobStatus(label=label, done=report.step, total=report.total_steps))
                yield
                if report.is_finished:
                    yield from self.stages.judge(control)
                    break

        def end() -> None:
            if has_begun:
                self.stages.settle()
            else:  # Perhaps on the thread of the page, and with nothing to save.
                self.session.update(settled)

        # Said now, not when its turn comes: a second press must not queue a second run, which
        # would begin when the first is paused.
        before = self.session.state.phase
        self.session.set(phase="running")
        try:
            self.submit(label, work, on_end=end)
        except WorkbenchError:
            self.session.set(phase=before)
            raise

    def _on_status(self, status: JobStatus | None) -> None:
        self.session.update(lambda state: replace(state, job=status))
