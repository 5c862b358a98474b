"""Tests of neuhmr.offscreen_gl."""

import importlib
import os

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
