"""What the bars across the page say: where things stand, what to do next, how long it takes."""

import time
from collections.abc import Callable

from workbench.core.page_link import PageLink
from workbench.core.session import JobStatus, SessionState
from workbench.core.tasks import Tasks
from workbench.server.user_event import UserEvent

CHANNEL = "status"
_PHASES: dict[str, tuple[str, str]] = {
    "idle": ("ready", "calm"),
    "running": ("running", "good"),
    "pausing": ("pausing", "wait"),
    "paused": ("paused", "wait"),
    "finished": ("finished", "done"),
    "failed": ("stopped by an error", "bad"),
}
_DOUBLE_CLICK_S = 0.6
"""Cancel stands where Next was: a second click so soon was not meant for it."""
_LEAST_SHARE = 0.03
"""Before so much is done, nobody can say how long the rest takes."""


class StatusPanel:
    """The card in the top bar, and the line at the bottom."""

    def __init__(self, link: PageLink, tasks: Tasks, count_viewers: Callable[[], int]) -> None:
        self._link = link
        self._tasks = tasks
        self._count_viewers = count_viewers
        self._clock = JobClock()
        link.open_channels(CHANNEL)

    def presses(self) -> dict[str, Callable[[UserEvent], None]]:
        """Say what the page may press here."""
        return {
            "next": lambda _event: self._do_next(),
            "cancel": lambda _event: self._cancel_job(),
            "run": lambda _event: self._tasks.run(),
            "start over": lambda _event: self._tasks.start_over(),
            "pause": lambda _event: self._tasks.pause(),
        }

    def _do_next(self) -> None:
        match next_stage(self._tasks.session.state):
            case "Build avatar":
                self._tasks.build_avatar()
            case "Register":
                self._tasks.register()
            case "Run":
                self._tasks.run()

    def _cancel_job(self) -> None:
        if self._clock.elapsed_s(time.monotonic()) >= _DOUBLE_CLICK_S:
            self._tasks.cancel()

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        now = time.monotonic()
        self._clock.look(state.job, now)
        word, mood = status_word(state)
        title, text = next_advice(state)
        self._link.show(
            CHANNEL,
            {
                "clip": state.footage.path.name if state.footage is not None else "",
                "word": word,
                "mood": mood,
                "device": state.device,
                "step": step_words(state),
                "rate": rate_words(state),
                "viewers": self._count_viewers(),
                "title": title,
                "text": text,
                "next": next_stage(state) or "",
                "running": state.phase == "running",
                "job": None if state.job is None else self._job(state.job, now),
                "done": stages_done(state),
            },
        )

    def _job(self, job: JobStatus, now: float) -> dict[str, object]:
        left = self._clock.remaining_s(job, now)
        return {
            "label": job.label,
            "count": f"{job.done} of {job.total}" if job.total else "",
            "percent": round(job.percent, 1),
            "left": "" if left is None else f"{duration_words(left)} left",
            "cancelling": job.is_cancelling,
        }


class JobClock:
    """Tells how long the job in hand has been going, and how long it will."""

    def __init__(self) -> None:
        self._label: str | None = None
        self._since: float | None = None
        self._label_since = 0.0
        self._done_at_first = 0

    def look(self, job: JobStatus | None, now: float) -> None:
        """Take note of what is under way; times are a steady clock's (s)."""
        if job is None:
            self._since = self._label = None
            return
        if self._since is None:
            self._since = now
        if job.label != self._label:
            self._label, self._label_since, self._done_at_first = job.label, now, job.done

    def elapsed_s(self, now: float) -> float:
        """Measure since something is under way; 0 where nothing is, or was not seen yet."""
        return 0.0 if self._since is None else now - self._since

    def remaining_s(self, job: JobStatus, now: float) -> float | None:
        """Estimate what is left of the present part; None where that cannot be said."""
        done = job.done - self._done_at_first
        if job.total <= 0 or done < max(_LEAST_SHARE * job.total, 1.0):
            return None
        return (now - self._label_since) / done * max(job.total - job.done, 0)


def duration_words(seconds: float) -> str:
    """Say a length of time roughly, so that it does not flicker."""
    if seconds < 10.0:
        return f"{max(round(seconds), 1)} s"
    if seconds < 90.0:
        return f"{5 * round(seconds / 5.0)} s"
    return f"{round(seconds / 60.0)} min"


def status_word(state: SessionState) -> tuple[str, str]:
    """Name the state in a word or two, and its mood, which colors it."""
    if state.footage is None:
        return ("opening", "good") if state.job is not None else ("no clip", "calm")
    if state.job is not None and state.phase == "idle":
        return "working", "good"
    return _PHASES[state.phase]


def step_words(state: SessionState) -> str:
    """Say how far the optimizer has come; nothing before its first step."""
    if state.report is not None:
        return f"step {state.report.step} of {state.report.total_steps}"
    if state.restored is not None:
        return f"step {state.restored.step} of {state.restored.total_steps}, restored"
    return ""


def rate_words(state: SessionState) -> str:
    """Say how fast the optimizer runs; nothing while it does not."""
    return f"{state.steps_per_second:.1f} it/s" if state.phase == "running" else ""


def stages_done(state: SessionState) -> list[str]:
    """List the tabs whose stage is done."""
    reached = {
        "Clip": state.initial is not None,
        "Avatar": state.avatar is not None,
        "Anchors": state.anchors is not None,
        "Refine": state.phase == "finished",
        "Export": bool(state.exported),
    }
    return [tab for tab, is_done in reached.items() if is_done]


def next_stage(state: SessionState) -> str | None:
    """Name the step that comes next on the way to refined poses; None where there is none."""
    if state.initial is None or state.phase not in ("idle", "paused"):
        return None
    if state.restored is not None and state.report is None:
        return "Run"  # It does the stages before it anew.
    if state.avatar is None:
        return "Build avatar"
    return "Register" if state.anchors is None else "Run"


def next_advice(state: SessionState) -> tuple[str, str]:
    """Say what to do next: a title and one sentence."""
    if state.footage is None and state.misplaced is not None:
        return "Say how the poses are meant", "They do not lie on the person; see the Clip tab."
    if state.footage is None:
        return (
            "No clip is open",
            "Start with: neuhmr-workbench CLIP, or choose one on the Clip tab.",
        )
    if state.initial is None:
        return "First poses are being found", "The clip came without any; this is done only once."
    if state.restored is not None and state.report is None and state.phase == "paused":
        return "Restored", "The poses of last time. Run goes on from there."
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
