"""Small pieces of HTML. Whatever comes from files or users is escaped here and nowhere else."""

import html
from collections.abc import Iterable, Sequence

TEXT = "#dfe4ea"
FAINT = "#a3adb8"
LINE = "#2a3139"
INITIAL = "#adb5bd"
REFINED = "#4dabf7"
TRUTH = "#51cf66"
ANCHOR = "#fcc419"
GIVEN_UP = "#f76707"
FOUND = "#ffe066"
MASK = "#f06595"
BAD = "#fa5252"
GOOD = "#40c057"

_BASE = f"font-size:12.5px;line-height:1.45;color:{TEXT};padding:2px 10px"


def escape(text: object) -> str:
    """Make any text safe to show."""
    return html.escape(str(text), quote=True)


def block(inner: str, style: str = "") -> str:
    """Wrap ready HTML in the window's text style."""
    return f'<div style="{_BASE};{style}">{inner}</div>'


def paragraph(text: str, color: str = FAINT) -> str:
    """Show plain text."""
    return block(escape(text), f"color:{color}")


def chip(text: str, color: str) -> str:
    """Show a word in a colored pill."""
    style = (
        f"display:inline-block;padding:1px 9px;border-radius:10px;font-weight:600;"
        f"font-size:12px;color:{color};border:1px solid {color}66;background:{color}1f"
    )
    return f'<span style="{style}">{escape(text)}</span>'


def next_step(title: str, text: str) -> str:
    """Say what to do next, where the eye falls."""
    card = (
        f"box-sizing:border-box;min-height:78px;padding:8px 12px;border-left:3px solid {REFINED};"
        "background:#1c2733;border-radius:4px"
    )
    return block(
        f'<div style="{card}"><div style="color:{REFINED};font-weight:600">{escape(title)}</div>'
        f"<div>{escape(text)}</div></div>",
        "padding-bottom:10px",
    )


def warning(title: str, text: str) -> str:
    """Say what keeps a part of the window from working."""
    card = (
        f"box-sizing:border-box;padding:8px 12px;border-left:3px solid {ANCHOR};"
        "background:#2b2618;border-radius:4px"
    )
    return block(
        f'<div style="{card}"><div style="color:{ANCHOR};font-weight:600">{escape(title)}</div>'
        f'<div style="overflow-wrap:anywhere">{escape(text)}</div></div>'
    )


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """List names and values in two columns."""
    cells = "".join(
        f'<tr><td style="color:{FAINT};padding:2px 12px 2px 0;white-space:nowrap;'
        f'vertical-align:top">{escape(name)}</td>'
        f'<td style="padding:2px 0;overflow-wrap:anywhere">{escape(value)}</td></tr>'
        for name, value in rows
    )
    return block(f'<table style="border-collapse:collapse">{cells}</table>')


def figures(rows: Iterable[tuple[str, str]]) -> str:
    """List names and short values, two pairs in a line."""
    cells = "".join(
        f'<span style="color:{FAINT}">{escape(name)}</span>'
        f'<span style="font-variant-numeric:tabular-nums">{escape(value)}</span>'
        for name, value in rows
    )
    grid = "display:grid;grid-template-columns:auto 1fr auto 1fr;gap:1px 10px"
    return block(f'<div style="{grid}">{cells}</div>')


def table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    on_click: Sequence[str] | None = None,
    selected: int | None = None,
) -> str:
    """Draw a table; cells are plain text, the first column is aligned left.

    Args:
        header: column titles.
        rows: cells.
        on_click: a script for each row, from `clicks.ClickTarget.script`.
        selected: the row to mark.
    """
    head = "".join(_cell("th", title, index, f"color:{FAINT};font-weight:500")
                   for index, title in enumerate(header))  # fmt: skip
    body = []
    for number, row in enumerate(rows):
        style = f"border-top:1px solid {LINE};" + (
            f"background:{REFINED}26;" if number == selected else ""
        )
        action = ""
        if on_click is not None:
            style += "cursor:pointer;"
            action = f' onclick="{escape(on_click[number])}"'
        cells = "".join(_cell("td", text, index) for index, text in enumerate(row))
        body.append(f'<tr style="{style}"{action}>{cells}</tr>')
    return block(
        f'<table style="border-collapse:collapse;width:100%"><tr>{head}</tr>{"".join(body)}</table>'
    )


def sortable_table(
    heads: Sequence[tuple[str, str]],
    rows: Sequence[Sequence[str]],
    on_click: Sequence[str],
    selected: int | None = None,
) -> str:
    """Draw a table of moderate height whose headings can be clicked, too.

    Args:
        heads: column titles, and a script for each.
        rows: cells.
        on_click: a script for each row.
        selected: the row to mark.
    """
    head = "".join(
        f'<th onclick="{escape(script)}" style="position:sticky;top:0;background:#191d22;'
        f"text-align:{'left' if place == 0 else 'right'};padding:2px 4px;white-space:nowrap;"
        f'color:{FAINT};font-weight:500;cursor:pointer">{escape(title)}</th>'
        for place, (title, script) in enumerate(heads)
    )
    body = []
    for number, row in enumerate(rows):
        back = f"background:{REFINED}26;" if number == selected else ""
        cells = "".join(_cell("td", text, index) for index, text in enumerate(row))
        body.append(
            f'<tr style="border-top:1px solid {LINE};cursor:pointer;{back}" '
            f'onclick="{escape(on_click[number])}">{cells}</tr>'
        )
    return block(
        f'<div style="max-height:190px;overflow-y:auto"><table style="border-collapse:collapse;'
        f'width:100%"><tr>{head}</tr>{"".join(body)}</table></div>'
    )


def _cell(tag: str, text: str, index: int, style: str = "") -> str:
    align = "left" if index == 0 else "right"
    return (
        f'<{tag} style="text-align:{align};padding:1px 3px;white-space:nowrap;'
        f'font-variant-numeric:tabular-nums;{style}">{escape(text)}</{tag}>'
    )


def legend(entries: Iterable[tuple[str, str]]) -> str:
    """Explain colors: (text, color) pairs in a row."""
    parts = "".join(
        f'<span style="margin-right:14px;white-space:nowrap"><span style="display:inline-block;'
        f'width:10px;height:10px;border-radius:2px;background:{color};margin-right:5px"></span>'
        f"{escape(text)}</span>"
        for text, color in entries
    )
    return block(parts, "padding-top:2px")
