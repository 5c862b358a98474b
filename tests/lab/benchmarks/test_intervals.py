"""Means over clips and their intervals, against values worked by hand."""

import pytest

from neuhmr.lab.benchmarks.intervals import clip_draws, drop_over_clips, mean_over_clips


def test_clips_that_agree_leave_no_doubt() -> None:
    found = mean_over_clips([7.5, 7.5, 7.5], seed=0)
    assert (found.value, found.low, found.high) == (7.5, 7.5, 7.5)


def test_two_clips_alone_leave_everything_between_them_open() -> None:
    # Four equally likely draws of two: means 0, 1/2, 1/2, 1, so each end has a quarter, far
    # more than the 2.5 % that are cut off.
    found = mean_over_clips([0.0, 1.0], seed=0)
    assert (found.value, found.low, found.high) == (0.5, 0.0, 1.0)


def test_many_clips_come_to_the_normal_interval() -> None:
    # Half zeros, half ones: the mean of 100 has a standard deviation of 0.05.
    found = mean_over_clips([0.0, 1.0] * 50, seed=0)
    assert found.low == pytest.approx(0.5 - 1.96 * 0.05, abs=0.015)
    assert found.high == pytest.approx(0.5 + 1.96 * 0.05, abs=0.015)


def test_one_clip_says_nothing_about_others() -> None:
    found = mean_over_clips([3.0], seed=0)
    assert found.value == 3.0 and found.interval is None


def test_a_drop_is_that_of_the_means() -> None:
    # 300 -> 200 in sum: a third, while the mean of the clips' own drops would be 3/8.
    assert drop_over_clips([100.0, 200.0], [50.0, 150.0], seed=0).value == pytest.approx(1 / 3)


def test_a_drop_keeps_each_clips_before_and_after_together() -> None:
    # Every clip falls by half, however different they are: no doubt about the half.
    found = drop_over_clips([10.0, 100.0, 1000.0], [5.0, 50.0, 500.0], seed=0)
    assert found.interval == pytest.approx([0.5, 0.5])


def test_the_same_seed_draws_the_same_clips() -> None:
    assert (clip_draws(5, 1) == clip_draws(5, 1)).all()
    assert (clip_draws(5, 1) != clip_draws(5, 2)).any()
    assert clip_draws(5, 1).max() == 4
