import numpy as np
import pytest

from workbench.core.session import FrameScores
from workbench.core.timeline import bad_frames, bar_heights, draw_timeline, neighbor_bad_frame


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


def test_bars_show_the_worst_of_their_stretch(scores):
    heights = bar_heights(scores, 40, 4)
    # Frames 0 to 9 hold the largest value 9, frames 30 to 39 hold 8.
    assert heights[0] == 1.0 and heights[3] == pytest.approx(8.0 / 9.0)


def test_bars_without_a_score_are_unknown(scores):
    assert np.isnan(bar_heights(scores, 40, 40)[1::2]).all()


def test_all_zero_scores_draw_no_bars():
    scores = FrameScores(meaning="x", frames=np.arange(3), values=np.zeros(3))
    assert np.isnan(bar_heights(scores, 3, 3)).all()


def test_the_strip_marks_frame_anchors_and_meaning(scores):
    strip = draw_timeline(40, 5, scores, (6, 10), "send(x)")
    assert strip.count("<path") == 2 and "error (mm)" in strip and "worst frame 6" in strip


def test_the_strip_draws_without_scores_or_frames():
    assert "Click to go" in draw_timeline(0, 0, None, (), "send(x)")


def test_frames_that_keep_their_initial_pose_are_joined_to_lines(scores):
    strip = draw_timeline(40, 5, scores, (), "send(x)", given_up=(3, 4, 5, 9))
    # Frames 3 to 5 of 40 on 600 units: from 45 to 90.
    assert 'x="45.0" y="42" width="45.0"' in strip and 'x="135.0" y="42" width="15.0"' in strip
    assert "4 mostly keep their initial pose" in strip


def test_long_clips_draw_few_bars():
    scores = FrameScores(
        meaning="x", frames=np.arange(18_000), values=np.random.default_rng(0).random(18_000)
    )
    assert len(draw_timeline(18_000, 3, scores, (), "send(x)")) < 60_000


def test_text_of_a_score_is_escaped(scores):
    evil = FrameScores(meaning="<img src=x>", frames=scores.frames, values=scores.values)
    assert "<img" not in draw_timeline(40, 0, evil, (), "send(x)")


def test_the_present_frame_anchors_and_bars_stand_in_the_middle_of_their_share():
    scores = FrameScores(meaning="x", frames=np.arange(4), values=np.array([0.5, 1.0, 2.0, 0.0]))
    strip = draw_timeline(4, 1, scores, (2,), "send(x)")
    # Four frames on 600 units: frame 1 from 150 to 300, frame 2 from 300 to 450.
    assert '<rect x="224.0" width="2"' in strip
    assert "M371.0,0h8l-4,6z" in strip
    # Bars leave 15 % of their width free, half of it on each side; the largest is 36 units tall.
    assert '<rect x="161.2" y="28.0" width="127.5" height="18.0"' in strip
    assert '<rect x="311.2" y="10.0" width="127.5" height="36.0" fill="' in strip
    assert strip.count('fill-opacity="0.9"') == 1 and strip.count('fill-opacity="0.55"') == 3
