"""Watches the process that reads changed files, and ends it where a file takes too long.

What a reader catches, or what C code waits for, cannot keep a hang from being found: the worker
tells of every file before it is read, and is killed from outside.
"""

import itertools
import multiprocessing
import os
import re
import signal
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.run import INPUT, TRACE, Begun, Finding, Turn, is_own, keep, work

SECONDS = 5.0
"""Of computing, that one file may take: the machine may be busy (s)."""
_WAITS = 4.0
"""Times that, in which a reader must have computed anything at all."""
_LEAST_WORK_S = 0.02
_POLL_S = 0.1
_TICKS = os.sysconf("SC_CLK_TCK")
_TRACED = re.compile(r'File "(?P<file>.+)", line (?P<line>\d+)')
Say = Callable[[str], object]


@dataclass
class _Watch:
    """One file that is being read."""

    pid: int
    begun: Begun
    seconds: float
    started: float = field(init=False)
    moved: tuple[float, float] = field(init=False)
    """Computing time when it last had grown, and when that was."""

    def __post_init__(self) -> None:
        self.started = _computed(self.pid)
        self.moved = (self.started, time.monotonic())

    def problem(self) -> str | None:
        """Say what is wrong by now."""
        now, computed = time.monotonic(), _computed(self.pid)
        if computed - self.started > self.seconds:
            return f"computes for more than {self.seconds:g} s"
        if computed - self.moved[0] > _LEAST_WORK_S:
            self.moved = (computed, now)
        waits = _WAITS * self.seconds
        return f"waits for more than {waits:g} s" if now - self.moved[1] > waits else None


class Watcher:
    """Starts a worker, and another one when it had to be ended or broke down."""

    def __init__(self, module: str, only: str, examples: int, seconds: float = SECONDS) -> None:
        self._settings = (module, only, examples)
        self._seconds = seconds
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: multiprocessing.process.BaseProcess | None = None
        self.inputs = 0
        self.names: list[str] = []
        """Of the readers; known once a worker has begun."""
        self.start()

    def take(self, turn: Turn) -> Finding | None:
        """Let a worker take a turn; a file that hangs it or breaks it down is a finding, too."""
        if self._process is None:
            self.start()
        self._turns.send(turn)
        return self._attend(turn)

    def close(self) -> None:
        """End the worker."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None
        if self._folder is not None:
            self._folder.cleanup()

    def start(self) -> None:
        """Begin with a new worker, which first reads valid files.

        Raises:
            EOFError: they cannot be read; the worker has printed why.
        """
        context = multiprocessing.get_context("spawn")
        self._folder = tempfile.TemporaryDirectory(prefix="fuzz-")
        self._turns, theirs = context.Pipe()
        place = Path(self._folder.name)
        self._process = context.Process(target=work, args=(theirs, place, *self._settings))
        self._process.start()
        theirs.close()
        kind, self.names = self._turns.recv()
        assert kind == "ready"

    def _attend(self, turn: Turn) -> Finding | None:
        assert self._process is not None and self._process.pid is not None
        watch: _Watch | None = None
        while True:
            if self._turns.poll(_POLL_S):
                try:
                    kind, content = self._turns.recv()
                except EOFError:
                    self._process.join()
                    return self._lost(turn, watch, f"broke down ({self._process.exitcode})")
                if kind == "end":
                    return content
                self.inputs += content is not None
                watch = content and _Watch(self._process.pid, content, self._seconds)
            problem = None if watch is None else watch.problem()
            if problem is not None:
                return self._lost(turn, watch, problem)

    def _lost(self, turn: Turn, watch: _Watch | None, problem: str) -> Finding:
        """Give a worker up, and keep what it was reading."""
        assert self._folder is not None and self._process is not None
        folder, pid = Path(self._folder.name), self._process.pid
        assert pid is not None
        if self._process.is_alive():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGUSR1)
            time.sleep(5 * _POLL_S)
        where = place_of(folder / TRACE)
        begun = Begun("input", 0) if watch is None else watch.begun
        data = (folder / INPUT).read_bytes() if (folder / INPUT).exists() else b""
        self.close()
        kept = keep(begun.file, data)
        return Finding(turn.reader, f"{problem} at {where}", kept, turn.draw(begun.place))


def _computed(pid: int) -> float:
    """Read how long a process has computed (s); that of a process that is gone stands still."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def place_of(trace: Path) -> str:
    """Find the innermost line of the project's own in a trace, which lists the newest first."""
    found = list(_TRACED.finditer(trace.read_text()))
    own = [match for match in found if is_own(match["file"])] or found
    return f"{Path(own[0]['file']).name}:{own[0]['line']}" if own else "?"


def fuzz(
    minutes: float,
    only: str,
    say: Say,
    examples: int = 100,
    module: str = "tests.fuzz.readers",
    seconds: float = SECONDS,
) -> int:
    """Go round all readers until the time is over; each finding is told as it comes.

    Args:
        minutes: how long; 0 goes round once, with the same files every time.
        only: part of the names of the readers.
        say: prints a line.
        examples: files of each reader in each round.
        module: that holds READERS.
        seconds: of computing that one file may take.

    Returns:
        How many kinds of findings there were.
    """
    found: set[str] = set()
    watcher = Watcher(module, only, examples, seconds)
    until = time.monotonic() + 60.0 * minutes
    numbers = itertools.count(int(time.time())) if minutes else range(1)
    try:
        for turn in (Turn(name, number) for number in numbers for name in watcher.names):
            if minutes and time.monotonic() >= until:
                break
            finding = watcher.take(turn)
            if finding is not None and finding.reason not in found:
                found.add(finding.reason)
                say(f"{finding.reader}: {finding.reason} ({finding.draw})\n  {finding.file}")
    finally:
        watcher.close()
    say(f"{watcher.inputs} files read, {len(found)} findings")
    return len(found)
