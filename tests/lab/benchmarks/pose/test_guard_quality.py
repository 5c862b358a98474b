"""The guard's precision and recall, counted by hand."""

import pytest

from neuhmr.lab.benchmarks.pose.guard_quality import judge_guard
from tests.lab.benchmarks.made_results import result_of

INITIAL = result_of([50.0, 50.0, 50.0, 50.0, 50.0, 50.0])
# Frames 0 and 1 got worse, 2 much better, 3 hardly better, 4 a little worse, 5 better.
REFINED = result_of([60.0, 70.0, 30.0, 48.0, 54.0, 40.0])


def test_decisions_are_counted() -> None:
    # Reverted: 0 (right), 2 (gives gain away), 3 (neither).
    guarded = result_of([50.0, 70.0, 50.0, 50.0, 54.0, 40.0], reverted=(0, 2, 3))
    found = judge_guard([(INITIAL, REFINED, guarded)])
    assert (found.frames, found.worse, found.reverted) == (6, 2, 3)
    assert found.precision == pytest.approx(1 / 3)
    assert found.recall == pytest.approx(1 / 2)
    assert found.wrongly_reverted == 1
    assert found.as_dict()["frames_worse_without"] == pytest.approx(2 / 6)
    assert found.as_dict()["frames_worse_with"] == pytest.approx(1 / 6)


def test_clips_are_pooled() -> None:
    right = result_of([50.0, 50.0, 30.0, 48.0, 54.0, 40.0], reverted=(0, 1))
    found = judge_guard([(INITIAL, REFINED, right), (INITIAL, INITIAL, INITIAL)])
    assert (found.frames, found.precision, found.recall) == (12, 1.0, 1.0)
    assert found.worse_in_the_end == 0


def test_a_guard_that_never_acts_has_no_precision() -> None:
    found = judge_guard([(INITIAL, REFINED, REFINED)])
    assert found.precision is None and found.recall == 0.0


def test_where_nothing_is_worse_there_is_no_recall() -> None:
    assert judge_guard([(INITIAL, INITIAL, INITIAL)]).recall is None
