"""The top of the right dock: where things stand, what to do next, progress and Cancel."""

import time

import viser

from workbench.core import markup
from workbench.core.notices import Notices
from workbench.core.session import JobStatus, SessionState
from workbench.core.tasks import Tasks

_PHASES: dict[str, tuple[str, str]] = {
    "idle": ("ready", markup.FAINT),
    "running": ("running", markup.GOOD),
    "pausing": ("pausing", markup.ANCHOR),
    "paused": ("paused", markup.ANCHOR),
    "finished": ("finished", markup.REFINED),
    "failed": ("stopped by an error", markup.BAD),
}


_DOUBLE_CLICK_S = 0.6
"""Cancel stands where Next was: a second click so soon was not meant for it."""


class StatusPanel:
    """Always in sight, and always of the same height, so that nothing below it jumps."""

    def __init__(self, gui: viser.GuiApi, tasks: Tasks, notices: Notices) -> None:
        self._tasks = tasks
        self._busy_since: float | None = None
        self._line = gui.add_html("")
        self._card = gui.add_html("")
        self._bar = gui.add_progress_bar(0.0)
        self._go = gui.add_button(
            "Next",
            icon=viser.Icon.ARROW_RIGHT,
            color="blue",
            disabled=True,
            hint="Do the next step of the way: avatar, joints, refinement.",
        )
        self._cancel = gui.add_button(
            "Cancel",
            icon=viser.Icon.PLAYER_STOP,
            color="red",
            hint="Stop what is under way. What was reached before is kept. (Esc)",
            visible=False,
        )
        self._go.on_click(notices.guard(lambda _event: self._do_next()))
        self._cancel.on_click(notices.guard(lambda _event: self._cancel_job()))

    def _do_next(self) -> None:
        match next_stage(self._tasks.session.state):
            case "Build avatar":
                self._tasks.build_avatar()
            case "Register":
                self._tasks.register()
            case "Run":
                self._tasks.run()

    def _cancel_job(self) -> None:
        since = self._busy_since
        if since is None or time.monotonic() - since >= _DOUBLE_CLICK_S:
            self._tasks.cancel()

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        job = state.job
        if job is None:
            self._busy_since = None
        elif self._busy_since is None:
            self._busy_since = time.monotonic()
        self._line.content = status_line(state)
        self._card.content = markup.next_step(*(next_advice(state) if job is None else doing(job)))
        self._bar.value = 0.0 if job is None else round(job.percent, 1)
        self._bar.animated = job is not None
        stage = next_stage(state)
        self._go.visible = job is None
        self._go.disabled = stage is None
        self._go.label = f"Next: {stage}" if stage else "Next"
        self._cancel.visible = job is not None
        self._cancel.disabled = job is not None and job.is_cancelling


def doing(job: JobStatus) -> tuple[str, str]:
    """Say what is under way: a title and one sentence."""
    if job.is_cancelling:
        return job.label, "Stopping; what was reached before is kept."
    if job.total:
        return job.label, f"{job.done} of {job.total}. You can look around meanwhile."
    return job.label, "You can look around meanwhile."


def status_line(state: SessionState) -> str:
    """State, step, steps a second, frame, device."""
    word, color = _PHASES[state.phase]
    if state.footage is None:
        word, color = ("no clip", markup.FAINT)
    elif state.job is not None and state.phase == "idle":
        word, color = ("working", markup.GOOD)
    parts = []
    if state.report is not None:
        parts.append(f"step {state.report.step} of {state.report.total_steps}")
        if state.phase == "running":
            parts.append(f"{state.steps_per_second:.1f} steps/s")
    elif state.restored is not None:
        parts.append(f"step {state.restored.step} of {state.restored.total_steps}, restored")
    if state.footage is not None:
        parts.append(f"frame {state.view.frame} of {state.num_frames - 1}")
    parts.append(state.device)
    text = markup.escape("  ·  ".join(parts))
    return markup.block(
        f'{markup.chip(word, color)}<span style="margin-left:10px;'
        f'font-variant-numeric:tabular-nums">{text}</span>',
        "padding-top:6px;padding-bottom:4px",
    )


def next_stage(state: SessionState) -> str | None:
    """Name the step that comes next on the way to refined poses; None where there is none."""
    if state.initial is None or state.phase not in ("idle", "paused"):
        return None
    if state.avatar is None:
        return "Build avatar"
    return "Register" if state.anchors is None else "Run"


def next_advice(state: SessionState) -> tuple[str, str]:
    """Say what to do next: a title and one sentence."""
    if state.footage is None:
        return (
            "No clip is open",
            "Start with: neuhmr-workbench CLIP, or choose one on the Clip tab.",
        )
    if state.initial is None:
        return "First poses are being found", "The clip came without any; this is done only once."
    if state.restored is not None and state.report is None and state.phase == "paused":
        return "Restored", "The poses of last time. Run goes on from there; Reset drops them."
    if state.avatar is None:
        return (
            "Press Build avatar to begin",
            "Check first that the gray body lies over the person in the video.",
        )
    if state.anchors is None:
        return (
            "Press Register next",
            "It chooses anchor frames and learns what each joint looks like.",
        )
    if state.report is None:
        return "Press Run, or Step for one step", "The blue body then moves away from the gray one."
    if state.phase == "running":
        return "Refining", "Look around, drag sliders, or press Pause; nothing is lost."
    if state.phase == "finished":
        return "Judge and export", "Compare Initial and Refined in the worst frames, then export."
    return "Paused", "Run goes on from here; Reset goes back to the initial poses."
