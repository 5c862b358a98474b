"""What the Visibility tab draws: a joint's test as a gauge, and the matrix of all joints."""

from collections.abc import Callable

from workbench.core import markup
from workbench.core.match_rows import joint_name
from workbench.engine.depth_tests import DepthTests, DepthVerdict

COLUMNS = 1000
"""A cell is told as joint * COLUMNS + column; column 0 is the present frame, then the anchors."""
WORDS: dict[DepthVerdict, str] = {
    "visible": "visible",
    "hidden": "hidden",
    "before the surface": "before the surface",
    "no surface": "no surface there",
    "outside": "outside the picture",
}
_COLORS: dict[DepthVerdict, str] = {
    "visible": "#40c057",
    "hidden": "#d9480f",
    "before the surface": "#7048e8",
    "no surface": "#495057",
    "outside": "#2b3138",
}
_GAUGE_M = 0.6
_GAUGE_PX = 306
_MOST_NUMBERED = 8


def gauge(
    now: DepthTests, anchors: DepthTests | None, joint: int, epsilon: float, registered: float
) -> str:
    """Say how a joint fares in the present frame: words, numbers, and |D - z| against epsilon.

    Args:
        now: of the present frame.
        anchors: of the anchors, if known.
        joint: the selected one.
        epsilon: tolerance (m).
        registered: tolerance with which the joints were registered (m).
    """
    verdict = now.verdict(0, joint, epsilon)
    surface, depth = float(now.surface_depths[0, joint]), float(now.joint_depths[0, joint])
    color = markup.GOOD if verdict == "visible" else _COLORS["hidden"]
    line = (
        '<div style="display:flex;gap:8px;align-items:center">'
        f"<b>{markup.escape(joint_name(joint))}</b>{markup.chip(WORDS[verdict], color)}"
        f'<span style="flex:1"></span><span style="font-size:11px;color:{markup.FAINT}">'
        f"D {surface:.2f} m · z {depth:.2f} m</span></div>"
    )
    is_known = bool(now.comparable()[0, joint])
    distance = abs(surface - depth)
    sign = "&lt;" if distance < epsilon else "≥"
    test = f"|D − z| = {distance:.3f} m {sign} ε = {epsilon:.2f} m" if is_known else ""
    return markup.block(
        f"{line}{_scale(now, anchors, joint, epsilon)}"
        f'<div style="font-size:12px;min-height:17px;display:flex">{test}'
        f'<span style="flex:1"></span>{registration_note(registered, epsilon)}</div>'
    )


def registration_note(registered: float, epsilon: float) -> str:
    """Say so where the joints were registered with another tolerance (m) than the slider shows."""
    if registered == epsilon:
        return ""
    hint = "Matching uses the new ε at once; the joints' descriptors do after Register again."
    return (
        f'<span title="{markup.escape(hint)}" style="color:{markup.ANCHOR};font-size:11px">'
        f"registered with {registered:.2f}: Register again</span>"
    )


def _scale(now: DepthTests, anchors: DepthTests | None, joint: int, epsilon: float) -> str:
    """Draw distances on a line: green up to epsilon; white for now, yellow for the anchors."""

    def at(meters: float) -> float:
        return min(meters / _GAUGE_M, 1.0) * _GAUGE_PX

    parts = [
        f'<rect x="0" y="8" width="{_GAUGE_PX}" height="8" rx="2" fill="#3a2420"/>',
        f'<rect x="0" y="8" width="{at(epsilon):.1f}" height="8" rx="2" fill="#1f5130"/>',
        f'<path d="M{at(epsilon):.1f} 3V21" stroke="#fff" stroke-dasharray="2 2"/>',
    ]
    if anchors is not None:
        comparable, distances = anchors.comparable()[:, joint], anchors.distances()[:, joint]
        for index, distance in enumerate(distances):
            if comparable[index]:
                x = at(float(distance))
                parts.append(f'<path d="M{x:.1f} 9V15" stroke="{markup.ANCHOR}"/>')
    if now.comparable()[0, joint]:
        x = at(float(now.distances()[0, joint]))
        parts.append(f'<circle cx="{x:.1f}" cy="12" r="5" fill="#fff" stroke="#000"/>')
    return (
        f'<svg width="{_GAUGE_PX + 8}" height="24" viewBox="-4 0 {_GAUGE_PX + 8} 24" role="img" '
        f'aria-label="Distance from joint to surface">{"".join(parts)}</svg>'
    )


