"""Versions that reports and records keep."""

import platform

import pytest
import torch

from neuhmr import versions as module
from neuhmr.versions import DISTRIBUTION, versions


def test_the_program_is_listed_with_what_it_computes_with() -> None:
    found = versions()
    assert found["python"] == platform.python_version()
    assert found["torch"] == torch.__version__.partition("+")[0]
    assert {DISTRIBUTION, "numpy"} <= found.keys()


def test_packages_that_are_missing_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PACKAGES", ("torch", "no-such-package"))
    assert versions().keys() == {"python", "torch"}
