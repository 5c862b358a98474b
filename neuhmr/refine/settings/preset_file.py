"""Settings in a TOML file that people can read, change, share and give to the command line.

preset = "fast"   # what is left out comes from it
seed = 0

[weights]
rgb = 0.2
"""

import math
from pathlib import Path
from typing import Any, get_args

from neuhmr.clip.atomic import atomic_path
from neuhmr.errors import NeuhmrError
from neuhmr.files.toml_text import read_toml
from neuhmr.refine.settings.config import PresetName, RefineConfig
from neuhmr.refine.settings.table import SETTINGS, find_setting
from neuhmr.setting import Value

SUFFIX = ".toml"
_EXPECTED = "a file of settings"
_REMEDY = "`neuhmr settings` lists them; the workbench saves such files"


def write_preset(path: Path, config: RefineConfig) -> None:
    """Write all settings with what they are, so that the file explains itself.

    Raises:
        OutputError: the file cannot be written.
    """
    lines = ["# Settings of NeuHMR refinement: neuhmr refine --settings THIS_FILE", ""]
    lines.append(f"preset = {_written(config.name)}  # what is left out comes from it")
    group = ""
    for row in sorted(SETTINGS.values(), key=lambda row: row.group):
        if row.group != group:
            group = row.group
            lines += ["", f"[{group}]"]
        unit = f" ({row.declared.unit})" if row.declared.unit else ""
        value = _written(row.value_in(config))
        lines.append(f"{row.name.rpartition('.')[2]} = {value}  # {row.declared.label}{unit}")
    with atomic_path(path) as partial:
        partial.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_preset(path: Path, base: PresetName = "fast") -> tuple[PresetName, dict[str, Value]]:
    """Read settings.

    Args:
        path: a TOML file; it may leave out any setting.
        base: preset for what is left out, where the file names none.

    Returns:
        The preset to start from, and the values that the file gives, by name.

    Raises:
        NeuhmrError: the file cannot be read, names a setting that is not there, or gives one a
            value that it cannot have.
    """
    data = read_toml(path, NeuhmrError, _EXPECTED, _REMEDY)
    name = data.pop("preset", base)
    if name not in get_args(PresetName):
        choices = " or ".join(get_args(PresetName))
        raise NeuhmrError(f"{path}: preset is {name!r}, {choices} was expected; change it.")
    values: dict[str, Value] = {}
    for dotted, value in _flattened(data).items():
        try:
            values[dotted] = find_setting(dotted).checked(_of_kind(value))
        except NeuhmrError as error:
            raise NeuhmrError(f"{path}: {error}") from error
    return name, values


def _flattened(data: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in data.items():
        if isinstance(value, dict):
            found |= _flattened(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = value
    return found


def _of_kind(value: Any) -> Value:
    """Accept what a setting may be at all; lists and dates are shown as they are, and refused."""
    return value if isinstance(value, Value) else str(value)


def _written(value: Value) -> str:
    """Write a value as TOML does."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    text = repr(value)
    is_plain = isinstance(value, int) or "." in text or "e" in text or not math.isfinite(value)
    return text if is_plain else f"{text}.0"
