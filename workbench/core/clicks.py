"""Clicks on drawn tables, buttons and strips reach Python through a hidden widget of viser's.

viser has no clickable table. Its page offers its socket to tests under `__viserMutable`; that is
no promise, so every click has an ordinary widget that does the same, and a browser test.
"""

from collections.abc import Callable
from typing import Any

import viser

from workbench.core.notices import Notices
from workbench.server.user_event import UserEvent

NOTHING = -1


class ClickTarget:
    """Receives whole numbers from clicks; resets itself, so that the same click counts again."""

    def __init__(
        self, gui: viser.GuiApi, largest: int, on_click: Callable[[int], None], notices: Notices
    ) -> None:
        self._number = gui.add_number(
            "click", NOTHING, min=NOTHING, max=largest, step=1, visible=False
        )

        @self._number.on_update
        @notices.guard
        def _(event: UserEvent) -> None:
            value = int(event.value)
            if value != NOTHING:
                self._number.value = NOTHING
                on_click(value)

    def allow(self, largest: int) -> None:
        """Accept numbers up to `largest`; the browser cannot send others."""
        if self._number.max != largest:
            self._number.max = largest

    def script(self, value: int | str) -> str:
        """Write the handler that sends `value`: a number, or an expression of the page."""
        return send_script(self._number, value)


def send_script(handle: Any, value: int | str) -> str:
    """Write the page's script that gives a widget a value.

    Args:
        handle: of the widget.
        value: as the page's script writes it.
    """
    return (
        "window.__viserMutable&&window.__viserMutable.sendMessage({type:'GuiUpdateMessage',"
        f"uuid:'{handle._impl.uuid}',updates:{{value:{value}}}}})"
    )
