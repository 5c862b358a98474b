"""The bottom of the page: one strip per frame, the transport, and where the clip stands."""

import time
from collections.abc import Callable

from workbench.core.page_link import MAX_FRAMES, PageLink
from workbench.core.playback import SPEEDS
from workbench.core.session import SessionState
from workbench.core.tasks import Tasks
from workbench.core.timeline import strip_content
from workbench.core.view_state import SHOWN_CHOICES
from workbench.panels.bad_frames import go_to_bad_frame
from workbench.panels.view_panel import flip
from workbench.server.user_event import UserEvent

STRIP, HEAD = "strip", "head"


class TimelinePanel:
    """Seek, scrub, play, and the range that refinement keeps to."""

    def __init__(self, link: PageLink, tasks: Tasks) -> None:
        self._link = link
        self._tasks = tasks
        self._made_of: tuple[object, ...] = ()
        link.open_channels(STRIP, HEAD)
        link.add_number("seek", MAX_FRAMES, tasks.seek)
        link.add_pair("range", MAX_FRAMES, self._choose_range)

    def presses(self) -> dict[str, Callable[[UserEvent], None]]:
        """Say what the page may press here."""
        tasks, session = self._tasks, self._tasks.session

        def move(frames: int) -> Callable[[UserEvent], None]:
            return lambda _event: tasks.seek(session.state.view.frame + frames)

        def bad(which: str) -> Callable[[UserEvent], None]:
            return lambda _event: go_to_bad_frame(tasks, which)

        def show(shown: str) -> Callable[[UserEvent], None]:
            return lambda _event: session.set_view(shown=shown) and None

        return {
            "first": lambda _event: tasks.seek(0),
            "back": move(-1),
            "play": lambda _event: tasks.toggle_playing(),
            "on": move(1),
            "last": lambda _event: tasks.seek(session.state.num_frames - 1),
            "previous bad": bad("previous"),
            "worst": bad("worst"),
            "next bad": bad("next"),
            "slower": lambda _event: self._change_speed(-1),
            "faster": lambda _event: self._change_speed(1),
            "loop": lambda _event: flip(tasks, "loops_range"),
            "whole clip": lambda _event: tasks.change_scope(first=None, last=None),
            **{f"show {shown}": show(shown) for shown in SHOWN_CHOICES},
        }

    def _choose_range(self, _event: UserEvent, first: float, last: float) -> None:
        end = max(self._tasks.session.state.num_frames - 1, 0)
        low, high = sorted((min(round(first), end), min(round(last), end)))
        self._tasks.change_scope(first=low, last=high)

    def _change_speed(self, steps: int) -> None:
        playback = self._tasks.playback
        index = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - playback.speed)) + steps
        playback.set_speed(SPEEDS[min(max(index, 0), len(SPEEDS) - 1)], time.monotonic())

    def show_head(self, state: SessionState) -> None:
        """Show where the clip stands; cheap, called for every picture."""
        footage = state.footage
        self._link.show(
            HEAD,
            {
                "frame": state.view.frame,
                "frames": state.num_frames,
                "fps": 0.0 if footage is None else round(footage.video.fps, 4),
                "playing": state.view.is_playing,
                "loops": state.view.loops_range,
                "speed": self._tasks.playback.speed,
                "shown": state.view.shown if state.refined is not None else "initial",
                "refined": state.refined is not None,
            },
        )

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        made_of = (
            state.footage, state.scores, state.anchors, state.judged, state.scope,
            state.corrections,
        )  # fmt: skip
        if made_of != self._made_of:
            self._made_of = made_of
            self._link.show(STRIP, strip_content(state))
