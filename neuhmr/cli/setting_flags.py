"""Options of the command line for the settings of refinement, made from their table."""

from collections.abc import Sequence
from dataclasses import field, make_dataclass
from typing import Annotated, Any, Literal, TypeVar

from tyro.conf import arg

from neuhmr.errors import NeuhmrError
from neuhmr.refine.settings.table import FLAGS, Setting, find_setting

_METAVARS = {bool: "W", int: "N", float: "X", str: "WORD"}


Command = TypeVar("Command")


def with_setting_flags(command: type[Command]) -> type[Command]:
    """Give a command's dataclass an option for every setting with a flag; None is the preset's."""
    made = make_dataclass(
        command.__name__,
        [(_attribute(row), _annotation(row), field(default=None)) for row in FLAGS.values()],
        bases=(command,),
        frozen=True,
        kw_only=True,
        namespace={"__doc__": command.__doc__},
    )
    made.__module__ = command.__module__
    return made


def given_values(command: object, assignments: Sequence[str]) -> dict[str, Any]:
    """Collect the settings that were given, by name.

    Args:
        command: an instance of what `with_setting_flags` made.
        assignments: of `--set`, such as "draft.steps=100"; an option of its own wins.

    Raises:
        NeuhmrError: there is no such setting, or it cannot have that value.
    """
    values: dict[str, Any] = {}
    for text in assignments:
        name, equals, value = text.partition("=")
        if not equals:
            raise NeuhmrError(
                f'--set was given "{text}", something like draft.steps=100 was expected; '
                "`neuhmr settings` lists all names."
            )
        row = find_setting(name.strip())
        values[row.name] = row.checked(value.strip())
    for flag, row in FLAGS.items():
        value = getattr(command, _attribute(row))
        if value is not None:
            values[row.name] = row.checked(value, f"--{flag}")
    return values


def _attribute(row: Setting) -> str:
    return row.declared.flag.replace("-", "_")


def _annotation(row: Setting) -> Any:
    # A switch has three states here, on, off and the preset's; a word keeps its help on one line.
    kind: Any = Literal["on", "off"] if row.kind is bool else row.kind
    if row.choices:
        kind = Literal[row.choices]
    metavar = _METAVARS[row.kind]
    return Annotated[kind | None, arg(help=_help(row), metavar=metavar, help_behavior_hint="")]


def _help(row: Setting) -> str:
    """Say in one line what a setting does."""
    first = row.declared.help.split(". ")[0].rstrip(".").replace("%", "%%")
    if row.kind is bool:
        first = f"on or off: {first[:1].lower()}{first[1:]}"
    symbol = f"{row.declared.symbol}: " if row.declared.symbol else ""
    unit = f" ({row.declared.unit})" if row.declared.unit else ""
    return f"{symbol}{first}{unit}."
