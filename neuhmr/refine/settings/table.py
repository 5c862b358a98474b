"""The table of all settings, read off their declarations; every surface is made from it.

A setting's `name` is its place in `RefineConfig`, such as `weights.rgb` or `draft.camera_height`.
"""

import difflib
import math
from collections.abc import Mapping
from dataclasses import Field, dataclass, fields, is_dataclass, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

from neuhmr.errors import NeuhmrError
from neuhmr.refine.settings.config import PresetName, RefineConfig
from neuhmr.setting import DECLARATION, Declaration, Value

Stage = Literal["draft", "anchors", "steps", "guard"]
"""What has to be done anew, with all that follows it, before a change is felt."""

_STAGES: dict[str, Stage] = {"draft": "draft", "anchors": "anchors", "guard": "guard"}


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One row of the table."""

    name: str
    kind: type
    """bool, int, float or str."""
    choices: tuple[str, ...]
    """What a str may be; empty for other kinds."""
    default: Value
    declared: Declaration

    @property
    def group(self) -> str:
        """Part of the configuration, such as `weights`; "" for the seed."""
        return self.name.rpartition(".")[0]

    @property
    def stage(self) -> Stage:
        """The first stage that looks at it."""
        return _STAGES.get(self.group, "steps")

    def value_in(self, config: RefineConfig) -> Value:
        """Read it from a configuration."""
        found: Any = config
        for part in self.name.split("."):
            found = getattr(found, part)
        return found

    def value_of_preset(self, name: PresetName) -> Value:
        """Look up what a preset says."""
        return self.declared.presets.get(name, self.default)

    def checked(self, value: Any, called: str = "") -> Value:
        """Turn a number, a truth value or a word into a value of this setting's kind.

        Args:
            value: from a command line, a browser or a file.
            called: how the user knows the setting; else by its name.

        Raises:
            NeuhmrError: it is of another kind, no finite number, or beyond what makes sense.
        """
        called = called or self.name
        if self.kind is bool:
            return _truth(value, called)
        if self.kind is str:
            if value not in self.choices:
                raise NeuhmrError(_expected(called, value, " or ".join(self.choices)))
            return value
        number = finite_number(value, called)
        if self.kind is int and number != round(number):
            raise NeuhmrError(_expected(called, value, "a whole number"))
        if number < self.declared.low:
            low = self.kind(self.declared.low)
            raise NeuhmrError(_expected(called, self.kind(number), f"at least {low}"))
        if self.declared.is_share and number > 1.0:
            raise NeuhmrError(_expected(called, number, "at most 1"))
        return self.kind(number)


def _collect(config: type, prefix: str = "") -> list[Setting]:
    hints = get_type_hints(config)
    found: list[Setting] = []
    for item in fields(config):
        hint, name = hints[item.name], prefix + item.name
        if is_dataclass(hint):
            assert isinstance(hint, type)
            found += _collect(hint, f"{name}.")
        elif DECLARATION in item.metadata:
            found.append(_row(name, hint, item))
    return found


def _row(name: str, hint: Any, item: "Field[Any]") -> Setting:
    is_choice, default = get_origin(hint) is Literal, item.default
    assert isinstance(default, Value), f"{name} has no default"
    return Setting(
        name=name,
        kind=str if is_choice else hint,
        choices=get_args(hint) if is_choice else (),
        default=default,
        declared=item.metadata[DECLARATION],
    )


SETTINGS: dict[str, Setting] = {row.name: row for row in _collect(RefineConfig)}
"""All settings by name, in the order in which the stages use them."""

FLAGS: dict[str, Setting] = {
    row.declared.flag: row for row in SETTINGS.values() if row.declared.flag
}
"""Those with an option of their own, by the option's name."""


def preset(name: PresetName) -> RefineConfig:
    """Look up a named configuration."""
    values = {row.name: row.value_of_preset(name) for row in SETTINGS.values()}
    return replace(with_values(RefineConfig(), values), name=name)


def values_of(config: RefineConfig) -> dict[str, Value]:
    """Write a configuration as one value per setting."""
    return {name: row.value_in(config) for name, row in SETTINGS.items()}


def with_values(config: RefineConfig, values: Mapping[str, Any]) -> RefineConfig:
    """Change settings by name.

    Raises:
        NeuhmrError: there is no such setting, or a value cannot be.
    """
    groups: dict[str, dict[str, Value]] = {}
    for name, value in values.items():
        row = find_setting(name)
        groups.setdefault(row.group, {})[row.name.rpartition(".")[2]] = row.checked(value)
    own: dict[str, Any] = groups.pop("", {})
    parts = {name: replace(getattr(config, name), **changes) for name, changes in groups.items()}
    return replace(config, **own, **parts)


def with_live_values(config: RefineConfig, wanted: RefineConfig) -> RefineConfig:
    """Take over what may change between two steps, and nothing else."""
    live = {name: row.value_in(wanted) for name, row in SETTINGS.items() if row.declared.is_live}
    return with_values(config, live)


def find_setting(name: str) -> Setting:
    """Look a setting up by its name.

    Raises:
        NeuhmrError: there is none; says which ones are spelled alike.
    """
    if name in SETTINGS:
        return SETTINGS[name]
    near = difflib.get_close_matches(name, SETTINGS, n=3, cutoff=0.5)
    advice = f"did you mean {' or '.join(near)}?" if near else "see `neuhmr settings`."
    raise NeuhmrError(f'There is no setting "{name}"; {advice}')


def _truth(value: Any, called: str) -> bool:
    if isinstance(value, bool):
        return value
    words = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}
    found = words.get(str(value).lower())
    if found is None:
        raise NeuhmrError(_expected(called, value, "on or off"))
    return found


def finite_number(value: Any, called: str) -> float:
    """Turn what a user gave into a number.

    Args:
        value: from a command line, a browser or a file.
        called: how the user knows it.

    Raises:
        NeuhmrError: it is no number, or not finite.
    """
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or isinstance(value, bool):
        raise NeuhmrError(_expected(called, value, "a number"))
    return number


def _expected(called: str, value: object, expected: str) -> str:
    return f"{called} is {value}, {expected} was expected; change it."
