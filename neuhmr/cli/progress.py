"""Progress bars on stderr, and a Ctrl-C that lets the step in hand finish."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from neuhmr.cli.output import note, stderr_console
from neuhmr.progress import Cancelled, OnProgress, Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bar


class StopRequest:
    """Whether the user has asked to stop."""

    def __init__(self) -> None:
        self.is_set = False

    def __bool__(self) -> bool:
        return self.is_set


@contextmanager
def stop_on_interrupt() -> Iterator[StopRequest]:
    """Turn the first Ctrl-C into a request; a second one interrupts at once.

    A loop that asks between steps can keep what it has, which an exception inside a step would
    leave half done.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request  # Signals reach only the main thread.
        return

    def on_interrupt(signum: int, frame: FrameType | None) -> None:
        if request.is_set:
            raise KeyboardInterrupt
        request.is_set = True
        note("Stopping after this step; press Ctrl-C again to stop at once.")

    previous = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield request
    finally:
        signal.signal(signal.SIGINT, previous)


@contextmanager
def progress_bars(stop: StopRequest | None = None, completes: bool = True) -> Iterator[OnProgress]:
    """Show one bar per label on stderr.

    Args:
        stop: cancels the work once it is set.
        completes: whether the end of the block means that everything was done.

    Yields:
        The callback for the library; it raises `Cancelled` once `stop` is set.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, TimeRemainingColumn(), console=stderr_console()) as bar:
        tasks: dict[str, TaskID] = {}

        def show(progress: Progress) -> None:
            if stop:
                raise Cancelled
            if progress.label not in tasks:
                _complete(bar)  # Stages follow each other; many report only what they begin.
                tasks[progress.label] = bar.add_task(progress.label, total=progress.total)
            bar.update(tasks[progress.label], completed=progress.done, total=progress.total)

        yield show
        if completes:
            _complete(bar)


def _complete(bar: "Bar") -> None:
    for task in bar.tasks:
        bar.update(task.id, completed=task.total)
