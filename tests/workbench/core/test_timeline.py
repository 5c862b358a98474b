import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from neuhmr.refine.scope import Scope
from workbench.core.session import SessionState
from workbench.core.shown_results import FrameScores
from workbench.core.timeline import (
    bad_frames,
    neighbor_bad_frame,
    stretches,
    strip_content,
    worst_of_columns,
)


@pytest.fixture
def scores():
    """Twenty scored frames 0, 2, 4, ...; frames 6 and 30 are the worst two."""
    values = np.linspace(1.0, 2.0, 20)
    values[3], values[15] = 9.0, 8.0
    return FrameScores(meaning="error (mm)", frames=np.arange(0, 40, 2), values=values)


def test_the_worst_tenth_is_bad(scores):
    assert bad_frames(scores) == [6, 30]
    assert scores.worst_first()[:2] == [6, 30]


@pytest.mark.parametrize(
    ("frame", "direction", "expected"),
    [(0, 1, 6), (6, 1, 30), (30, 1, None), (39, -1, 30), (30, -1, 6), (6, -1, None)],
)
def test_neighbors_among_bad_frames(scores, frame, direction, expected):
    assert neighbor_bad_frame(scores, frame, direction) == expected


def test_columns_show_the_worst_of_their_stretch(scores):
    columns = worst_of_columns(scores.frames, scores.values, 40, 4)
    # Frames 0 to 9 hold the largest value 9, frames 30 to 39 hold 8.
    assert columns[0] == 9.0 and columns[3] == 8.0


def test_columns_without_a_score_are_unknown(scores):
    assert np.isnan(worst_of_columns(scores.frames, scores.values, 40, 40)[1::2]).all()


def test_neighboring_frames_are_joined():
    assert stretches((9, 4, 3, 5)) == [[3, 5], [9, 9]] and stretches(()) == []


class Clip:
    """Forty frames; nobody was seen in frames 7 and 8."""

    class video:
        num_frames = 40

    class initial:
        frame_index = torch.arange(40)
        valid = torch.tensor([frame not in (7, 8) for frame in range(40)])


def content_of(**fields):
    return strip_content(SessionState(footage=Clip, **fields))


def test_the_strip_holds_shares_of_the_largest_score_and_what_it_means(scores):
    scores = replace(scores, before=2.0 * scores.values)
    content = content_of(scores=scores)
    assert len(content["after"]) == 40 and content["largest"] == 18.0
    assert content["after"][6] == 0.5 and content["before"][6] == 1.0
    assert content["after"][1] is None and content["caption"] == "error (mm)"
    assert content["bad"] == [[6, 6], [30, 30]] and content["worst"] == 6


def test_the_strip_marks_invalid_and_locked_frames_and_the_range():
    scope = Scope(first=10, locked_frames=frozenset({12, 13}))
    content = content_of(scope=scope)
    assert content["invalid"] == [[7, 8]] and content["locked"] == [[12, 13]]
    assert content["range"] == [10, 39] and content_of()["range"] is None
    assert content_of(scope=Scope(last=99))["range"] == [0, 39]


def test_the_strip_is_valid_json_without_scores_or_frames():
    for state in (SessionState(), SessionState(footage=Clip)):
        json.dumps(strip_content(state), allow_nan=False)


def test_scores_of_nothing_but_zeros_draw_flat_bars():
    scores = FrameScores(meaning="x", frames=np.arange(3), values=np.zeros(3))
    assert content_of(scores=scores)["after"][:3] == [0.0, 0.0, 0.0]


def test_long_clips_are_told_in_few_columns():
    scores = FrameScores(
        meaning="x", frames=np.arange(18_000), values=np.random.default_rng(0).random(18_000)
    )

    class Long:
        class video:
            num_frames = 18_000

        initial = None

    content = strip_content(SessionState(footage=Long, scores=scores))
    assert len(content["after"]) == 2000 and len(json.dumps(content)) < 60_000
