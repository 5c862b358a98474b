"""A training's clock: what is spent over several processes, and what is kept for the end."""

import pytest

from neuhmr.lab.training.clock import RunClock


class Time:
    """A time that only moves when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_time_of_earlier_processes_counts() -> None:
    time = Time()
    clock = RunClock(20.0, time)
    clock.go_on_from(5.0)
    time.now += 3.0
    assert clock.spent == pytest.approx(8.0)
    assert clock.share == pytest.approx(8.0 / 20.0)


def test_the_longest_validation_is_kept_free_for_the_last_one() -> None:
    time = Time()
    clock = RunClock(20.0, time)

    def validate(seconds: float) -> None:
        time.now += seconds

    clock.validating(lambda: validate(4.0))
    clock.validating(lambda: validate(2.0))
    assert clock.reserve == pytest.approx(4.0)
    assert clock.share == pytest.approx(6.0 / 16.0)
    time.now += 10.0
    assert clock.share == 1.0


def test_a_budget_that_one_validation_uses_up_leaves_no_steps() -> None:
    time = Time()
    clock = RunClock(1.0, time)
    clock.validating(lambda: setattr(time, "now", time.now + 2.0))
    assert clock.share == 1.0
