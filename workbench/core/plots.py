"""Loss terms as series of a live plot."""

import itertools
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from workbench.core.session import LossPoint

MAX_POINTS = 1000
LEAST_SHARE = 2e-3
"""Terms that were never a larger part of the total are not drawn."""
LOWEST_SHARE = 1e-3
"""Terms are drawn at no less than this part of the largest total."""
SMALLEST = 1e-9
"""What a logarithmic axis can still show."""
_COLORS = ("#ff8787", "#ffd43b", "#69db7c", "#b197fc", "#ffa94d", "#66d9e8", "#f783ac")
TOTAL_COLOR = "#f1f3f5"


def term_names(losses: Sequence[LossPoint]) -> tuple[str, ...]:
    """List the terms that ever had a say: others would only stretch the logarithmic axis."""
    if not losses:
        return ()
    largest: dict[str, float] = {}
    for point in losses:
        total = sum(value for _, value in point.terms)
        for name, value in point.terms:
            share = value / total if total > 0.0 else 0.0
            largest[name] = max(largest.get(name, 0.0), share)
    return tuple(name for name, _ in losses[-1].terms if largest[name] >= LEAST_SHARE)


def loss_series(
    losses: Sequence[LossPoint], names: Sequence[str], most_points: int = MAX_POINTS
) -> tuple[Float[np.ndarray, " points"], ...]:
    """Steps, the total, and each term; averaged over stretches where there are too many steps."""
    table = np.full((len(losses), len(names) + 2), np.nan)
    for row, point in enumerate(losses):
        terms = dict(point.terms)
        table[row, 0] = point.step
        table[row, 1] = sum(terms.values())
        table[row, 2:] = [terms.get(name, np.nan) for name in names]
    if len(table) > most_points:
        edges = np.linspace(0, len(table), most_points + 1).astype(int)
        table = np.stack(
            [table[start:stop].mean(axis=0) for start, stop in itertools.pairwise(edges)]
        )
    # A term that starts at nothing would stretch the logarithmic axis over many decades.
    floor = max(SMALLEST, LOWEST_SHARE * float(np.nanmax(table[:, 1], initial=0.0)))
    table[:, 1:] = np.maximum(table[:, 1:], floor)
    return tuple(table.T)


def series_options(names: Sequence[str]) -> tuple[dict[str, object], ...]:
    """Describe the series of `loss_series` to the plot."""
    options: list[dict[str, object]] = [{"label": "step"}]
    options.append({"label": "total", "stroke": TOTAL_COLOR, "width": 2})
    for index, name in enumerate(names):
        options.append({"label": name, "stroke": _COLORS[index % len(_COLORS)], "width": 1.5})
    return tuple(options)
