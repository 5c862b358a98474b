"""A sweep: one or two settings over a range, and a picture of the scores."""

import viser

from neuhmr.refine.settings import SETTINGS
from neuhmr.refine.settings.table import Setting
from workbench.core import markup
from workbench.core.button_row import ButtonRow, RowButton
from workbench.core.clicks import ClickTarget
from workbench.core.editing import Editing
from workbench.core.notices import Notices
from workbench.core.session import ON_THE_MOVE, SessionState
from workbench.core.sweep import MOST_FRAMES, MOST_RUNS, Axis, Sweep, SweepRequest, axis_of
from workbench.core.sweep_plot import draw_sweep
from workbench.server.user_event import UserEvent

_NO_SETTING = "none"
_LARGEST = 1e6
_FINEST = 1e-6
_SPAN = 1e4
"""Of a range that is suggested on a logarithmic scale."""


class AxisWidgets:
    """One setting and its range."""

    def __init__(
        self, gui: viser.GuiApi, notices: Notices, label: str, start: str, is_optional: bool
    ) -> None:
        self._names = {_title(row): name for name, row in SETTINGS.items()}
        options = tuple(sorted(self._names))
        if is_optional:
            options = (_NO_SETTING, *options)
        self._chosen = start if start in options else _title(SETTINGS[start])
        self._menu = gui.add_dropdown(
            label, options, initial_value=self._chosen, hint="Which setting is varied."
        )
        self._low, self._high, self._count = 0.0, 1.0, 4
        self._ends = [
            gui.add_number(f"{word} {label.lower()}", 0.0, min=-_LARGEST, max=_LARGEST,
                           step=_FINEST, hint="Where its values begin or end.")
            for word in ("From:", "To:")
        ]  # fmt: skip
        self._runs = gui.add_slider(
            f"Values of {label.lower()}", min=2, max=12, step=1, initial_value=self._count,
            hint="So many, evenly spread on the setting's own scale.",
        )  # fmt: skip
        self._menu.on_update(notices.guard(self._choose))
        for place, number in enumerate(self._ends):
            number.on_update(notices.guard(lambda event, place=place: self._take(place, event)))
        self._runs.on_update(notices.guard(self._take_count))
        self._suggest()

    def axis(self) -> Axis | None:
        """Say what is varied; None for nothing.

        Raises:
            NeuhmrError: the range makes no sense.
        """
        name = self._names.get(self._chosen)
        return None if name is None else axis_of(name, self._low, self._high, self._count)

    def _choose(self, event: UserEvent) -> None:
        self._chosen = event.value
        self._suggest()

    def _take(self, place: int, event: UserEvent) -> None:
        if place == 0:
            self._low = float(event.value)
        else:
            self._high = float(event.value)

    def _take_count(self, event: UserEvent) -> None:
        self._count = int(event.value)

    def _suggest(self) -> None:
        """Begin with the range of the setting's slider."""
        name = self._names.get(self._chosen)
        row = None if name is None else SETTINGS[name]
        is_number = row is not None and row.kind in (int, float)
        for widget in (*self._ends, self._runs):
            widget.visible = is_number
        if row is not None and is_number:
            self._low, self._high = float(row.declared.low), float(row.declared.high)
            if row.declared.scale == "log":
                self._low = max(self._low, self._high / _SPAN)
            self._ends[0].value, self._ends[1].value = self._low, self._high


class SweepWidgets:
    """What is varied, Start, and the scores; in the folder that is open now."""

    def __init__(self, gui: viser.GuiApi, editing: Editing, notices: Notices) -> None:
        self._editing = editing
        self._session = editing.tasks.session
        self._frames = 5
        self._shown: Sweep | None = None
        self._axes = (
            AxisWidgets(gui, notices, "Setting", "weights.joint", False),
            AxisWidgets(gui, notices, "Second", _NO_SETTING, True),
        )
        self._num_frames = gui.add_slider(
            "Frames of a run", min=1, max=MOST_FRAMES, step=1, initial_value=self._frames,
            hint="Evenly spread over those that may change; the others are left out.",
        )  # fmt: skip
        self._num_frames.on_update(notices.guard(self._take_frames))
        self._row = ButtonRow(
            gui,
            notices,
            (
                RowButton("Sweep", "play", f"At most {MOST_RUNS} runs, in the background; Escape "
                          "stops them.", self._start, "go"),
                RowButton("Go to the best", "right", "Show the run with the least score.",
                          self._go_to_best),
            ),
        )  # fmt: skip
        self._clicks = ClickTarget(gui, MOST_RUNS - 1, self._go_to, notices)
        self._plot = gui.add_html("")

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        sweep = state.sweep
        is_running = sweep is not None and sweep.is_running
        off: set[str] = set()
        if state.initial is None or is_running or state.phase in ON_THE_MOVE:
            off.add("Sweep")
        if sweep is None or not sweep.points:
            off.add("Go to the best")
        self._row.refresh(off)
        if sweep is not self._shown:
            self._shown = sweep
            self._plot.content = "" if sweep is None else draw_sweep(sweep, self._clicks.script)

    def _take_frames(self, event: UserEvent) -> None:
        self._frames = int(event.value)

    def _start(self) -> None:
        axes = tuple(axis for widgets in self._axes if (axis := widgets.axis()) is not None)
        self._editing.sweeps.start(SweepRequest(axes=axes, num_frames=self._frames))

    def _go_to(self, place: int) -> None:
        sweep = self._session.state.sweep
        if sweep is not None and place < len(sweep.points):
            self._editing.versions.take_up(sweep.points[place].version)

    def _go_to_best(self) -> None:
        sweep = self._session.state.sweep
        if sweep is not None and sweep.best is not None:
            self._editing.versions.take_up(sweep.best.version)


def _title(row: Setting) -> str:
    group = f" ({row.group})" if row.group else ""
    return f"{row.declared.label}{group}"


def sweep_note() -> str:
    """Say what a sweep is."""
    return markup.paragraph(
        "Refines a few frames once for each value and shows how good each became. Every run is "
        "kept as a version; a click on a point goes there."
    )
