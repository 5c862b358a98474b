"""How a setting is declared: once, where its value lives, with all that surfaces need of it.

A configuration is a frozen dataclass whose fields are made by `setting`. Flags, sliders, session
files, reports and the page of settings are generated from those declarations; see
`neuhmr.refine.settings.table`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Value = float | int | bool | str
Scale = Literal["linear", "log"]


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """What is said of a setting beside its name, its type and its value."""

    label: str
    """Two or three plain words, for a slider."""
    help: str
    """What it does, in a sentence or two."""
    symbol: str = ""
    """In the papers, such as λ_rgb; "" where they have none."""
    unit: str = ""
    """Of the value; "" for a plain number."""
    low: float | int = 0.0
    """Least value that makes sense; smaller ones are refused."""
    high: float | int = 1.0
    """Where a slider ends; larger values may be typed."""
    is_share: bool = False
    """Whether values above 1 make no sense, and are refused."""
    scale: Scale = "linear"
    """How a slider is graded; 0 lies below every logarithmic scale and has to be typed."""
    flag: str = ""
    """Name of its own option on the command line; "" where `--set` is its way in."""
    is_live: bool = False
    """Whether a change takes effect at the next step of a refinement that is under way."""
    presets: Mapping[str, Value] = field(default_factory=dict)
    """Values in presets that differ from the default."""


DECLARATION = "declaration"
"""Key of a field's metadata."""


def setting(
    default: Value,
    *,
    label: str,
    help: str,
    symbol: str = "",
    unit: str = "",
    low: float | int = 0.0,
    high: float | int = 1.0,
    is_share: bool = False,
    scale: Scale = "linear",
    flag: str = "",
    is_live: bool = False,
    **presets: Value,
) -> Any:
    """Declare a dataclass field that users may set; arguments as of `Declaration`.

    Args:
        default: its value, and in every preset that is not named.
        presets: values by preset, such as `paper=2.5`.
    """
    declaration = Declaration(
        label=label,
        help=help,
        symbol=symbol,
        unit=unit,
        low=low,
        high=high,
        is_share=is_share,
        scale=scale,
        flag=flag,
        is_live=is_live,
        presets=presets,
    )
    return field(default=default, metadata={DECLARATION: declaration})
