"""Tables of reports in Markdown, and how numbers are written in them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Row = Mapping[str, Any]
"""Figures by name; the interval of one is beside it under `..._ci`."""
Figure = Callable[[Row], str]

DASH = "–"
"""Stands for what was not measured."""


def plain(value: float | int | None, digits: int, scale: float = 1.0, unit: str = "") -> str:
    """Write a number, or a dash where there is none."""
    return DASH if value is None else f"{scale * value:.{digits}f}{unit}"


def number(key: str, digits: int = 1) -> Figure:
    """Write a figure of a row."""
    return lambda row: plain(row.get(key), digits)


def share(key: str) -> Figure:
    """Write a figure of a row in percent."""
    return lambda row: plain(row.get(key), 0, 100.0, " %")


def estimate(key: str, digits: int = 1, scale: float = 1.0, unit: str = "") -> Figure:
    """Write a figure of a row and, in brackets, its interval where it has one."""

    def text(row: Row) -> str:
        value, interval = plain(row.get(key), digits, scale, unit), row.get(f"{key}_ci")
        if row.get(key) is None or interval is None:
            return value
        low, high = (plain(end, digits, scale) for end in interval)
        return f"{value} [{low}, {high}]"

    return text


def table(title: str, columns: Iterable[str], rows: Iterable[tuple[str, Iterable[str]]]) -> str:
    """Lay out a table: names to the left, figures to the right.

    Args:
        title: of the names' column.
        columns: titles of the figures.
        rows: name and figures.
    """
    titles = list(columns)
    lines = [f"| {title} | " + " | ".join(titles) + " |", "|---|" + "---:|" * len(titles)]
    lines += [f"| {name} | " + " | ".join(written) + " |" for name, written in rows]
    return "\n".join(lines)


def figure_table(
    title: str, figures: Mapping[str, Figure], rows: Iterable[Row], name: Figure
) -> str:
    """Lay out figures of rows.

    Args:
        title: of the names' column.
        figures: by the titles of their columns.
        rows: what was measured.
        name: what a row is called.
    """
    written = ((name(row), [figure(row) for figure in figures.values()]) for row in rows)
    return table(title, figures, written)


def averaged_over(what: str) -> str:
    """Say what means and intervals are over, for the foot of a table."""
    return f"means over {what}, in brackets 95 % intervals over {what}."
