"""Changes valid files and reads them, one after the other; finds what no reader expects."""

import itertools
import logging
import os
import shutil
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings

from tests.fuzz.changes import MARK, changed_files
from tests.fuzz.limits import read_within_limits
from tests.fuzz.readers import READERS

Say = Callable[[str], object]


@dataclass(frozen=True)
class Finding:
    """A file that a reader could not stand."""

    reader: str
    reason: str
    file: Path


class Fuzzer:
    """Keeps the seeds of all readers in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.canary = folder / MARK
        os.environ["FUZZ_CANARY"] = str(self.canary)
        self.seeds: dict[str, list[Path]] = {}
        self.inputs = 0
        for name, reader in READERS.items():
            self.seeds[name] = []
            for number, write in enumerate(reader.seeds):
                place = folder / "seeds" / name.replace(" ", "_") / str(number)
                place.mkdir(parents=True)
                self.seeds[name].append(write(place))

    def check_seeds(self) -> None:
        """Read every seed as it is: a fuzz of files that nobody can read finds nothing."""
        for name, reader in READERS.items():
            for path in self.seeds[name]:
                reader.read(path)

    def run(self, name: str, examples: int, number: int) -> Finding | None:
        """Change the seeds of one reader and read what comes of it.

        Args:
            name: of the reader.
            examples: how many.
            number: of the draw; the same one draws the same files.
        """
        last: list[tuple[Path, bytes]] = []
        origin = self.seeds[name][number % len(self.seeds[name])]

        @seed(number)
        @settings(
            max_examples=examples, deadline=None, database=None, verbosity=Verbosity.quiet,
            suppress_health_check=list(HealthCheck), phases=[Phase.generate],
            report_multiple_bugs=False,
        )  # fmt: skip
        @given(changed_files(origin))
        def attempt(changed: dict[Path, bytes]) -> None:
            self.inputs += 1
            with self._placed(origin, changed) as path:
                ((file, data),) = changed.items()
                last[:] = [(file, data)]
                (self.folder / "input").write_bytes(data)  # What a crash leaves behind.
                read_within_limits(READERS[name].read, path, self.canary)

        try:
            attempt()
        except BaseException as error:  # Whatever it is, it is a finding.
            if isinstance(error, KeyboardInterrupt):
                raise
            return self._kept(name, last[0], error)
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

    def _kept(self, name: str, changed: tuple[Path, bytes], error: BaseException) -> Finding:
        kept = Path(tempfile.mkdtemp(prefix="fuzz-")) / changed[0].name
        kept.write_bytes(changed[1])
        frames = traceback.extract_tb(error.__traceback__)
        own = [f for f in frames if "/neuhmr/" in f.filename or "/workbench/" in f.filename]
        where = f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "?"
        shutil.rmtree(self.canary, ignore_errors=True)
        return Finding(name, f"{type(error).__name__}: {str(error)[:200]} at {where}", kept)


def fuzz(minutes: float, only: str, say: Say, examples: int = 100) -> int:
    """Go round all readers until the time is over; each finding is told as it comes.

    Args:
        minutes: how long; 0 goes round once, with the same files every time.
        only: part of the names of the readers.
        say: prints a line.
        examples: files of each reader in each round.

    Returns:
        How many kinds of findings there were.
    """
    found: set[str] = set()
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        fuzzer = Fuzzer(Path(folder))
        fuzzer.check_seeds()
        until = time.monotonic() + 60.0 * minutes
        numbers = itertools.count(int(time.time())) if minutes else range(1)
        for number, reader in ((n, r) for n in numbers for r in READERS if only in r):
            if minutes and time.monotonic() >= until:
                break
            finding = fuzzer.run(reader, examples, number)
            if finding is not None and finding.reason not in found:
                found.add(finding.reason)
                say(f"{finding.reader}: {finding.reason}\n  {finding.file}")
        say(f"{fuzzer.inputs} files read, {len(found)} findings")
    return len(found)
