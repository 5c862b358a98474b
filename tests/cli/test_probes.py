"""Trials of native libraries: what works says so, what does not leaves with an error."""

from importlib.metadata import version

import pytest

from neuhmr.cli.probes import PROBES


def test_a_sparse_convolution_runs() -> None:
    assert PROBES["spconv"]() == f"{version('spconv')}, forward pass on the CPU"


def test_a_triangle_is_drawn() -> None:
    assert PROBES["gl"]()


def test_mediapipe_says_its_version() -> None:
    pytest.importorskip("mediapipe")
    assert PROBES["mediapipe"]() == version("mediapipe")
