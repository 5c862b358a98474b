"""The strip below the video: one bar a frame, worst ones red; a click seeks."""

import numpy as np
from jaxtyping import Float

from workbench.core.markup import ANCHOR, BAD, FAINT, GIVEN_UP, REFINED, block, escape
from workbench.core.session import FrameScores

WIDTH, HEIGHT = 600, 46
BAD_SHARE = 0.1
"""Share of the frames that counts as bad."""


def bad_frames(scores: FrameScores) -> list[int]:
    """List the worst tenth of the frames in order of time; at least one."""
    ranked = scores.worst_first()
    count = max(1, round(BAD_SHARE * len(ranked))) if ranked else 0
    return sorted(ranked[:count])


def neighbor_bad_frame(scores: FrameScores, frame: int, direction: int) -> int | None:
    """Find the next bad frame after (1) or before (-1) a frame; None where there is none."""
    bad = bad_frames(scores)
    if direction > 0:
        return next((f for f in bad if f > frame), None)
    return next((f for f in reversed(bad) if f < frame), None)


def bar_heights(scores: FrameScores, num_frames: int, num_bars: int) -> Float[np.ndarray, " bars"]:
    """Reduce to the worst value of each stretch of frames, in [0, 1]; NaN where none is known."""
    heights = np.full(num_bars, np.nan)
    largest = float(np.nanmax(scores.values)) if len(scores.values) else 0.0
    if largest <= 0.0:
        return heights
    bars = np.minimum(scores.frames * num_bars // max(num_frames, 1), num_bars - 1)
    for bar, value in zip(bars, scores.values / largest, strict=True):
        heights[bar] = value if np.isnan(heights[bar]) else max(heights[bar], value)
    return heights


def draw_timeline(
    num_frames: int,
    frame: int,
    scores: FrameScores | None,
    anchors: tuple[int, ...],
    on_click: str,
    given_up: tuple[int, ...] = (),
) -> str:
    """Draw the strip.

    Args:
        num_frames: of the clip.
        frame: the present one.
        scores: the bars.
        anchors: frames with a mark at the top.
        on_click: a script that finds the share of the width in `x`.
        given_up: frames with a line at the bottom.
    """
    shapes = [f'<rect width="{WIDTH}" height="{HEIGHT}" rx="3" fill="#141517"/>']
    caption = "Click to go to a frame"
    if scores is not None and len(scores.frames):
        shapes += _bars(scores, num_frames)
        worst = scores.worst_first()[0]
        caption = f"{scores.meaning}; worst frame {worst}, the worst tenth is red"
    if given_up:
        caption += f"; {len(given_up)} mostly keep their initial pose (line at the bottom)"
    for stretch in _stretches(given_up):
        left, right = (edge / max(num_frames, 1) * WIDTH for edge in stretch)
        shapes.append(
            f'<rect x="{left:.1f}" y="{HEIGHT - 4}" width="{right - left:.1f}" height="4" '
            f'fill="{GIVEN_UP}"/>'
        )
    for anchor in anchors:
        x = (anchor + 0.5) / max(num_frames, 1) * WIDTH
        shapes.append(f'<path d="M{x - 4:.1f},0h8l-4,6z" fill="{ANCHOR}"/>')
    x = (frame + 0.5) / max(num_frames, 1) * WIDTH
    shapes.append(f'<rect x="{x - 1:.1f}" width="2" height="{HEIGHT}" fill="#fff"/>')
    handler = (
        "const r=this.getBoundingClientRect();"
        "const x=Math.min(Math.max((event.clientX-r.left)/r.width,0),0.999999);" + on_click
    )
    return block(
        f'<svg role="img" aria-label="Timeline" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'preserveAspectRatio="none" onclick="{escape(handler)}" '
        f'style="width:100%;height:{HEIGHT}px;cursor:pointer;display:block">{"".join(shapes)}</svg>'
        f'<div style="color:{FAINT};font-size:12px">{escape(caption)}</div>'
    )


def _stretches(frames: tuple[int, ...]) -> list[tuple[int, int]]:
    """Join neighboring frames to (first, last + 1)."""
    found: list[tuple[int, int]] = []
    for frame in sorted(frames):
        if found and frame == found[-1][1]:
            found[-1] = (found[-1][0], frame + 1)
        else:
            found.append((frame, frame + 1))
    return found


def _bars(scores: FrameScores, num_frames: int) -> list[str]:
    num_bars = min(num_frames, WIDTH // 2)
    heights = bar_heights(scores, num_frames, num_bars)
    bad = {min(f * num_bars // max(num_frames, 1), num_bars - 1) for f in bad_frames(scores)}
    width = WIDTH / num_bars
    gap = 0.15 * width
    shapes = []
    for bar, height in enumerate(heights):
        if np.isnan(height):
            continue
        tall = max(1.5, float(height) * (HEIGHT - 10))
        color = BAD if bar in bad else REFINED
        shapes.append(
            f'<rect x="{bar * width + gap / 2:.1f}" y="{HEIGHT - tall:.1f}" '
            f'width="{width - gap:.1f}" height="{tall:.1f}" fill="{color}" '
            f'fill-opacity="{0.9 if bar in bad else 0.55}"/>'
        )
    return shapes
