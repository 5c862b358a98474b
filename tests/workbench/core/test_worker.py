import threading
import time

import pytest

from neuhmr.progress import Progress
from tests.workbench.patience import PATIENCE_S, assert_soon
from workbench.core.worker import MAX_WAITING_JOBS, Job, Look, Worker


class Log:
    """What a worker told, in order."""

    def __init__(self):
        self.statuses = []
        self.errors = []
        self.events = []
        self.ended = threading.Event()

    def job(self, label, work):
        def end(name):
            self.events.append(f"{label}:{name}")
            self.ended.set()

        return Job(
            label=label,
            work=work,
            on_done=lambda: end("done"),
            on_cancelled=lambda: end("cancelled"),
            on_failed=lambda error: end(f"failed {error}"),
        )

    def wait(self):
        assert self.ended.wait(PATIENCE_S), "the job never ended"
        self.ended.clear()


@pytest.fixture
def log():
    return Log()


@pytest.fixture
def worker(log):
    running = Worker(log.statuses.append, log.errors.append)
    running.start()
    yield running
    assert running.stop(), "the compute thread did not end"


def items(count, begun=None, pause_s=0.0):
    def work(_control):
        for number in range(count):
            if begun is not None:
                begun.append(number)
            time.sleep(pause_s)
            yield

    return work


def test_jobs_run_in_order_and_end_as_done(worker, log):
    order = []
    for name in ("a", "b", "c"):
        worker.submit(log.job(name, lambda _c, name=name: iter([order.append(name)])))
    worker.submit(log.job("last", items(1)))
    while "last:done" not in log.events:
        log.wait()
    assert order == ["a", "b", "c"]
    assert log.events == ["a:done", "b:done", "c:done", "last:done"]


def test_cancel_stops_between_items(worker, log):
    begun = []
    worker.submit(log.job("long", items(10_000, begun, pause_s=0.005)))
    while len(begun) < 3:
        time.sleep(0.001)
    started = time.monotonic()
    worker.cancel()
    log.wait()
    assert log.events == ["long:cancelled"]
    assert time.monotonic() - started < 0.15, "cancel must take less than 150 ms"
    assert len(begun) < 10_000


def test_cancel_stops_inside_an_item_that_reports_progress(worker, log):
    reached = threading.Event()

    def work(control):
        for done in range(10_000):
            control.report(Progress("rendering", done, 10_000))
            reached.set()
            time.sleep(0.002)
        yield

    worker.submit(log.job("inner", work))
    reached.wait(PATIENCE_S)
    worker.cancel()
    log.wait()
    assert log.events == ["inner:cancelled"]
    assert any(status and status.is_cancelling for status in log.statuses)


def test_cancel_forgets_the_jobs_that_wait(worker, log):
    begun = []
    worker.submit(log.job("first", items(10_000, pause_s=0.005)))
    worker.submit(log.job("second", items(1, begun)))
    time.sleep(0.02)
    worker.cancel()
    log.wait()
    assert_soon(lambda: len(log.events) >= 2)
    assert set(log.events) == {"first:cancelled", "second:cancelled"} and begun == []


def test_a_failing_job_ends_alone(worker, log):
    def work(_control):
        yield
        raise ValueError("boom")

    worker.submit(log.job("bad", work))
    log.wait()
    assert log.events == ["bad:failed boom"]
    assert [str(error) for error in log.errors] == ["boom"]
    worker.submit(log.job("good", items(2)))
    log.wait()
    assert log.events[-1] == "good:done"
    assert_soon(lambda: log.statuses[-1] is None)
    assert not worker.is_busy


def test_an_ending_that_fails_does_not_end_the_thread(worker, log):
    def fail():
        raise RuntimeError("in the ending")

    worker.submit(Job("odd", items(1), on_done=fail))
    worker.submit(log.job("next", items(1)))
    log.wait()
    assert log.events == ["next:done"] and len(log.errors) == 1


