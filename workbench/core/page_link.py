"""What the page's own scripts and the window say to each other.

Down go named pieces of JSON in hidden HTML elements, which the scripts watch. Up come presses,
numbers and pairs through hidden widgets, so that every value passes the same guard as any other.
The scripts send through `__viserMutable`, which viser offers to tests; that is no promise, hence
the pin on its version and the browser tests.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import viser

from workbench.core.markup import escape
from workbench.core.notices import Notices
from workbench.server.user_event import UserEvent

NOTHING = -1.0
MAX_FRAMES = 1_000_000
OnPress = Callable[[UserEvent], None]


class PageLink:
    """Built once, at the top of the main panel, where its hidden elements are always drawn."""

    def __init__(self, gui: viser.GuiApi, notices: Notices) -> None:
        self._gui = gui
        self._notices = notices
        self._channels: dict[str, viser.GuiHtmlHandle] = {}
        self._shown: dict[str, Mapping[str, Any]] = {}
        self._uuids: dict[str, str] = {}
        self.open_channels("widgets")

    def uuid_of(self, name: str) -> str:
        """Tell through which hidden widget the page sends something."""
        return self._uuids[name]

    def add_presses(self, presses: Mapping[str, OnPress]) -> None:
        """Let the page press any of some named buttons."""
        names = tuple(presses)
        group = self._gui.add_button_group("press", names, visible=False)
        group.on_click(self._notices.guard(lambda event: presses[event.value](event)))
        self._publish(dict.fromkeys(names, group._impl.uuid))

    def add_number(self, name: str, largest: int, on_number: Callable[[int], None]) -> None:
        """Let the page send whole numbers from 0 to `largest`; larger ones are clamped."""
        number = self._gui.add_number(
            name, int(NOTHING), min=int(NOTHING), max=largest, step=1, visible=False
        )

        @number.on_update
        @self._notices.guard
        def _(event: UserEvent) -> None:
            value = int(event.value)
            if value != NOTHING:
                number.value = int(NOTHING)  # The same number again is a new wish.
                on_number(value)

        self._publish({name: number._impl.uuid})

    def add_pair(
        self, name: str, largest: float, on_pair: Callable[[UserEvent, float, float], None]
    ) -> None:
        """Let the page send two numbers from 0 to `largest`."""
        pair = self._gui.add_vector2(
            name, (NOTHING, NOTHING), min=(NOTHING, NOTHING), max=(largest, largest), visible=False
        )

        @pair.on_update
        @self._notices.guard
        def _(event: UserEvent) -> None:
            first, second = event.value
            if first >= 0.0 and second >= 0.0:
                pair.value = (NOTHING, NOTHING)
                on_pair(event, first, second)

        self._publish({name: pair._impl.uuid})

    def show(self, channel: str, content: Mapping[str, Any]) -> None:
        """Send a piece of state to all pages, if it changed; used by one thread."""
        if self._shown.get(channel) == content:
            return
        self._shown[channel] = content
        text = escape(json.dumps(content, separators=(",", ":"), allow_nan=False))
        html = f'<i hidden class="nh-data" data-name="{channel}" data-json="{text}"></i>'
        handle = self._channels.get(channel)
        if handle is None:
            raise KeyError(f"channel {channel} was not opened")
        handle.content = html

    def open_channels(self, *names: str) -> None:
        """Make room for pieces of state."""
        for name in names:
            self._channels[name] = self._gui.add_html("")

    def _publish(self, uuids: Mapping[str, str]) -> None:
        self._uuids |= uuids
        self.show("widgets", self._uuids.copy())
