"""What is true at this moment: one frozen state, swapped under a lock.

Threads read `Session.state` freely; they change it only by `Session.update`. Widgets show the
state and are never its source.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from neuhmr.body.motion import Motion
from neuhmr.clip.open_request import OpenRequest
from neuhmr.refine.correction.merging import keep_edits
from neuhmr.refine.scope import Scope
from neuhmr.refine.settings import RefineConfig
from workbench.core.comparison import Comparison
from workbench.core.corrections import Corrections, FixOptions
from workbench.core.fix_view import FixView
from workbench.core.history_list import HistoryList
from workbench.core.shown_results import FrameScores, HeatmapLook, KeypointLook, Preview, ViewLook
from workbench.core.stage_results import StageResults
from workbench.core.sweep import Sweep
from workbench.core.version import Version
from workbench.core.view_state import ViewState
from workbench.engine.interface import AnchorStage, AvatarStage, Footage
from workbench.engine.optimizer import FrameVerdicts, JointReport, StepReport

RunPhase = Literal["idle", "running", "pausing", "paused", "finished", "failed"]
ON_THE_MOVE: frozenset[RunPhase] = frozenset({"running", "pausing"})


@dataclass(frozen=True, kw_only=True)
class JobStatus:
    """The long job that is under way."""

    label: str
    done: int = 0
    total: int = 0
    is_cancelling: bool = False

    @property
    def percent(self) -> float:
        """Share that is finished, in [0, 100]."""
        return 100.0 * min(self.done / self.total, 1.0) if self.total > 0 else 0.0


@dataclass(frozen=True, kw_only=True)
class LossPoint:
    """One step's weighted loss terms."""

    step: int
    terms: tuple[tuple[str, float], ...]


@dataclass(frozen=True, kw_only=True)
class Misplaced:
    """Poses that were not opened because they do not lie on the person."""

    request: OpenRequest
    message: str
    readings: tuple[str, ...]
    """Ways to read them, the likely one first, as they are last."""

    def read_as(self, reading: str) -> OpenRequest:
        """Ask for them again, read in one of these ways."""
        return replace(self.request, poses_as=reading)