def test_everything_computes_on_one_thread(worker, log):
    names = set()

    def work(_control):
        names.add(threading.current_thread().name)
        yield

    looked = threading.Event()

    def look():
        names.add(threading.current_thread().name)
        looked.set()

    worker.submit(log.job("a", work))
    worker.request_look("s", Look(1, look))
    log.wait()
    assert looked.wait(PATIENCE_S)
    assert names == {"compute"}


def test_only_the_newest_look_is_computed(log):
    worker = Worker(log.statuses.append, log.errors.append)
    seen = []
    for number in range(5):
        worker.request_look("preview", Look(number, lambda number=number: seen.append(number)))
    worker.request_look("other", Look("o", lambda: seen.append("other")))
    worker.start()
    assert_soon(lambda: len(seen) >= 2)
    worker.request_look("preview", Look(4, lambda: seen.append("again")))
    time.sleep(0.05)
    worker.stop()
    assert sorted(map(str, seen)) == ["4", "other"]


def test_a_look_is_taken_between_the_items_of_a_job(worker, log):
    seen = []
    begun = []
    worker.submit(log.job("run", items(200, begun, pause_s=0.005)))
    while len(begun) < 3:
        time.sleep(0.001)
    worker.request_look("preview", Look("x", lambda: seen.append(len(begun))))
    log.wait()
    assert seen and seen[0] < 200


def test_looks_do_not_slow_a_job_down_much(worker, log):
    """Each look takes 40 ms, so with a quarter of the time one comes at most every 160 ms."""
    begun, looks = [], []

    def look():
        looks.append(time.monotonic())
        time.sleep(0.04)

    started = time.monotonic()

    def work(_control):
        while time.monotonic() - started < 1.0:
            begun.append(0)
            worker.request_look("preview", Look(len(begun), look))
            time.sleep(0.005)
            yield

    worker.submit(log.job("run", work))
    log.wait()
    assert 2 <= len(looks) <= 8


def test_a_failing_look_is_told_and_forgotten(worker, log):
    def fail():
        raise RuntimeError("no such frame")

    worker.request_look("s", Look(1, fail))
    worker.submit(log.job("next", items(1)))
    log.wait()
    assert [str(error) for error in log.errors] == ["no such frame"]


def test_too_many_jobs_are_refused(worker, log):
    worker.submit(log.job("long", items(10_000, pause_s=0.005)))
    time.sleep(0.02)
    taken = [worker.submit(log.job("more", items(1))) for _ in range(MAX_WAITING_JOBS + 1)]
    assert taken == [True] * MAX_WAITING_JOBS + [False]


def test_a_stopped_worker_takes_nothing(log):
    worker = Worker(log.statuses.append, log.errors.append)
    worker.start()
    assert worker.stop()
    assert not worker.submit(log.job("late", items(1)))


def test_progress_of_a_job_is_told_with_its_own_label_and_that_it_is_being_cancelled(worker, log):
    told, cancelled = threading.Event(), threading.Event()

    def work(control):
        control.report(Progress("Encoding frames", 3, 8))
        told.set()
        assert cancelled.wait(PATIENCE_S)
        worker._take_progress(Progress("Encoding frames", 4, 8))
        yield

    worker.submit(log.job("build", work))
    assert told.wait(PATIENCE_S)
    worker.cancel()
    cancelled.set()
    log.wait()
    found = [status for status in log.statuses if status and status.label == "Encoding frames"]
    assert (found[0].done, found[0].total, found[0].is_cancelling) == (3, 8, False)
    assert (found[-1].done, found[-1].total, found[-1].is_cancelling) == (4, 8, True)


@pytest.mark.parametrize("ends", [Worker.cancel, Worker.stop])
def test_cancelling_stops_amidst_an_item_and_the_end_of_the_program_after_it(log, ends):
    worker, begun, finished = Worker(log.statuses.append, log.errors.append), [], []
    worker.start()

    def work(control):
        begun.append(1)
        for _ in range(40):
            time.sleep(0.01)
            control.check()
        finished.append(1)
        yield

    worker.submit(log.job("step", work))
    assert_soon(lambda: begun)
    ends(worker)
    log.wait()
    assert_soon(lambda: log.events == ["step:cancelled"])
    assert finished == ([1] if ends is Worker.stop else [])
    worker.stop()
