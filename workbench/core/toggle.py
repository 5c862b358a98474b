"""A switch drawn as a small button inside HTML, several in a line; viser's own take a line each.

It stands for a hidden box of viser's, so that its values pass the same guard as any other's.
"""

from collections.abc import Callable

import viser

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
        script = (
            "window.__viserMutable&&window.__viserMutable.sendMessage({type:'GuiUpdateMessage',"
            f"uuid:'{self._box._impl.uuid}',updates:{{value:{wanted}}}}});this.blur()"
        )
        line = "#2f6596" if is_on else "#343c46"
        style = f"flex:none;height:20px;font-size:11px;border-color:{line}"
        return (
            f'<button class="nh-b{" on" if is_on else ""}" aria-pressed="{str(is_on).lower()}" '
            f'title="{escape(self._hint)}" onclick="{escape(script)}" '
            f'style="{style}"'
            f"{'' if is_possible else ' disabled'}>{escape(self._label)}</button>"
        )
