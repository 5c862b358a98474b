"""Changes valid files and reads them, one after the other; finds what no reader expects.

This runs in a process of its own. `tests/fuzz/watch.py` starts it, watches it and, where a file
takes too long, ends it from outside: nothing that a reader catches keeps that from being found.
"""

import faulthandler
import importlib
import itertools
import logging
import os
import shutil
import signal
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings

from tests.fuzz.changes import MARK, changed_files
from tests.fuzz.limits import read_within_limits
from tests.fuzz.reader import Reader

INPUT, TRACE = "input", "trace"
"""In the worker's folder: the changed file, and where the worker stood when it was asked."""


@dataclass(frozen=True)
class Finding:
    """A file that a reader could not stand."""

    reader: str
    reason: str
    file: Path
    draw: str
    """Which one it is: the number of the draw draws it again."""


@dataclass(frozen=True)
class Begun:
    """A file that is about to be read."""

    file: str
    """Its name."""
    place: int
    """Which of the draw's."""


@dataclass(frozen=True)
class Turn:
    """Which reader is next, and the number of the draw: the same one draws the same files."""

    reader: str
    number: int

    def draw(self, place: int) -> str:
        """Name a file of this turn."""
        return f"file {place} of draw {self.number}"


class Fuzzer:
    """Keeps the seeds of all readers in one folder."""

    def __init__(
        self, folder: Path, readers: Mapping[str, Reader], post: Callable[[Begun | None], None]
    ) -> None:
        """Write valid files for all readers.

        Args:
            folder: an empty one.
            readers: by name.
            post: told of every file before it is read, and None afterwards.
        """
        self.folder, self.readers, self._post = folder, readers, post
        self.canary = folder / MARK
        os.environ["FUZZ_CANARY"] = str(self.canary)
        self.seeds: dict[str, list[Path]] = {}
        for name, reader in readers.items():
            self.seeds[name] = []
            for number, write in enumerate(reader.seeds):
                place = folder / "seeds" / name.replace(" ", "_") / str(number)
                place.mkdir(parents=True)
                self.seeds[name].append(write(place))

    def check_seeds(self, only: str) -> None:
        """Read every seed as it is: a fuzz of files that nobody can read finds nothing."""
        for name in self.readers:
            for path in self.seeds[name] if only in name else ():
                self.readers[name].read(path)

    def run(self, turn: Turn, examples: int) -> Finding | None:
        """Change the seeds of one reader and read what comes of it."""
        last: list[tuple[Path, bytes]] = []
        seeds, places = self.seeds[turn.reader], itertools.count()
        origin = seeds[turn.number % len(seeds)]

        @seed(turn.number)
        @settings(
            max_examples=examples, deadline=None, database=None, verbosity=Verbosity.quiet,
            suppress_health_check=list(HealthCheck), phases=[Phase.generate],
            report_multiple_bugs=False,
        )  # fmt: skip
        @given(changed_files(origin))
        def attempt(changed: dict[Path, bytes]) -> None:
            with self._placed(origin, changed) as path:
                ((file, data),) = changed.items()
                last[:] = [(file, data)]
                (self.folder / INPUT).write_bytes(data)
                self._post(Begun(file.name, next(places)))
                try:
                    read_within_limits(self.readers[turn.reader].read, path, self.canary)
                finally:
                    self._post(None)

        try:
            attempt()
        except BaseException as error:  # Whatever it is, it is a finding.
            if isinstance(error, KeyboardInterrupt):
                raise
            return self._kept(turn, next(places) - 1, last[0], error)
        return None

    @contextmanager
    def _placed(self, origin: Path, changed: dict[Path, bytes]) -> Iterator[Path]:
        """Put a changed copy of a seed where it can be read."""
        place = self.folder / "work"
        shutil.rmtree(place, ignore_errors=True)
        base = origin if origin.is_dir() else origin.parent
        shutil.copytree(base, place)
        for path, data in changed.items():
            (place / path.relative_to(base)).write_bytes(data)
        yield place if origin.is_dir() else place / origin.name

    def _kept(
        self, turn: Turn, place: int, changed: tuple[Path, bytes], error: BaseException
    ) -> Finding:
        frames = traceback.extract_tb(error.__traceback__)
        own = [f for f in frames if is_own(f.filename)]
        where = f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "?"
        shutil.rmtree(self.canary, ignore_errors=True)
        reason = f"{type(error).__name__}: {str(error)[:200]} at {where}"
        kept = keep(changed[0].name, changed[1])
        return Finding(turn.reader, reason, kept, turn.draw(place))


def is_own(filename: str) -> bool:
    """Tell the project's own code from what it uses."""
    return "/neuhmr/" in filename or "/workbench/" in filename


def keep(name: str, data: bytes) -> Path:
    """Keep a file that was found."""
    kept = Path(tempfile.mkdtemp(prefix="fuzz-")) / name
    kept.write_bytes(data)
    return kept


def work(turns: Connection, folder: Path, module: str, only: str, examples: int) -> None:
    """Take turns until there is none; begins by naming the readers.

    Args:
        turns: gives a `Turn` at a time; is told of every file, and the turn's finding or None.
        folder: an empty one.
        module: that holds READERS.
        only: part of the names of the readers.
        examples: files of each turn.
    """
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    readers = importlib.import_module(module).READERS
    with (folder / TRACE).open("w") as trace:
        # Written by C, whatever Python is at.
        faulthandler.register(signal.SIGUSR1, trace, all_threads=False)
        fuzzer = Fuzzer(folder, readers, lambda begun: turns.send(("file", begun)))
        fuzzer.check_seeds(only)
        turns.send(("ready", [name for name in readers if only in name]))
        while (turn := turns.recv()) is not None:
            turns.send(("end", fuzzer.run(turn, examples)))
        faulthandler.unregister(signal.SIGUSR1)
