"""Tests of neuhmr.offscreen_gl."""

import importlib
import os
import subprocess
import sys

import pytest

from neuhmr.errors import MissingDependencyError
from neuhmr.lab.people.training_set import open_renderer
from neuhmr.offscreen_gl import close_renderer


def test_closing_a_renderer_whose_display_is_gone_is_no_error() -> None:
    try:
        opened = open_renderer(32, 32)
    except MissingDependencyError as error:
        pytest.skip(f"needs EGL: {error}")
    if os.environ.get("PYOPENGL_PLATFORM") != "egl":
        pytest.skip("draws without EGL")
    renderer = opened._renderer
    EGL = importlib.import_module("OpenGL.EGL")
    # What pyrender does when a renderer that nobody closed is collected.
    EGL.eglTerminate(renderer._platform._egl_display)
    close_renderer(renderer)
    assert renderer._platform._egl_display is None, "nothing is left to end at exit"
    again = open_renderer(32, 32)
    assert again._renderer._platform._egl_display is not None
    close_renderer(again._renderer)


WITHOUT_X = """
import ctypes, ctypes.util

load, find = ctypes.CDLL, ctypes.util.find_library

def refuse_x(name, *arguments, **options):
    if name and "libX" in str(name):
        raise OSError(f"{name}: no such file")
    return load(name, *arguments, **options)

ctypes.CDLL = ctypes.cdll.LoadLibrary = refuse_x
ctypes.util.find_library = lambda name: None if name.startswith("X") else find(name)

from neuhmr.offscreen_gl import load_pyrender

print(load_pyrender().__name__)
"""


def test_a_server_without_x_libraries_draws() -> None:
    try:
        close_renderer(open_renderer(32, 32)._renderer)
    except MissingDependencyError as error:
        pytest.skip(f"needs EGL: {error}")
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_X], capture_output=True, text=True, check=False
    )
    assert done.stdout == "pyrender\n", done.stderr