def matrix(
    now: DepthTests | None,
    anchors: DepthTests,
    joint: int,
    epsilon: float,
    script: Callable[[str], str],
) -> str:
    """Draw joints against the present frame and the anchors; a click on a cell goes there.

    Args:
        now: of the present frame, if known.
        anchors: of the anchors.
        joint: the selected one.
        epsilon: tolerance (m).
        script: writes the handler that sends an expression of the page.
    """
    seen = anchors.visible(epsilon).sum(axis=0)
    head = [f'<span style="color:{markup.FAINT}">seen by</span>', _label("now", "the frame shown")]
    count = len(anchors.frames)
    stride = -(-count // _MOST_NUMBERED)
    for index, frame in enumerate(anchors.frames):
        head.append(_label(str(frame) if index % stride == 0 else "", f"anchor, frame {frame}"))
    rows = ["".join(head) + "<span></span>"]
    for row in range(anchors.joint_depths.shape[1]):
        is_selected = row == joint
        weight = "color:#fff;font-weight:600" if is_selected else f"color:{markup.FAINT}"
        background = f"background:{markup.REFINED}33;" if is_selected else ""
        parts = [
            f'<span style="{background}{weight};white-space:nowrap;cursor:pointer" '
            f'data-c="{row * COLUMNS}">{markup.escape(joint_name(row))}</span>',
            _cell(now, 0, row, epsilon, 0),
            *(_cell(anchors, index, row, epsilon, index + 1) for index in range(count)),
            f'<span style="text-align:right;{weight if seen[row] else "color:#ff8787"}">'
            f"{seen[row]}</span>",
        ]
        rows.append("".join(parts))
    columns = f"62px 20px repeat({count},minmax(2px,1fr)) 20px"
    action = script("Number(event.target.dataset.c)")
    return markup.block(
        f'<div class="nh-matrix" onclick="if(event.target.dataset.c){{{markup.escape(action)}}}" '
        f'style="display:grid;grid-template-columns:{columns};gap:1px;font-size:10px;'
        f'line-height:11px;font-variant-numeric:tabular-nums">{"".join(rows)}</div>'
    )


def legend() -> str:
    """Explain the matrix's colors."""
    entries = (
        ("visible", _COLORS["visible"]),
        ("hidden", _COLORS["hidden"]),
        ("before it", _COLORS["before the surface"]),
        ("no surface, outside", _COLORS["no surface"]),
    )
    parts = "".join(
        f'<span><span style="color:{color}">■</span> {words}</span>' for words, color in entries
    )
    return markup.block(
        f'<div style="display:flex;gap:10px;font-size:11px;color:{markup.FAINT}">{parts}</div>'
    )


def _label(text: str, title: str) -> str:
    style = f"color:{markup.FAINT};text-align:center;overflow:visible;white-space:nowrap"
    return f'<span title="{markup.escape(title)}" style="{style}">{markup.escape(text)}</span>'


def _cell(tests: DepthTests | None, index: int, joint: int, epsilon: float, column: int) -> str:
    if tests is None:
        return "<span></span>"
    verdict = tests.verdict(index, joint, epsilon)
    distance = float(tests.distances()[index, joint])
    numbers = ""
    if verdict not in ("no surface", "outside"):
        surface, depth = tests.surface_depths[index, joint], tests.joint_depths[index, joint]
        numbers = f": |D−z| {distance:.3f} m (D {surface:.2f}, z {depth:.2f})"
    words = f"{joint_name(joint)} in frame {tests.frames[index]}{numbers}, {WORDS[verdict]}"
    return (
        f'<span data-c="{joint * COLUMNS + column}" data-v="{verdict}" '
        f'title="{markup.escape(words)}" style="background:{_COLORS[verdict]};'
        f'opacity:{_strength(verdict, distance, epsilon):.2f};cursor:pointer"></span>'
    )


def _strength(verdict: DepthVerdict, distance: float, epsilon: float) -> float:
    """Make what is decided clearly strong, and what a small change of epsilon turns over faint."""
    if verdict in ("no surface", "outside") or epsilon <= 0.0:
        return 0.8
    margin = abs(distance - epsilon) / epsilon
    return 0.5 + 0.5 * min(margin, 1.0)
