"""No hang and no crash goes by unseen, and those after it are still found."""

import re
from pathlib import Path

import pytest

pytest.importorskip("hypothesis", reason="the fuzzer draws with hypothesis")

from tests.fuzz.run import Turn
from tests.fuzz.watch import Watcher, fuzz, place_of

MODULE = "tests.fuzz.hanging_readers"


@pytest.fixture(scope="module")
def said():
    lines: list[str] = []
    assert fuzz(0.0, "", lines.append, examples=5, module=MODULE, seconds=0.4) == 3
    return lines


def test_a_reader_that_catches_everything_is_found_and_the_next_one_is_read(said):
    assert said[0].startswith("swallows: computes for more than 0.4 s at ")
    assert "(file 0 of draw 0)" in said[0], "the kind and the number draw it again"
    assert said[1].startswith("waits: waits for more than 1.6 s at ")
    assert said[2].startswith("breaks down: broke down (-11) at ")
    # One file of each of the first three, and five of the last.
    assert said[3] == "8 files read, 3 findings"


def test_the_file_is_kept_and_hangs_again(said):
    kept = Path(said[0].splitlines()[1].strip())
    assert kept.name == "a.bin" and kept.read_bytes() != bytes(range(64))
    watcher = Watcher(MODULE, "swallows", examples=1, seconds=0.2)
    try:
        finding = watcher.take(Turn("swallows", 0))
    finally:
        watcher.close()
    assert finding is not None and finding.file.read_bytes() == kept.read_bytes()


def test_where_a_reader_stood_is_told(said, tmp_path):
    assert all(re.search(r" at \w+\.py:\d+ \(file", said[place]) for place in (0, 1))
    lines = ["zipfile.py", "neuhmr/files/zip_archive.py", "neuhmr/files/loading.py"]
    trace = "".join(f'  File "/a/{name}", line {7 + i} in f\n' for i, name in enumerate(lines))
    (tmp_path / "trace").write_text(f"Current thread 0x1 (most recent call first):\n{trace}")
    assert place_of(tmp_path / "trace") == "zip_archive.py:8", "the innermost of the project's own"
