"""The page docs/settings.md, made from the table; `neuhmr settings --markdown` prints it."""

import itertools
from typing import get_args

from neuhmr.refine.settings.config import PresetName
from neuhmr.refine.settings.table import SETTINGS, Setting

_TITLES = {
    "draft": "Draft",
    "anchors": "Anchors",
    "matching": "Matching",
    "weights": "Weights of the terms",
    "balance": "Balance of the terms",
    "robust": "Robust errors",
    "motion_field": "Motion field",
    "schedule": "Schedule",
    "guard": "Guard",
    "": "All stages",
}
_INTRODUCTION = """# Settings

Everything that refinement can be told, made from the program's own table by `neuhmr settings
--markdown`. On the command line a setting with an option of its own is given by it; every setting
can be given by its name: `neuhmr refine CLIP --out OUT --set draft.steps=100 weights.prior=0`,
and any number of them in a TOML file, such as the window saves: `--settings mine.toml`. In the
window each has a widget, on the tab of its stage or on the Settings tab. *Live* ones act at the
next step of a refinement that is under way; of the others, the stage has to be done anew. Frames
and rates are meant for 30 frames a second and adapted to the clip's own rate. Values below a
range are refused; values above it may be typed, though a slider ends there.
"""


def settings_page() -> str:
    """Write the page."""
    parts = [_INTRODUCTION]
    for group, rows in itertools.groupby(SETTINGS.values(), lambda row: row.group):
        parts.append(f"\n## {_TITLES[group]}\n\n" + _table(list(rows)))
    return "".join(parts)


def _table(rows: list[Setting]) -> str:
    presets: tuple[PresetName, ...] = get_args(PresetName)
    names = " | ".join(f"`{name}`" for name in presets)
    lines = [
        f"| name | symbol | option | {names} | unit | range | live | what it does |",
        "|---" * (7 + len(presets)) + "|",
    ]
    for row in rows:
        said = row.declared
        option = f"`--{said.flag}`" if said.flag else ""
        values = " | ".join(_word(row.value_of_preset(name)) for name in presets)
        live = "yes" if said.is_live else ""
        lines.append(
            f"| `{row.name}` | {said.symbol} | {option} | {values} | {said.unit} | "
            f"{_range(row)} | {live} | {said.help} |"
        )
    return "\n".join(lines) + "\n"


def _range(row: Setting) -> str:
    if row.kind is bool:
        return "on, off"
    if row.choices:
        return ", ".join(row.choices)
    scale = ", log" if row.declared.scale == "log" else ""
    return f"{row.declared.low:g} to {row.declared.high:g}{scale}"


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)