@dataclass(frozen=True, kw_only=True, eq=False)
class Restored:
    """Refined poses of an earlier launch."""

    motion: Motion
    step: int
    total_steps: int
    config: RefineConfig
    """Settings that the optimizer began with."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SessionState:
    """Everything the window shows."""

    device: str = "cpu"
    request: OpenRequest | None = None
    """What the present clip was opened with."""
    misplaced: Misplaced | None = None
    """What was tried to open last, where that is to be decided."""
    footage: Footage | None = None
    avatar: AvatarStage | None = None
    anchors: AnchorStage | None = None
    includes: frozenset[int] = frozenset()
    """Frames the user wants as anchors."""
    excludes: frozenset[int] = frozenset()
    """Frames the user does not want as anchors."""
    config: RefineConfig | None = None
    """Settings as the widgets show them; None before the first clip."""
    scope: Scope = field(default_factory=Scope)
    """What refinement may change."""
    phase: RunPhase = "idle"
    report: StepReport | None = None
    restored: Restored | None = None
    """Shown until the optimizer takes its next step."""
    verdicts: FrameVerdicts | None = None
    """Of some step; see `judged`."""
    corrections: Corrections = field(default_factory=Corrections)
    """What was put right by hand; locks are in `scope`."""
    fix: FixOptions = field(default_factory=FixOptions)
    history: HistoryList = field(default_factory=HistoryList)
    versions: tuple[Version, ...] = ()
    """Kept ones, oldest first."""
    fix_view: FixView | None = None
    """The selected joint of some frame and pose, as the Fix tab shows it."""
    presets: tuple[str, ...] = ()
    """Names of settings that can be loaded."""
    sweep: Sweep | None = None
    compared: tuple[str, str] | None = None
    """What the user compares; see `comparisons.comparable`."""
    comparison: Comparison | None = None
    version: str | None = None
    """Which kept version the poses are, or were made from."""
    losses: tuple[LossPoint, ...] = ()
    steps_per_second: float = 0.0
    job: JobStatus | None = None
    preview: Preview | None = None
    joints: JointReport | None = None
    keypoints: KeypointLook | None = None
    """Of some frame and pose; see `keypoints_now`."""
    free_view: ViewLook | None = None
    """Of some frame and pose; see `free_view_now`."""
    scores: FrameScores | None = None
    exported: tuple[str, ...] = ()
    """Files written so far, newest first."""
    export_remarks: tuple[str, ...] = ()
    """What to know about the newest of them."""
    view: ViewState = field(default_factory=ViewState)
    stage_results: StageResults = field(default_factory=StageResults)

    @property
    def num_frames(self) -> int:
        """Frames of the open clip; 0 without one."""
        return self.footage.video.num_frames if self.footage else 0

    @property
    def initial(self) -> Motion | None:
        """The estimator's poses."""
        return self.footage.initial if self.footage else None

    @property
    def refined(self) -> Motion | None:
        """The optimizer's poses, or what was put right by hand; None before the first of both."""
        if self.corrections.motion is not None:
            return self.corrections.motion
        if self.report is not None:
            return self.report.motion
        return self.corrections.start if self.restored is None else self.restored.motion

    @property
    def may_change_scope(self) -> bool:
        """Whether nothing was refined yet, or is about to be, under the present scope.

        Whatever was put right since then begins a refinement of its own.
        """
        is_new = self.refined is None or self.corrections.motion is not None
        return is_new and self.phase not in ON_THE_MOVE

    @property
    def judged(self) -> FrameVerdicts | None:
        """The verdicts on the present refined poses; None where they have moved on since."""
        if self.corrections.motion is not None:
            return None
        reached = self.report or self.restored
        if self.verdicts is None or reached is None or reached.step != self.verdicts.step:
            return None
        return self.verdicts

    @property
    def best(self) -> Motion | None:
        """The refined poses, or the initial ones before there are any."""
        return self.refined or self.initial

    @property
    def guarded(self) -> Motion | None:
        """The best poses where the guard may have its say: not on what was put right by hand."""
        if self.judged is not None:
            return self.judged.motion
        edited, reached = self.corrections.motion, self.report or self.restored
        if edited is None or reached is None or self.verdicts is None:
            return self.best
        if reached.step != self.verdicts.step:
            return edited
        return keep_edits(reached.motion, edited, self.verdicts.motion)

    @property
    def rendered_motion(self) -> Motion | None:
        """The poses that renderings show: one of the two where the picture has both."""
        return self.initial if self.view.shown == "initial" else self.best

    @property
    def keypoints_now(self) -> KeypointLook | None:
        """Keypoints of what is shown at present; None where they are yet to be found."""
        look = self.keypoints
        return look if look is not None and self._is_shown(look) else None

    @property
    def free_view_now(self) -> ViewLook | None:
        """The free view of what is shown at present; None where it is yet to be rendered."""
        look = self.free_view
        if look is None or look.viewpoint != self.view.viewpoint:
            return None
        return look if self._is_shown(look) else None

    def _is_shown(self, look: HeatmapLook) -> bool:
        is_same = look.avatar is self.avatar and look.motion is self.rendered_motion
        wanted = (self.view.frame, self.view.keypoint_source)
        return self.view.find_keypoints and is_same and (look.frame, look.source) == wanted


class Session:
    """The only mutable thing: holds the state and tells when it changed."""

    def __init__(self, state: SessionState) -> None:
        self._state = state
        self._changed = threading.Condition()
        self._version = 0
        self.follow: Callable[[SessionState, SessionState], SessionState] = lambda old, new: new
        """Told of every change, the lock held; may add to it."""

    @property
    def state(self) -> SessionState:
        """The present state; a consistent whole, to be read once per use."""
        return self._state

    @property
    def version(self) -> int:
        """Grows with every change."""
        return self._version

    def update(self, change: Callable[[SessionState], SessionState]) -> SessionState:
        """Swap the state for what `change` makes of it; `change` must be quick and pure."""
        with self._changed:
            new_state = change(self._state)
            if new_state is not self._state:
                new_state = self._state = self.follow(self._state, new_state)
                self._version += 1
                self._changed.notify_all()
            return new_state

    def set(self, **changes: object) -> SessionState:
        """Replace fields of the state."""
        return self.update(lambda state: replace(state, **changes))  # type: ignore[arg-type]

    def set_view(self, **changes: object) -> SessionState:
        """Replace fields of the view; the frame is clamped to the clip."""
        return self.update(lambda state: _with_view(state, changes))

    def wait(self, seen_version: int, timeout: float) -> int:
        """Wait until the state is newer than `seen_version`, at most `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._version != seen_version, timeout)
            return self._version


def _with_view(state: SessionState, changes: dict[str, object]) -> SessionState:
    view = replace(state.view, **changes)  # type: ignore[arg-type]
    last = max(state.num_frames - 1, 0)
    view = replace(view, frame=min(max(view.frame, 0), last))
    return state if view == state.view else replace(state, view=view)
