"""The history: a list of names to jump to."""

import viser

from workbench.core import markup
from workbench.core.clicks import ClickTarget
from workbench.core.editing import Editing
from workbench.core.history_list import HistoryList
from workbench.core.notices import Notices
from workbench.core.session import SessionState

MOST_ENTRIES = 1_000_000
_SHOWN = 200
"""So many of the newest entries are listed."""


class HistoryWidgets:
    """The list, in the folder that is open now."""

    def __init__(self, gui: viser.GuiApi, editing: Editing, notices: Notices) -> None:
        self._clicks = ClickTarget(gui, MOST_ENTRIES, editing.jump, notices)
        self._list = gui.add_html("")
        self._shown: HistoryList | None = None

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        history = state.history
        if history == self._shown:
            return
        self._shown = history
        self._list.content = self._draw(history)

    def _draw(self, history: HistoryList) -> str:
        rows = []
        for position in reversed(range(len(history.names))[-_SHOWN:]):
            is_here = position == history.position
            color = markup.FAINT if position > history.position else markup.TEXT
            back = f"background:{markup.REFINED}26;" if is_here else ""
            rows.append(
                f'<div class="nh-entry" onclick="{markup.escape(self._clicks.script(position))}" '
                f'style="color:{color};{back}padding:1px 6px;cursor:pointer;white-space:nowrap;'
                f'overflow:hidden;text-overflow:ellipsis">{markup.escape(history.names[position])}'
                "</div>"
            )
        return markup.block(f'<div style="max-height:132px;overflow-y:auto">{"".join(rows)}</div>')
