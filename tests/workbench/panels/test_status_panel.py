"""How long a job will take, and how that is said."""

import pytest

from tests.workbench.driven_window import shown, wait
from tests.workbench.patience import assert_soon
from workbench.core.session import JobStatus
from workbench.panels.status_panel import JobClock, duration_words


def job(done, total=100, label="Rendering"):
    return JobStatus(label=label, done=done, total=total)


def test_the_rest_is_estimated_from_the_pace_so_far():
    clock = JobClock()
    clock.look(job(0), now=10.0)
    assert clock.remaining_s(job(20), now=14.0) == pytest.approx(16.0)


def test_a_part_with_another_label_has_a_pace_of_its_own():
    clock = JobClock()
    clock.look(job(0), now=0.0)
    clock.look(job(10, label="Writing"), now=100.0)
    assert clock.remaining_s(job(20, label="Writing"), now=101.0) == pytest.approx(8.0)
    assert clock.elapsed_s(101.0) == 101.0


@pytest.mark.parametrize("status", [job(0), job(2), job(5, total=0)])
def test_nothing_is_promised_before_anything_is_known(status):
    clock = JobClock()
    clock.look(job(0), now=0.0)
    assert clock.remaining_s(status, now=3.0) is None


def test_after_a_job_the_clock_stands():
    clock = JobClock()
    clock.look(job(0), now=0.0)
    clock.look(None, now=5.0)
    assert clock.elapsed_s(9.0) == 0.0


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (7.4, "7 s"), (33.0, "35 s"), (260.0, "4 min")]
)
def test_times_are_rounded_so_that_they_do_not_flicker(seconds, words):
    assert duration_words(seconds) == words


def test_the_status_line_names_state_device_and_step(window):
    assert_soon(lambda: shown(window, "status").get("word") == "ready")
    assert shown(window, "status")["device"] == "cpu"
    window.tasks.step(3)
    wait(window, lambda state: state.report is not None and state.report.step == 3)
    assert_soon(lambda: shown(window, "status")["step"] == "step 3 of 40")
    assert_soon(lambda: shown(window, "status")["word"] == "paused")
    assert shown(window, "status")["done"] == ["Clip", "Avatar", "Anchors"]
