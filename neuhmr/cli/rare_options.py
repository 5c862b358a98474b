"""Options that are there but seldom wanted: `--help` leaves them out, `--help-all` shows them."""

from dataclasses import MISSING, field, fields, is_dataclass, make_dataclass
from typing import Annotated, Any, get_args, get_type_hints

import tyro

from neuhmr.cli.inputs import RARE

HELP_ALL = "--help-all"


def without_rare(command: Any) -> Any:
    """Give a command whose help does not name its rare options; a choice of commands has none."""
    if not is_dataclass(command):
        return command
    hints = get_type_hints(command, include_extras=True)
    rare = [
        (each.name, Annotated[hints[each.name], tyro.conf.Suppress], _same_default(each))
        for each in fields(command)
        if RARE in get_args(hints[each.name])
    ]
    if not rare:
        return command
    name = getattr(command, "__name__", "")
    made = make_dataclass(
        name,
        rare,
        bases=(command,),  # pyright: ignore[reportArgumentType]
        frozen=True,
        kw_only=True,
        namespace={"__doc__": command.__doc__},
    )
    made.__module__ = command.__module__
    return made


def _same_default(each: Any) -> Any:
    assert each.default is not MISSING, "rare options can be left out"
    return field(default=each.default)
