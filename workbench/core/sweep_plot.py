"""Pictures of a sweep: points over one setting, or a table of colors over two."""

import math
from collections.abc import Callable

from workbench.core.markup import BAD, FAINT, GOOD, LINE, REFINED, TEXT, block, escape
from workbench.core.sweep import Sweep, SweepPoint
from workbench.core.value_words import short

WIDTH, HEIGHT = 320, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 36, 12, 10, 26


def draw_sweep(sweep: Sweep, script: Callable[[int], str]) -> str:
    """Draw what is known so far; `script` gives the handler of the n-th point."""
    points = [point for point in sweep.points if math.isfinite(point.score)]
    state = "running" if sweep.is_running else "ended"
    count = f"{len(sweep.points)} of {len(sweep.request.combinations())} runs, {state}"
    caption = block(
        f"{escape(sweep.meaning)}: less is better. Frames "
        f"{escape(', '.join(map(str, sweep.frames[:8])))}{'…' if len(sweep.frames) > 8 else ''}; "
        f"{count}.",
        f"color:{FAINT}",
    )
    if not points:
        return caption
    draw = _draw_line if len(sweep.request.axes) == 1 else _draw_grid
    return draw(sweep, points, script) + caption


def _draw_line(sweep: Sweep, points: list[SweepPoint], script: Callable[[int], str]) -> str:
    axis = sweep.request.axes[0]
    low, high = min(p.score for p in points), max(p.score for p in points)
    margin = 0.08 * (high - low) or max(0.01 * abs(high), 1e-6)
    low, high = low - margin, high + margin
    room = WIDTH - _LEFT - _RIGHT
    steps = max(len(axis.values) - 1, 1)

    def place(point: SweepPoint) -> tuple[float, float]:
        x = _LEFT + room * axis.values.index(point.values[0]) / steps
        y = _TOP + (HEIGHT - _TOP - _BOTTOM) * (high - point.score) / (high - low)
        return x, y

    shapes = [f'<rect width="{WIDTH}" height="{HEIGHT}" rx="3" fill="#14171b"/>']
    for share in (0.0, 0.5, 1.0):
        y = _TOP + (HEIGHT - _TOP - _BOTTOM) * share
        shapes.append(f'<path d="M{_LEFT},{y:.1f}H{WIDTH - _RIGHT}" stroke="{LINE}"/>')
        shapes.append(_text(_LEFT - 4, y + 3, f"{high + (low - high) * share:.4g}", "end"))
    every = max(1, math.ceil(len(axis.values) / 6))
    for index, value in enumerate(axis.values):
        if index % every == 0:
            shapes.append(_text(_LEFT + room * index / steps, HEIGHT - 14, short(value), "middle"))
    name = f"{axis.row.declared.label} {axis.row.declared.symbol}".strip()
    shapes.append(_text(_LEFT + room / 2, HEIGHT - 3, name, "middle"))
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(place, points))
    shapes.append(f'<polyline points="{path}" fill="none" stroke="{REFINED}" stroke-width="1.5"/>')
    best = sweep.best
    for point in points:
        x, y = place(point)
        color = GOOD if best is not None and point.version == best.version else REFINED
        number = sweep.points.index(point)
        title = f"{short(point.values[0])}: {point.score:.4g}"
        shapes.append(
            f'<circle class="run" cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{color}" '
            f'style="cursor:pointer" onclick="{escape(script(number))}">'
            f"<title>{escape(title)}</title></circle>"
        )
    return _svg(shapes, HEIGHT)


def _draw_grid(sweep: Sweep, points: list[SweepPoint], script: Callable[[int], str]) -> str:
    across, down = sweep.request.axes[1], sweep.request.axes[0]
    low, high = min(p.score for p in points), max(p.score for p in points)
    wide = (WIDTH - 60) / len(across.values)
    tall = 24.0
    height = 34 + tall * len(down.values)
    shapes = [_text(60 + (WIDTH - 60) / 2, 11, across.row.declared.label, "middle")]
    for index, value in enumerate(across.values):
        shapes.append(_text(60 + wide * (index + 0.5), 26, short(value), "middle"))
    for index, value in enumerate(down.values):
        shapes.append(_text(56, 34 + tall * (index + 0.65), short(value), "end"))
    for point in points:
        x = 60 + wide * across.values.index(point.values[1])
        y = 30 + tall * down.values.index(point.values[0])
        share = (point.score - low) / (high - low) if high > low else 0.0
        number = sweep.points.index(point)
        shapes.append(
            f'<g class="run" style="cursor:pointer" onclick="{escape(script(number))}">'
            f'<rect x="{x + 1:.1f}" y="{y + 1:.1f}" width="{wide - 2:.1f}" height="{tall - 2}" '
            f'rx="3" fill="{_mixed(share)}" fill-opacity=".75"/>'
            f"{_text(x + wide / 2, y + 0.65 * tall, f'{point.score:.3g}', 'middle', '#fff')}</g>"
        )
    return _svg(shapes, height) + block(
        f"down: {escape(down.row.declared.label)}", f"color:{FAINT}"
    )


def _svg(shapes: list[str], height: float) -> str:
    return block(
        f'<svg role="img" aria-label="Sweep" viewBox="0 0 {WIDTH} {height:.0f}" '
        f'style="width:100%;display:block">{"".join(shapes)}</svg>'
    )


def _text(x: float, y: float, words: str, anchor: str, color: str = TEXT) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="10" fill="{color}" text-anchor="{anchor}" '
        f'pointer-events="none">{escape(words)}</text>'
    )


def _mixed(share: float) -> str:
    """Go from good to bad."""
    ends = [[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in (GOOD, BAD)]
    mixed = [round(a + (b - a) * share) for a, b in zip(*ends, strict=True)]
    return "#" + "".join(f"{channel:02x}" for channel in mixed)
