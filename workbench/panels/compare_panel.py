"""The Compare tab: two versions, joint by joint and frame by frame; a click goes there."""

from dataclasses import dataclass

import numpy as np
import viser
from jaxtyping import Float

from neuhmr.body.skeleton import NUM_JOINTS
from workbench.core import markup
from workbench.core.clicks import ClickTarget
from workbench.core.comparison import INITIAL, SHOWN, TRUTH, Comparison
from workbench.core.comparisons import comparable, is_current
from workbench.core.editing import Editing
from workbench.core.error_plot import distribution
from workbench.core.fixing import joint_words
from workbench.core.notices import Notices
from workbench.core.session import SessionState
from workbench.server.user_event import UserEvent

FIRST_COLOR, SECOND_COLOR, APART_COLOR = "#adb5bd", "#4dabf7", "#ffd43b"
_MOST_ROWS = 60
_NOTHING = "-"
_OLD = (
    "Below is what was compared last; the poses have moved since. Press Pause to compare them anew."
)


@dataclass(frozen=True)
class Column:
    """Numbers of a table, one a row."""

    title: str
    values: Float[np.ndarray, " rows"]
    digits: int = 0


class ComparePanel:
    """Two lists to choose from, a distribution, two tables."""

    def __init__(self, gui: viser.GuiApi, editing: Editing, notices: Notices) -> None:
        self._editing = editing
        self._tasks = editing.tasks
        self._keys: dict[str, str] = {}
        self._sorts = {"joints": (1, True), "frames": (1, True)}
        self._shown: object = None
        nothing = (str(_NOTHING),)
        self._first = gui.add_dropdown("Compare", nothing, hint="The first version.")
        self._second = gui.add_dropdown("with", nothing, hint="The second version.")
        for place, menu in enumerate((self._first, self._second)):
            menu.on_update(notices.guard(lambda event, place=place: self._choose(place, event)))
        self._old = gui.add_html("")
        self._plot = gui.add_html("")
        self._sort_clicks = ClickTarget(gui, 19, self._sort, notices)
        self._joint_clicks = ClickTarget(gui, NUM_JOINTS - 1, self._go_to_joint, notices)
        self._frame_clicks = ClickTarget(gui, 0, self._tasks.seek, notices)
        self._joints = gui.add_html("")
        self._frames = gui.add_html("")

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        names = comparable(state)
        chosen = state.compared
        if names and (chosen is None or not set(chosen) <= set(names)):
            chosen = (INITIAL, TRUTH if TRUTH in names else SHOWN)
            self._editing.comparisons.choose(*chosen)
        self._show_menus(names, chosen)
        self._editing.comparisons.tick(state)
        found = state.comparison
        is_old = found is not None and not is_current(state)
        self._old.content = markup.paragraph(_OLD) if is_old else ""
        key = (found, state.view.frame, state.view.joint, tuple(self._sorts.items()))
        if found is None or key == self._shown or not is_current(state):
            return
        self._shown = key
        self._frame_clicks.allow(max(state.num_frames - 1, 0))
        labels = (names[found.first], names[found.second])
        self._plot.content = _plot(found, labels)
        self._joints.content = self._joint_table(found, state.view.joint)
        self._frames.content = self._frame_table(found, state.view.frame)

    def _show_menus(self, names: dict[str, str], chosen: tuple[str, str] | None) -> None:
        self._keys = {name: key for key, name in names.items()}
        options = tuple(names.values()) or (_NOTHING,)
        for menu, place in ((self._first, 0), (self._second, 1)):
            if tuple(menu.options) != options:
                menu.options = options
            wanted = names[chosen[place]] if chosen is not None and names else options[0]
            if menu.value != wanted:
                menu.value = wanted

    def _choose(self, place: int, event: UserEvent) -> None:
        pair = list(self._tasks.session.state.compared or (INITIAL, SHOWN))
        pair[place] = self._keys.get(event.value, pair[place])
        self._editing.comparisons.choose(pair[0], pair[1])

    def _sort(self, code: int) -> None:
        """Sort by a column; once more for the other way round."""
        table, column = ("joints", "frames")[code // 10], code % 10
        old, is_falling = self._sorts[table]
        self._sorts[table] = (column, not is_falling if old == column else True)
        session = self._tasks.session
        session.set(compared=session.state.compared)  # So that the tables are drawn anew.

    def _go_to_joint(self, joint: int) -> None:
        """Select a joint and go to the frame in which it is furthest apart."""
        self._tasks.session.set_view(joint=joint)
        found = self._tasks.session.state.comparison
        if found is not None and len(found.frames):
            self._tasks.seek(int(found.frames[int(found.apart_mm[:, joint].argmax())]))

    def _joint_table(self, found: Comparison, joint: int) -> str:
        columns = [
            Column("mm apart", found.apart_mm.mean(axis=0)),
            Column("deg", found.turned_deg.mean(axis=0), 1),
            *_error_columns(found, axis=0),
        ]
        names = [joint_words(each) for each in range(NUM_JOINTS)]
        return self._table("joints", "Joint", names, columns, list(range(NUM_JOINTS)), joint)

    def _frame_table(self, found: Comparison, frame: int) -> str:
        columns = [
            Column("mm apart", found.apart_mm.mean(axis=1)),
            Column("deg", found.turned_deg.mean(axis=1), 1),
            *_error_columns(found, axis=1),
        ]
        frames = found.frames.tolist()
        worst = found.apart_mm.argmax(axis=1)
        names = [
            f"{each}: {joint_words(int(joint))}" for each, joint in zip(frames, worst, strict=True)
        ]
        return self._table("frames", "Frame: furthest joint", names, columns, frames, frame)

    def _table(
        self,
        table: str,
        title: str,
        names: list[str],
        columns: list[Column],
        targets: list[int],
        selected: int,
    ) -> str:
        """Draw a table whose headings sort and whose rows go somewhere."""
        column, is_falling = self._sorts[table]
        column = min(column, len(columns))
        clicks = self._joint_clicks if table == "joints" else self._frame_clicks
        order = np.arange(len(names))
        if column > 0 and len(names):
            values = np.nan_to_num(columns[column - 1].values, nan=-1.0)
            order = np.argsort(-values if is_falling else values, kind="stable")
        elif not is_falling:
            order = order[::-1]
        heads = []
        for place, head in enumerate((title, *(each.title for each in columns))):
            code = place + (0 if table == "joints" else 10)
            arrow = (" ↓" if is_falling else " ↑") if place == column else ""
            heads.append((head + arrow, self._sort_clicks.script(code)))
        rows, scripts = [], []
        for row in order[:_MOST_ROWS]:
            cells = [_number(each.values[row], each.digits) for each in columns]
            rows.append((names[row], *cells))
            scripts.append(clicks.script(targets[row]))
        marked = [place for place, row in enumerate(order[:_MOST_ROWS]) if targets[row] == selected]
        return markup.sortable_table(heads, rows, scripts, marked[0] if marked else None)


def _error_columns(found: Comparison, axis: int) -> list[Column]:
    titles = ("err 1", "err 2")
    columns = []
    for title, errors in zip(titles, found.errors_mm, strict=True):
        if errors is not None and errors.size and np.isfinite(errors).any():
            with np.errstate(all="ignore"):
                known = np.isfinite(errors)
                totals = np.where(known, errors, 0.0).sum(axis=axis)
                counts = known.sum(axis=axis)
            mean = np.where(counts > 0, totals / np.maximum(counts, 1), np.nan)
            columns.append(Column(title, mean))
    return columns


def _plot(found: Comparison, labels: tuple[str, str]) -> str:
    """Draw both errors where the truth is known, else how far the two are apart."""
    series = [
        (f"{place}: {label}, error {np.nanmean(errors):.0f} mm", color, errors)
        for place, label, color, errors in zip(
            (1, 2), labels, (FIRST_COLOR, SECOND_COLOR), found.errors_mm, strict=True
        )
        if errors is not None and np.isfinite(errors).any()
    ]
    if len(series) < 2:
        apart = found.apart_mm
        mean = f"{apart.mean():.0f}" if apart.size else "-"
        series = [(f"Joints apart, {mean} mm on average", APART_COLOR, apart)]
    return distribution(series, "mm")


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if np.isfinite(value) else "-"
