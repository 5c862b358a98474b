"""The person masks on the Clip tab: seen over the video, inverted, grown; used when asked to."""

from dataclasses import replace

import viser

from neuhmr.clip.mask_changes import UNCHANGED, MaskChanges
from workbench.core.notices import Notices
from workbench.core.open_tasks import use_masks
from workbench.core.session import SessionState
from workbench.core.tasks import Tasks
from workbench.server.user_event import UserEvent

_MOST_PX = 20
"""More is typed on the command line."""


class MaskWidgets:
    """Changes are shown at once, and opened with a button: that drops what was built before."""

    def __init__(self, gui: viser.GuiApi, tasks: Tasks, notices: Notices) -> None:
        self._tasks = tasks
        with gui.add_folder("Person masks") as self._folder:
            self._show = gui.add_checkbox(
                "Show masks", False, hint="Pink is what the masks take for the person."
            )
            self._invert = gui.add_checkbox("Invert", False, hint="Where black is the person.")
            self._grow = gui.add_slider(
                "Grow (px)", min=-_MOST_PX, max=_MOST_PX, step=1, initial_value=0,
                hint="Moves their outline outward; inward if negative.",
            )  # fmt: skip
            self._use = gui.add_button(
                "Use these masks", color="blue", disabled=True, icon=viser.Icon.CHECK,
                hint="Opens the clip anew with them. What was built on the others is dropped: "
                "keep a version or export first.",
            )  # fmt: skip
        self._show.on_update(notices.guard(self._turn))
        self._invert.on_update(notices.guard(lambda event: self._wish(invert=bool(event.value))))
        self._grow.on_update(notices.guard(lambda event: self._wish(grow=int(event.value))))
        self._use.on_click(notices.guard(lambda _event: use_masks(tasks, wished(self._state))))

    @property
    def _state(self) -> SessionState:
        return self._tasks.session.state

    def _turn(self, event: UserEvent) -> None:
        self._tasks.session.set_view(show_masks=bool(event.value))

    def _wish(self, **change: object) -> None:
        wish = replace(wished(self._state), **change)  # type: ignore[arg-type]
        self._tasks.session.set_view(mask_wish=wish, show_masks=True)

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        masks = None if state.footage is None else state.footage.masks
        self._folder.visible = masks is not None
        if masks is None:
            return
        wish = wished(state)
        self._show.value, self._invert.value = state.view.show_masks, wish.invert
        self._grow.value = min(max(wish.grow, -_MOST_PX), _MOST_PX)
        self._use.disabled = wish == masks.changes


def wished(state: SessionState) -> MaskChanges:
    """Say how the user wants the masks to be: as they are open unless something was changed."""
    masks = None if state.footage is None else state.footage.masks
    return state.view.mask_wish or (UNCHANGED if masks is None else masks.changes)
