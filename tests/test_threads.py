"""Tests of neuhmr.threads."""

import subprocess
import sys

import pytest

from neuhmr.threads import SPIN_COUNT, limit_busy_waiting

NAMES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")


def test_waiting_threads_sleep_soon():
    environment = {}
    limit_busy_waiting(environment)
    assert environment == {"GOMP_SPINCOUNT": SPIN_COUNT}


@pytest.mark.parametrize("name", NAMES)
def test_what_the_user_chose_stays(name):
    environment = {name: "own"}
    limit_busy_waiting(environment)
    assert environment == {name: "own"}


@pytest.mark.parametrize("module", ["neuhmr.cli.dispatch", "workbench.__main__"])
def test_programs_say_so_before_torch_is_there(module):
    # OpenMP reads its environment when it is loaded, and torch loads it.
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
