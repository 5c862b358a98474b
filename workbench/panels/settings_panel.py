"""The Settings tab: every setting that has no place on the other tabs."""

import itertools

import viser

from neuhmr.refine.settings import SETTINGS
from neuhmr.refine.settings.table import Setting
from workbench.core import markup
from workbench.core.editing import Editing
from workbench.core.notices import Notices
from workbench.core.session import SessionState
from workbench.panels.preset_widgets import PresetWidgets
from workbench.panels.setting_widgets import SettingWidgets
from workbench.panels.sweep_widgets import SweepWidgets, sweep_note

GROUPS: dict[str, str] = {
    "draft": "Draft: at the next avatar",
    "anchors": "Anchors: at the next Register",
    "matching": "Matching: at once",
    "weights": "Weights: at once",
    "balance": "Balance: at the next start",
    "robust": "Robust errors: at once",
    "motion_field": "Motion field: at the next start",
    "schedule": "Schedule: at the next start",
    "guard": "Guard: at the next Judge",
}
"""Title of each group of settings; says when a change is felt."""


class SettingsPanel:
    """Folded folders, one a group."""

    def __init__(self, gui: viser.GuiApi, editing: Editing, notices: Notices) -> None:
        tasks = editing.tasks
        self._presets = PresetWidgets(gui, editing, notices)
        with gui.add_folder("Sweep", expand_by_default=False):
            gui.add_html(sweep_note())
            self._sweep = SweepWidgets(gui, editing, notices)
        gui.add_html(
            markup.paragraph(
                "Everything that refinement can be told. The settings that are used most are on "
                "the tabs of their stages. Rest the mouse on one to see what it does."
            )
        )
        self._widgets = []
        rows = [row for row in SETTINGS.values() if not row.declared.flag]
        for group, members in itertools.groupby(rows, _group):
            with gui.add_folder(GROUPS[group], expand_by_default=False):
                self._widgets.append(SettingWidgets(gui, tasks, notices, list(members)))
        defaults = gui.add_button(
            "All settings back to the defaults",
            color="gray",
            hint="Put all settings, on all tabs, back to where they started.",
        )
        defaults.on_click(notices.guard(lambda _event: tasks.reset_settings()))

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        self._presets.refresh(state)
        self._sweep.refresh(state)
        for widgets in self._widgets:
            widgets.refresh(state)


def _group(row: Setting) -> str:
    return row.group
