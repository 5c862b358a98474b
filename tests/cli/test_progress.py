"""Progress bars, and a Ctrl-C that lets the step in hand finish."""

import signal
import threading

import pytest

from neuhmr.cli.progress import StopRequest, progress_bars, stop_on_interrupt
from neuhmr.progress import Cancelled, Progress


def test_the_first_interrupt_asks_and_the_second_stops(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGINT)
    with stop_on_interrupt() as stop:
        assert not stop
        signal.raise_signal(signal.SIGINT)
        assert stop and "press Ctrl-C again" in capsys.readouterr().err
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_cannot_hear_signals_and_do_not_ask_to() -> None:
    found: list[bool] = []

    def run() -> None:
        with stop_on_interrupt() as stop:
            found.append(bool(stop))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found == [False]


def test_a_request_to_stop_cancels_the_work() -> None:
    stop = StopRequest()
    with progress_bars(stop) as on_progress:
        on_progress(Progress("Encoding", 0, 2))
        stop.is_set = True
        with pytest.raises(Cancelled):
            on_progress(Progress("Encoding", 1, 2))


@pytest.mark.parametrize(("completes", "last"), [(True, "4/4"), (False, "1/4")])
def test_stages_follow_each_other_and_are_complete_when_the_next_begins(
    completes: bool, last: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with progress_bars(completes=completes) as on_progress:
        on_progress(Progress("Reading", 1, 3))
        on_progress(Progress("Drawing", 0, 4))
        on_progress(Progress("Drawing", 1, 4))
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in lines] == ["Reading", "Drawing"]
    assert "3/3" in lines[0] and last in lines[1]
