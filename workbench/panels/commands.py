"""Keys and the command palette (Ctrl+K).

viser itself moves its camera with W, A, S, D, Q, E and the arrows, whatever else they are bound
to; those keys are left alone.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import viser

from workbench.core.editing import Editing
from workbench.core.notices import Notices
from workbench.core.page_link import PageLink
from workbench.core.session import ON_THE_MOVE
from workbench.core.tasks import Tasks
from workbench.panels.bad_frames import go_to_bad_frame
from workbench.panels.view_panel import flip, flip_ghosts

REPEAT_GUARD_S = 0.2
"""A held key repeats; switches ignore that."""


@dataclass(frozen=True)
class Command:
    """One entry of the palette."""

    label: str
    hotkey: str | None
    run: Callable[[], None]
    is_switch: bool = False
    """Holding the key must not flip it back and forth."""
    modifier: str | None = None
    """Keys to hold, such as "cmd/ctrl"."""

    @property
    def keys(self) -> str:
        """What to press, in words; "" for the palette alone."""
        words = {"cmd/ctrl": "Ctrl+", "cmd/ctrl+shift": "Ctrl+Shift+", None: ""}[self.modifier]
        return words + (self.hotkey or "")


def all_commands(
    tasks: Tasks, frame_person: Callable[[], None] = lambda: None
) -> tuple[Command, ...]:
    """List what keys can do.

    Args:
        tasks: the window's verbs.
        frame_person: moves the 3D view to the person.
    """

    def move(frames: int) -> Callable[[], None]:
        return lambda: tasks.seek(tasks.session.state.view.frame + frames)

    def show(shown: str) -> Callable[[], None]:
        return lambda: _show(tasks, shown)

    return (
        Command("Play or pause the clip", "space", tasks.toggle_playing, is_switch=True),
        Command("Play or pause", "K", tasks.toggle_playing, is_switch=True),
        Command(
            "Loop inside the range, or not",
            None,
            lambda: flip(tasks, "loops_range"),
            is_switch=True,
        ),
        Command("One frame back", "J", move(-1)),
        Command("One frame on", "L", move(1)),
        Command("Ten frames back", "pageup", move(-10)),
        Command("Ten frames on", "pagedown", move(10)),
        Command("First frame", "home", lambda: tasks.seek(0)),
        Command("Last frame", "end", lambda: tasks.seek(tasks.session.state.num_frames - 1)),
        Command("Worst frame", "X", lambda: go_to_bad_frame(tasks, "worst")),
        Command("Next bad frame", "N", lambda: go_to_bad_frame(tasks, "next")),
        Command("Previous bad frame", "P", lambda: go_to_bad_frame(tasks, "previous")),
        Command("Show initial poses", "1", show("initial")),
        Command("Show refined poses", "2", show("refined")),
        Command("Show both", "3", show("both")),
        Command("Skeleton", "M", lambda: flip(tasks, "show_skeleton"), is_switch=True),
        Command("Ghosts of the frames around", "O", lambda: flip_ghosts(tasks), is_switch=True),
        Command(
            "Expected errors in depth",
            None,
            lambda: flip(tasks, "show_depth_errors"),
            is_switch=True,
        ),
        Command("Trajectory", "T", lambda: flip(tasks, "show_trajectory"), is_switch=True),
        Command(
            "View from the video camera", "V", lambda: flip(tasks, "from_camera"), is_switch=True
        ),
        Command(
            "Frame behind the person", None, lambda: flip(tasks, "show_backdrop"), is_switch=True
        ),
        Command("Follow the person", None, lambda: flip(tasks, "follows"), is_switch=True),
        Command("Frame the person", "F", frame_person),
        Command("Refine from the present frame on", "I", lambda: mark_range(tasks, "first")),
        Command("Refine up to the present frame", "U", lambda: mark_range(tasks, "last")),
        Command("Find keypoints or stop it", "H", lambda: _flip_keypoints(tasks), is_switch=True),
        Command("Build avatar", "B", tasks.build_avatar, is_switch=True),
        Command("Register joints", "G", tasks.register, is_switch=True),
        Command("One optimization step", "enter", tasks.step, is_switch=True),
        Command("Run or pause the optimizer", "R", lambda: _run_or_pause(tasks), is_switch=True),
        Command("Start over from the first poses", None, tasks.start_over, is_switch=True),
        Command("Cancel what is under way", "escape", tasks.cancel, is_switch=True),
    )


def editing_commands(editing: Editing) -> tuple[Command, ...]:
    """List what keys can do to poses that are put right by hand."""
    fixing = editing.fixing
    return (
        Command("Undo", "Z", editing.undo, modifier="cmd/ctrl"),
        Command("Redo", "Z", editing.redo, modifier="cmd/ctrl+shift"),
        Command("Flip the limb in depth", "C", fixing.flip_depth, is_switch=True),
        Command("Refine around what was put right", None, fixing.refine_around, is_switch=True),
        Command("Keep the poses as a version", None, editing.versions.keep_now, is_switch=True),
    )


def add_commands(
    gui: viser.GuiApi,
    link: PageLink,
    tasks: Tasks,
    notices: Notices,
    frame_person: Callable[[], None],
    editing: Editing,
) -> None:
    """Put the commands into the palette, and tell the page which keys there are."""
    commands = (*all_commands(tasks, frame_person), *editing_commands(editing))
    link.open_channels("keys")
    link.show("keys", {"keys": [[command.label, command.keys] for command in commands]})
    for command in commands:
        handle = gui.add_command(
            command.label,
            hotkey=command.hotkey,  # type: ignore[arg-type]
            modifier=command.modifier,  # type: ignore[arg-type]
        )
        run = _without_repeats(command.run) if command.is_switch else command.run
        handle.on_trigger(notices.guard(lambda _event, run=run: run()))


def _without_repeats(run: Callable[[], None]) -> Callable[[], None]:
    last = [-REPEAT_GUARD_S]

    def guarded() -> None:
        now = time.monotonic()
        is_repeat = now - last[0] < REPEAT_GUARD_S
        last[0] = now
        if not is_repeat:
            run()

    return guarded


def mark_range(tasks: Tasks, end: str) -> None:
    """Begin or end the range that refinement may change at the present frame."""
    frame, scope = tasks.session.state.view.frame, tasks.session.state.scope
    if end == "first":
        last = scope.last if scope.last is None or scope.last >= frame else None
        tasks.change_scope(first=frame, last=last)
    else:
        first = scope.first if scope.first is None or scope.first <= frame else None
        tasks.change_scope(first=first, last=frame)


def _show(tasks: Tasks, shown: str) -> None:
    tasks.session.set_view(shown=shown)


def _flip_keypoints(tasks: Tasks) -> None:
    state = tasks.session.state
    if state.avatar is None:
        tasks.notices.info("There is no avatar yet", "Keypoints are found once it is built.")
    elif state.avatar.heatmaps_missing:
        tasks.notices.warn("Heatmaps are not available", state.avatar.heatmaps_missing)
    else:
        tasks.session.set_view(find_keypoints=not state.view.find_keypoints)


def _run_or_pause(tasks: Tasks) -> None:
    if tasks.session.state.phase in ON_THE_MOVE:
        tasks.pause()
    else:
        tasks.run()
