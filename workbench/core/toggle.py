"""Switches and choices drawn as small buttons inside HTML; viser's own take a line each.

They stand for hidden widgets of viser's, so that their values pass the same guard as any other's.
"""

from collections.abc import Callable, Mapping
from typing import Any

import viser

from workbench.core.clicks import send_script
from workbench.core.markup import escape
from workbench.core.notices import Notices
from workbench.server.user_event import UserEvent


class Toggle:
    """One switch in the folder or tab that is open now; `draw` says where it is seen."""

    def __init__(
        self,
        gui: viser.GuiApi,
        notices: Notices,
        label: str,
        hint: str,
        on_change: Callable[[bool], None],
    ) -> None:
        self._label, self._hint = label, hint
        self._box = gui.add_checkbox(label, False, hint=hint, visible=False)

        @self._box.on_update
        @notices.guard
        def _(event: UserEvent) -> None:
            on_change(bool(event.value))

    def draw(self, is_on: bool, is_possible: bool = True) -> str:
        """Show the switch as it stands; a browser can turn it over only where that is possible."""
        self._box.value, self._box.disabled = is_on, not is_possible
        wanted = "false" if is_on else "true"
        return _button(self._box, wanted, self._label, self._hint, is_on, is_possible)


class Choice:
    """One of a few, in the folder or tab that is open now; `draw` says where it is seen."""

    def __init__(
        self,
        gui: viser.GuiApi,
        notices: Notices,
        label: str,
        hints: Mapping[str, str],
        on_change: Callable[[str], None],
    ) -> None:
        """Add the choice.

        Args:
            gui: where it is added.
            notices: told of failures.
            label: what is chosen.
            hints: what each option is for.
            on_change: told of the user's choice.
        """
        self._hints = hints
        self._list = gui.add_dropdown(label, tuple(hints), hint=label, visible=False)

        @self._list.on_update
        @notices.guard
        def _(event: UserEvent) -> None:
            on_change(event.value)

    def draw(self, chosen: str) -> str:
        """Show the options as they stand."""
        self._list.value = chosen
        buttons = "".join(
            _button(self._list, f"'{option}'", option.capitalize(), hint, option == chosen)
            for option, hint in self._hints.items()
        )
        return f'<div style="display:flex;gap:2px;flex-wrap:wrap">{buttons}</div>'


def _button(
    handle: Any, wanted: str, label: str, hint: str, is_on: bool, is_possible: bool = True
) -> str:
    """Draw a button that sends a value, written as the page's script writes it."""
    script = f"{send_script(handle, wanted)};this.blur()"
    style = f"flex:none;height:20px;font-size:11px;border-color:{'#2f6596' if is_on else '#343c46'}"
    return (
        f'<button class="nh-b{" on" if is_on else ""}" aria-pressed="{str(is_on).lower()}" '
        f'title="{escape(hint)}" onclick="{escape(script)}" style="{style}"'
        f"{'' if is_possible else ' disabled'}>{escape(label)}</button>"
    )
