"""Settings by name: choose and load, type and save."""

import viser

from workbench.core.button_row import ButtonRow, RowButton
from workbench.core.editing import Editing
from workbench.core.notices import Notices
from workbench.core.presets import BUILT_IN
from workbench.core.session import SessionState
from workbench.errors import WorkbenchError
from workbench.server.user_event import UserEvent


class PresetWidgets:
    """In the tab or folder that is open now."""

    def __init__(self, gui: viser.GuiApi, editing: Editing, notices: Notices) -> None:
        self._editing = editing
        self._typed, self._chosen = "", BUILT_IN[0]
        self._has_asked = False
        options = tuple(str(name) for name in BUILT_IN)
        self._menu = gui.add_dropdown(
            "Preset", options, hint="Named settings; those that you saved come after the two."
        )
        self._menu.on_update(notices.guard(self._choose))
        self._name = gui.add_text("Save as", "", hint="A plain name; the command line takes it.")
        self._name.on_update(notices.guard(self._type))
        self._row = ButtonRow(
            gui,
            notices,
            (
                RowButton("Load", "right", "Take over all settings of the chosen preset.",
                          lambda: editing.presets.load(self._chosen)),
                RowButton("Save", "copy", "Keep all settings under the name above.", self._save),
            ),
        )  # fmt: skip

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        if not self._has_asked and state.config is not None:
            self._has_asked = True
            self._editing.presets.list()
        options = state.presets or BUILT_IN
        if tuple(self._menu.options) != options:
            self._menu.options = options
        if self._chosen in options and self._menu.value != self._chosen:
            self._menu.value = self._chosen
        self._row.refresh(set() if state.config is not None else {"Load", "Save"})

    def _choose(self, event: UserEvent) -> None:
        self._chosen = event.value

    def _type(self, event: UserEvent) -> None:
        self._typed = event.value

    def _save(self) -> None:
        if not self._typed.strip():
            raise WorkbenchError("Type a name first, into the field called Save as.")
        self._editing.presets.save(self._typed)
