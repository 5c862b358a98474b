"""One widget for each of some settings, made from their table."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import viser

from neuhmr.refine.settings import SETTINGS
from neuhmr.refine.settings.table import Setting, finite_number
from neuhmr.setting import Value
from workbench.core.notices import Notices
from workbench.core.session import SessionState
from workbench.core.tasks import Tasks
from workbench.server.user_event import UserEvent

KEYPOINTS = "weights.keypoint"
"""Cannot be used where there are no heatmaps."""
_LEAST_POSITIONS = 100
"""A slider of fractions has at least so many positions."""
_DECADES = 6.0
"""A logarithmic slider spans at most so many."""

Widget = viser.GuiSliderHandle[Any] | viser.GuiCheckboxHandle | viser.GuiDropdownHandle[Any]


class SettingWidgets:
    """Sliders, boxes and lists that change settings; shown in the folder that is open now."""

    def __init__(
        self, gui: viser.GuiApi, tasks: Tasks, notices: Notices, rows: Iterable[Setting]
    ) -> None:
        self._gui, self._tasks, self._notices = gui, tasks, notices
        self._widgets: dict[str, Widget] = {row.name: self._add(row) for row in rows}

    def refresh(self, state: SessionState) -> None:
        """Show the values that are set."""
        if state.config is None:
            return
        missing = "" if state.avatar is None else state.avatar.heatmaps_missing
        for name, widget in self._widgets.items():
            row = SETTINGS[name]
            if name == KEYPOINTS:
                widget.disabled, widget.hint = bool(missing), missing or hint_of(row)
            _show(widget, row, row.declared.low if widget.disabled else row.value_in(state.config))

    def _add(self, row: Setting) -> Widget:
        widget = self._make(row)

        @widget.on_update
        @self._notices.guard
        def _(event: UserEvent) -> None:
            self._tasks.change_setting(row.name, value_at(row, event.value))

        return widget

    def _make(self, row: Setting) -> Widget:
        label, hint = label_of(row), hint_of(row)
        if row.kind is bool:
            return self._gui.add_checkbox(label, bool(row.default), hint=hint)
        if row.choices:
            return self._gui.add_dropdown(
                label, options=row.choices, initial_value=str(row.default), hint=hint
            )
        low, high, step = positions_of(row)
        start = position_of(row, row.default)
        return self._gui.add_slider(
            label, min=low, max=high, step=step, initial_value=start, hint=hint
        )


def main_settings(stages: Sequence[str]) -> list[Setting]:
    """List the settings of some stages that have a place of their own, outside the long list."""
    return [row for row in SETTINGS.values() if row.declared.flag and row.stage in stages]


def label_of(row: Setting) -> str:
    """Plain words and the papers' symbol; a power of ten is told by its exponent."""
    symbol = row.declared.symbol
    words = f"{row.declared.label} {symbol}" if symbol else row.declared.label
    return words + (", 10^x" if row.declared.scale == "log" else "")


def hint_of(row: Setting) -> str:
    """Say what a setting does, in which unit, and what it is called elsewhere."""
    unit = f" In {row.declared.unit}." if row.declared.unit else ""
    symbol = f" {row.declared.symbol} in the papers." if row.declared.symbol else ""
    return f"{row.declared.help}{unit}{symbol} ({row.name})"


def positions_of(row: Setting) -> tuple[float, float, float]:
    """Least position of a slider, largest one, and the step between them."""
    low, high = row.declared.low, row.declared.high
    if row.declared.scale == "log":
        least = max(math.log10(high) - _DECADES, math.log10(low) if low > 0 else -math.inf)
        # Whole tenths read better at the slider's ends; values stay within their own.
        return math.floor(10.0 * least) / 10.0, math.ceil(10.0 * math.log10(high)) / 10.0, 0.1
    if row.kind is int:
        return int(low), int(high), 1
    return low, high, 10.0 ** math.floor(math.log10((high - low) / _LEAST_POSITIONS))


def value_at(row: Setting, position: Any) -> Value:
    """Turn what a widget says into the setting, inside the widget's range.

    Raises:
        NeuhmrError: no finite number, or no such choice.
    """
    if row.kind is bool or row.choices:
        return row.checked(position)
    number = finite_number(position, row.name)
    low, high, _ = positions_of(row)
    number = min(max(number, low), high)
    if row.declared.scale == "log":
        number = min(max(10.0**number, row.declared.low), row.declared.high)
    return row.checked(round(number) if row.kind is int else number)


def position_of(row: Setting, value: Value) -> float:
    """Turn a number into the slider's position, inside its range."""
    low, high, _ = positions_of(row)
    number = float(value)
    if row.declared.scale == "log":
        number = math.log10(max(number, 10.0**low))
    number = min(max(number, low), high)
    return int(number) if isinstance(low, int) else number


def _show(widget: Widget, row: Setting, value: Value) -> None:
    """Move a widget only where it shows something else: its own rounding is no change."""
    if row.kind is bool or row.choices:
        shown = bool(value) if row.kind is bool else value
        if widget.value != shown:
            widget.value = shown  # type: ignore[assignment]
        return
    position, step = position_of(row, value), positions_of(row)[2]
    if abs(float(widget.value) - position) > 0.51 * step:
        widget.value = position  # type: ignore[assignment]
