"""Buttons in a row, with icons; viser itself only stacks them.

What is seen is HTML; each stands for a hidden button of viser's, so that a disabled one refuses a
press whoever sends it.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import viser

from workbench.core.clicks import send_script
from workbench.core.markup import escape
from workbench.core.notices import Notices

Look = Literal["", "main", "go", "hold"]


@dataclass(frozen=True)
class RowButton:
    """One of the row."""

    label: str
    icon: str
    """A name of the page's icons."""
    hint: str
    run: Callable[[], None]
    look: Look = ""
    """How much it stands out."""


class ButtonRow:
    """A row of buttons in the folder or tab that is open now."""

    def __init__(self, gui: viser.GuiApi, notices: Notices, buttons: Sequence[RowButton]) -> None:
        self._buttons = buttons
        self._html = gui.add_html("")
        self._handles = []
        for button in buttons:
            handle = gui.add_button(button.label, hint=button.hint, visible=False, disabled=True)
            handle.on_click(notices.guard(lambda _event, button=button: button.run()))
            self._handles.append(handle)

    def refresh(self, disabled: Collection[str]) -> None:
        """Draw the row; buttons whose label is in `disabled` cannot be pressed."""
        parts = []
        for button, handle in zip(self._buttons, self._handles, strict=True):
            is_off = button.label in disabled
            handle.disabled = is_off
            parts.append(_draw(button, send_script(handle, "true"), is_off))
        self._html.content = f'<div class="nh-row">{"".join(parts)}</div>'


def _draw(button: RowButton, script: str, is_off: bool) -> str:
    return (
        f'<button class="nh-b {button.look}" title="{escape(button.hint)}"'
        f' onclick="{escape(script)};this.blur()"{" disabled" if is_off else ""}>'
        f'<i class="nh-i nh-i-{button.icon}"></i>{escape(button.label)}</button>'
    )
