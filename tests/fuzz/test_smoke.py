"""A few changed files of every kind, the same every time; `make fuzz` goes on from there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_no_reader_is_surprised() -> None:
    pytest.importorskip("hypothesis", reason="the fuzzer draws with hypothesis")
    # A process of its own, where types are not checked at run time: a wrong one is no crash.
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "0"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": "tests", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    count = int(done.stdout.split()[0])
    assert count > 300 and "0 findings" in done.stdout
