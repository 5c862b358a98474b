"""What the Matches tab says in letters: the joint's verdict, failures by kind, the table."""

import math
from collections.abc import Callable, Sequence

from neuhmr.refine.settings.terms import MatchingConfig
from workbench.core import markup
from workbench.core.match_rows import ACCEPTED, NO_PART, MatchRow, joint_name
from workbench.core.stage_view import MATCH_COLUMNS, StageView

_TITLES = {
    "joint": ("joint", "Sort by the joint's number"),
    "similarity": ("cos", "Cosine of the best candidate with the joint's descriptor"),
    "distance": ("px", "From the joint to the best candidate, in pixels of the crop"),
    "gain": ("gain", "How much more similar the best candidate is than the joint's own place"),
    "accepted": ("ok", "Whether the match was accepted"),
    "anchors": ("seen", "How many anchors the joint was registered from"),
    "reason": ("reason", "Why the match was not accepted"),
}
_CARD = "display:grid;grid-template-columns:repeat(4,1fr);gap:0 8px;margin-top:3px"
_CELL = "padding:0 3px;height:17px;line-height:17px;white-space:nowrap"


def head(row: MatchRow, matching: MatchingConfig) -> str:
    """Say how a joint's match went, in one line and four numbers."""
    color = markup.GOOD if row.accepted else markup.FAINT if row.reason == NO_PART else markup.BAD
    name = f"<b>{markup.escape(joint_name(row.joint))}</b>"
    line = f'<div style="display:flex;gap:8px;align-items:center">{name}'
    line += f"{markup.chip(row.reason, color)}</div>"
    limits = (
        f"must exceed {matching.least_similarity:.2f}",
        f"σ {matching.sigma_px:g} px",
        f"must exceed {matching.least_gain:.2f}",
        f"S = {matching.num_samples}",
    )
    numbers = (
        ("cosine", _number(row.similarity, "{:.2f}")),
        ("distance", _number(row.distance, "{:.1f} px")),
        ("gain", _number(row.gain, "{:+.2f}")),
        ("anchors", str(row.anchors)),
    )
    cells = "".join(
        f'<div title="{markup.escape(limit)}"><div style="color:{markup.FAINT};font-size:11px">'
        f'{markup.escape(title)}</div><div style="font-size:14px">{markup.escape(value)}</div>'
        "</div>"
        for (title, value), limit in zip(numbers, limits, strict=True)
    )
    return markup.block(f'{line}<div style="{_CARD}">{cells}</div>')


def legend(switch: str) -> str:
    """Explain the joint's picture; `switch` is a button at the end of the line."""
    parts = (
        ("✚", "#ffffff", "joint"),
        ("●", "#f06e3c", "candidates"),
        ("○", markup.GOOD, "match"),
        ("○", markup.BAD, "rejected"),
    )
    marks = "".join(
        f'<span style="white-space:nowrap"><span style="color:{color}">{mark}</span> {words}</span>'
        for mark, color, words in parts
    )
    return _line(marks, switch)


def over_time(switch: str, known: int, all_frames: int) -> str:
    """Head the line over time; `switch` is a button at the end."""
    return _line(f"<span>Over time: {known} of {all_frames} frames</span>", switch)


def _line(left: str, right: str) -> str:
    return markup.block(
        f'<div style="display:flex;gap:9px;align-items:center;font-size:11px;color:{markup.FAINT}">'
        f'{left}<span style="flex:1"></span>{right}</div>'
    )


def kinds(counts: Sequence[tuple[str, int]]) -> str:
    """Count the matches of the frame by what became of them; kinds that did not occur are faint."""
    parts = []
    for words, count in counts:
        color = markup.GOOD if words == ACCEPTED else markup.BAD
        color = color if count else "#5c6670"
        parts.append(
            f'<span style="white-space:nowrap;color:{color}"><b>{count}</b> {markup.escape(words)}'
            "</span>"
        )
    return markup.block(
        f'<div style="display:flex;flex-wrap:wrap;gap:0 12px;font-size:11.5px">{"".join(parts)}'
        "</div>"
    )


def match_table(
    rows: Sequence[MatchRow],
    view: StageView,
    selected: int,
    on_row: Callable[[int], str],
    on_column: Callable[[int], str],
) -> str:
    """Draw the joints as a table whose titles sort it and whose rows select a joint."""
    titles = []
    for index, column in enumerate(MATCH_COLUMNS):
        words, hint = _TITLES[column]
        arrow = ""
        if column == view.sort_matches_by:
            arrow = " ▾" if view.sort_descending else " ▴"
        titles.append(
            f'<th role="button" title="{markup.escape(hint)}" onclick="'
            f'{markup.escape(on_column(index))}" style="{_CELL};{_align(column)};cursor:pointer;'
            f'font-weight:500;color:{markup.TEXT if arrow else markup.FAINT}">{words}{arrow}</th>'
        )
    body = "".join(_row(row, row.joint == selected, on_row(row.joint)) for row in rows)
    return markup.block(
        '<table class="nh-matches" style="border-collapse:collapse;width:100%;font-size:11.5px;'
        f'font-variant-numeric:tabular-nums"><tr>{"".join(titles)}</tr>{body}</table>',
        "padding:2px 6px",
    )


def _row(row: MatchRow, is_selected: bool, action: str) -> str:
    is_part = row.reason != NO_PART
    texts = {
        "joint": joint_name(row.joint),
        "similarity": _number(row.similarity, "{:.2f}"),
        "distance": _number(row.distance, "{:.1f}"),
        "gain": _number(row.gain, "{:+.2f}"),
        "accepted": ("✓" if row.accepted else "✗") if is_part else "–",
        "anchors": str(row.anchors),
        "reason": "" if row.accepted else row.reason,
    }
    color = markup.TEXT if is_part else "#77828e"
    cells = "".join(_cell(column, texts[column], row, color) for column in MATCH_COLUMNS)
    background = f"background:{markup.REFINED}33;" if is_selected else ""
    return (
        f'<tr aria-selected="{str(is_selected).lower()}" onclick="{markup.escape(action)}" '
        f'style="border-top:1px solid {markup.LINE};cursor:pointer;{background}">{cells}</tr>'
    )


def _cell(column: str, text: str, row: MatchRow, color: str) -> str:
    if column in ("accepted", "reason") and row.reason not in (NO_PART,):
        color = markup.GOOD if row.accepted else markup.BAD
    style = f"{_CELL};{_align(column)};color:{color}"
    return f'<td style="{style}">{markup.escape(text)}</td>'


def _align(column: str) -> str:
    return f"text-align:{'left' if column in ('joint', 'reason') else 'right'}"


def _number(value: float, pattern: str) -> str:
    return "–" if not math.isfinite(value) else pattern.format(value)
