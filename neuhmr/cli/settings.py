"""`neuhmr settings`: everything refinement can be told."""

from dataclasses import dataclass
from typing import Annotated, get_args

from tyro.conf import arg

from neuhmr.cli.inputs import JsonFlag
from neuhmr.cli.output import print_rows
from neuhmr.refine.settings import SETTINGS, PresetName
from neuhmr.refine.settings.page import settings_page

PRESETS: tuple[PresetName, ...] = get_args(PresetName)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """List all settings of refinement: names for --set, what they do, and each preset's value."""

    markdown: Annotated[bool, arg(help_behavior_hint="")] = False
    """Print the page docs/settings.md instead."""
    json: JsonFlag = False

    def run(self) -> dict[str, object]:
        """Read the table."""
        return {
            row.name: {
                "symbol": row.declared.symbol,
                "unit": row.declared.unit,
                "help": row.declared.help,
                "flag": f"--{row.declared.flag}" if row.declared.flag else None,
                "live": row.declared.is_live,
                "low": row.declared.low,
                "choices": list(row.choices),
                **{name: row.value_of_preset(name) for name in PRESETS},
            }
            for row in SETTINGS.values()
        }

    def show(self, result: dict[str, object]) -> None:
        """Print one row a setting, or the page."""
        if self.markdown:
            print(settings_page(), end="")
            return
        rows = [
            (row.name, *(str(row.value_of_preset(name)) for name in PRESETS), row.declared.unit)
            for row in SETTINGS.values()
        ]
        print_rows(rows, ("Setting", *PRESETS, "unit"))
