"""One thread that computes: jobs in order, and the newest wish for a look in between.

A job is an iterator; it can be cancelled between items, and within one wherever the library
reports progress. A job that fails ends alone, the thread goes on.
"""

import functools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from neuhmr.progress import Cancelled, Progress
from workbench.core.session import JobStatus

logger = logging.getLogger(__name__)

MAX_WAITING_JOBS = 8
LOOK_SHARE = 0.25
"""Largest share of the time that looks may take from a running job."""


class JobControl:
    """A job's way to say where it stands and to learn that it should stop."""

    def __init__(self, on_progress: Callable[[Progress], None]) -> None:
        self._on_progress = on_progress
        self._cancelled = threading.Event()
        self._finishes_item = False

    @property
    def is_cancelled(self) -> bool:
        """The user has asked to stop."""
        return self._cancelled.is_set()

    def cancel(self, finishes_item: bool = False) -> None:
        """Ask the job to stop at its next report, check or item; a step in hand may be finished."""
        self._finishes_item = finishes_item
        self._cancelled.set()

    def check(self) -> None:
        """Let the job stop here, amidst an item.

        Raises:
            Cancelled: the user has asked to stop, and what is in hand is not to be finished.
        """
        if self.is_cancelled and not self._finishes_item:
            raise Cancelled

    def report(self, progress: Progress) -> None:
        """Say where the job stands.

        Raises:
            Cancelled: the user has asked to stop.
        """
        if self.is_cancelled:
            raise Cancelled
        self._on_progress(progress)


@dataclass(frozen=True)
class Job:
    """Something that takes long."""

    label: str
    work: Callable[[JobControl], Iterator[None]]
    on_done: Callable[[], None] = lambda: None
    on_cancelled: Callable[[], None] = lambda: None
    on_failed: Callable[[Exception], None] = lambda error: None


@dataclass(frozen=True)
class Look:
    """A quick computation whose older requests are of no interest."""

    key: object
    compute: Callable[[], None]


class Worker:
    """The compute thread."""

    def __init__(
        self,
        on_status: Callable[[JobStatus | None], None],
        on_error: Callable[[Exception], None],
    ) -> None:
        """Get ready; `start` begins.

        Args:
            on_status: told what is under way; None when nothing is.
            on_error: told of failures of jobs and looks.
        """
        self._on_status = on_status
        self._on_error = on_error
        self._jobs: deque[Job] = deque()
        self._looks: dict[str, Look] = {}
        self._looked_at: dict[str, object] = {}
        self._look_debt = 0.0
        self._wake = threading.Condition()
        self._control: JobControl | None = None
        self._status: JobStatus | None = None
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="compute", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    @property
    def is_busy(self) -> bool:
        """A job is under way or waiting."""
        with self._wake:  # Between its queue and its start a job is in neither of the two.
            return self._control is not None or bool(self._jobs)

    def submit(self, job: Job) -> bool:
        """Queue a job; False where too many wait already."""
        with self._wake:
            if self._is_stopping or len(self._jobs) >= MAX_WAITING_JOBS:
                return False
            self._jobs.append(job)
            self._wake.notify()
            return True

    def request_look(self, slot: str, look: Look) -> None:
        """Ask for a look; it replaces the one waiting in the same slot.

        A look whose key was the last one computed in its slot is not computed again.
        """
        with self._wake:
            if self._looked_at.get(slot) == look.key:
                self._looks.pop(slot, None)
                return
            self._looks[slot] = look
            self._wake.notify()

    def cancel(self, finishes_item: bool = False) -> None:
        """Stop the running job and forget those waiting.

        Args:
            finishes_item: let a step that is in hand come to its end.
        """
        with self._wake:
            waiting = list(self._jobs)
            self._jobs.clear()
            if self._control is not None:
                self._control.cancel(finishes_item)
            if self._status is not None:
                self._set_status(replace(self._status, is_cancelling=True))
        for job in waiting:
            job.on_cancelled()

    def stop(self, timeout: float | None = None) -> bool:
        """Cancel everything and end the thread, once what it is amidst is done.

        Leaving the program with the thread in the middle of a computation would abort it.

        Args:
            timeout: longest time to wait (s); None for as long as it takes.

        Returns:
            Whether the thread has ended.
        """
        self.cancel(finishes_item=True)
        with self._wake:
            self._is_stopping = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._is_stopping or self._jobs or self._looks)
                if self._is_stopping:
                    return
                job = self._jobs.popleft() if self._jobs else None
                if job is not None:
                    self._control = JobControl(self._take_progress)
            if job is None:
                self._compute_look()
            else:
                self._run_job(job)

    def _run_job(self, job: Job) -> None:
        control = self._control
        assert control is not None
        self._set_status(JobStatus(label=job.label))
        is_done = False
        try:
            is_done = self._iterate(job, control)
        except Cancelled:
            logger.info("%s: cancelled", job.label)
        except Exception as error:  # A failed job must not take the session down.
            logger.exception("%s failed", job.label)
            self._guarded(functools.partial(job.on_failed, error))
            self._on_error(error)
            self._finish()
            return
        self._guarded(job.on_done if is_done else job.on_cancelled)
        self._finish()

    def _iterate(self, job: Job, control: JobControl) -> bool:
        """Work item by item; False where the user stopped it in between."""
        started = time.perf_counter()
        for _ in job.work(control):
            if control.is_cancelled:
                return False
            now = time.perf_counter()
            self._look_debt = max(0.0, self._look_debt - LOOK_SHARE * (now - started))
            if self._looks and self._look_debt == 0.0:
                self._compute_look()
                self._look_debt = time.perf_counter() - now
            started = time.perf_counter()
        return True

    def _finish(self) -> None:
        with self._wake:
            self._control = None
        self._set_status(None)

    def _compute_look(self) -> None:
        with self._wake:
            if not self._looks:
                return
            slot, look = next(iter(self._looks.items()))
            del self._looks[slot]
            self._looked_at[slot] = look.key
        self._guarded(look.compute)

    def _guarded(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception as error:  # A failed look must not take the session down.
            logger.exception("a look or a job's ending failed")
            self._on_error(error)

    def _take_progress(self, progress: Progress) -> None:
        is_cancelling = self._control is not None and self._control.is_cancelled
        self._set_status(
            JobStatus(
                label=progress.label,
                done=progress.done,
                total=progress.total,
                is_cancelling=is_cancelling,
            )
        )

    def _set_status(self, status: JobStatus | None) -> None:
        self._status = status
        self._on_status(status)
