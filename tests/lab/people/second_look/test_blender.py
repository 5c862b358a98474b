"""Blender's module: what is said where it is missing, and that it keeps quiet."""

import os
import sys

import numpy as np
import pytest

from neuhmr.errors import MissingDependencyError
from neuhmr.lab.people.second_look.blender import load_blender, silence, to_blender


def test_without_blender_the_look_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bpy", None)
    with pytest.raises(MissingDependencyError, match=r"workbench\[cycles\].*--look raster"):
        load_blender()


def test_up_is_up_in_blender() -> None:
    assert to_blender(np.array([[1.0, 2.0, 3.0]])).tolist() == [[1.0, -3.0, 2.0]]


def test_what_a_library_prints_does_not_reach_standard_output(
    capfd: pytest.CaptureFixture[str],
) -> None:
    os.write(1, b"before ")
    with silence():
        os.write(1, b"within ")
    os.write(1, b"after")
    assert capfd.readouterr().out == "before after"
    with pytest.raises(ZeroDivisionError), silence():
        raise ZeroDivisionError
    os.write(1, b"again")
    assert capfd.readouterr().out == "again"
