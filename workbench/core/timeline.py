"""What the strip at the bottom shows of every frame; the page draws it."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from jaxtyping import Float

from workbench.core.session import SessionState
from workbench.core.shown_results import FrameScores

BAD_SHARE = 0.1
"""Share of the frames that counts as bad."""
MAX_COLUMNS = 2000
"""More cannot be told apart on any screen."""


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


def worst_of_columns(
    frames: Iterable[int], values: Iterable[float], num_frames: int, num_columns: int
) -> Float[np.ndarray, " columns"]:
    """Reduce to the largest value of each stretch of frames; NaN where none is known."""
    columns = np.full(num_columns, np.nan)
    for frame, value in zip(frames, values, strict=True):
        column = min(int(frame) * num_columns // max(num_frames, 1), num_columns - 1)
        columns[column] = np.fmax(columns[column], value)
    return columns


def stretches(frames: Iterable[int]) -> list[list[int]]:
    """Join neighboring frames to [first, last]."""
    found: list[list[int]] = []
    for frame in sorted(frames):
        if found and frame == found[-1][1] + 1:
            found[-1][1] = frame
        else:
            found.append([frame, frame])
    return found


def strip_content(state: SessionState) -> dict[str, Any]:
    """Gather the strip: scores as shares of the largest, and stretches of marked frames."""
    num_frames, scores = state.num_frames, state.scores
    content: dict[str, Any] = {"frames": num_frames, "caption": "", "after": [], "before": []}
    columns = min(num_frames, MAX_COLUMNS)
    if scores is not None and len(scores.frames):
        before = np.full(len(scores.frames), np.nan) if scores.before is None else scores.before
        # One frame that went wild must not flatten all others.
        largest = float(np.nanmax([scores.values, before]))
        scale = 1.0 / largest if largest > 0.0 else 0.0
        for name, values in (("after", scores.values), ("before", before)):
            heights = scale * worst_of_columns(scores.frames, values, num_frames, columns)
            content[name] = _rounded(heights)
        worst = scores.worst_first()[0]
        content |= {
            "caption": scores.meaning,
            "largest": round(largest, 1),
            "bad": stretches(bad_frames(scores)),
            "worst": worst,
        }
    return content | _marks(state, columns)


def _marks(state: SessionState, columns: int) -> dict[str, Any]:
    scope, judged = state.scope, state.judged
    shares: list[float | None] = []
    if judged is not None and judged.frames:
        kept = {frame: 1.0 - verdict.refined_share for frame, verdict in judged.frames.items()}
        given = worst_of_columns(kept.keys(), kept.values(), state.num_frames, columns)
        shares = _rounded(1.0 - given)
    invalid = set(state.corrections.invalid)
    if state.initial is not None:
        seen = set(state.initial.frame_index[state.initial.valid].tolist())
        invalid |= set(range(state.num_frames)) - seen
    return {
        "share": shares,
        "anchors": sorted(state.anchors.anchors) if state.anchors is not None else [],
        "invalid": stretches(invalid),
        "locked": stretches(scope.locked_frames),
        "corrected": stretches(state.corrections.frames),
        "range": chosen_range(state),
    }


def chosen_range(state: SessionState) -> list[int] | None:
    """Tell the first and last frame that refinement may change; None for the whole clip."""
    scope = state.scope
    if scope.first is None and scope.last is None:
        return None
    last = max(state.num_frames - 1, 0)
    return [scope.first or 0, last if scope.last is None else min(scope.last, last)]


def loop_of(state: SessionState) -> tuple[int, int] | None:
    """Tell the first and last frame that playing repeats; None for the whole clip."""
    chosen = chosen_range(state) if state.view.loops_range else None
    return None if chosen is None else (chosen[0], chosen[1])


def _rounded(values: Float[np.ndarray, " columns"]) -> list[float | None]:
    """Write as JSON can hold it: three digits, None where nothing is known."""
    return [None if np.isnan(value) else round(float(value), 3) for value in values]
