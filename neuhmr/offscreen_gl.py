"""Drawing with pyrender where there is no screen, from several places and threads.

pyrender keeps its EGL context bound to one thread and shuts EGL down for the whole process when a
renderer is deleted. Renderers that are opened, used and closed here leave each other alone.
"""

import importlib
import os
import sys
from types import ModuleType
from typing import Any

import numpy as np

from neuhmr.errors import MissingDependencyError

# What pyrender and the EGL bindings raise where no usable device is found.
_STARTING_PROBLEMS = (
    ImportError, OSError, AssertionError, AttributeError, RuntimeError, TypeError, ValueError,
)  # fmt: skip


def load_pyrender() -> ModuleType:
    """Import pyrender, for EGL unless another platform was chosen.

    Raises:
        MissingDependencyError: pyrender or the system's EGL library is missing.
    """
    if "OpenGL" not in sys.modules:
        # PyOpenGL chooses its platform when it is first imported; without a screen only EGL works.
        os.environ.setdefault("PYOPENGL_PLATFORM", "egl")
    # pyrender imports its viewer, too, which asks for X libraries that servers lack.
    os.environ.setdefault("PYGLET_HEADLESS", "1")
    if not hasattr(np, "infty"):
        setattr(np, "infty", np.inf)  # noqa: B010 - pyrender 0.1.45 needs the old name
    try:
        return importlib.import_module("pyrender")
    except (ImportError, OSError, AttributeError) as problem:
        raise MissingDependencyError(
            f"pyrender cannot be loaded ({problem}); install libegl1 and the package pyrender."
        ) from problem


def open_renderer(height: int, width: int) -> Any:
    """Open a pyrender off-screen renderer; close it with `close_renderer`.

    Raises:
        MissingDependencyError: pyrender, EGL or a driver is missing.
    """
    pyrender = load_pyrender()
    gl_error: type[Exception] = importlib.import_module("OpenGL.error").Error
    try:
        renderer = pyrender.OffscreenRenderer(width, height)
    except (gl_error, *_STARTING_PROBLEMS) as problem:
        platform = os.environ.get("PYOPENGL_PLATFORM", "native")
        reason = " ".join(str(problem).split())
        raise MissingDependencyError(
            f"OpenGL does not start on the platform {platform} ({reason}); install libegl1 and a "
            "driver such as libgl1-mesa-dri."
        ) from problem
    release_context()
    return renderer


def release_context() -> None:
    """Let go of the EGL context: pyrender keeps it, and then no other thread can draw."""
    if os.environ.get("PYOPENGL_PLATFORM") != "egl":
        return
    EGL = importlib.import_module("OpenGL.EGL")
    display = EGL.eglGetCurrentDisplay()
    if display:
        EGL.eglMakeCurrent(display, EGL.EGL_NO_SURFACE, EGL.EGL_NO_SURFACE, EGL.EGL_NO_CONTEXT)


def close_renderer(renderer: Any) -> None:
    """Give a renderer's memory back, and leave EGL running for the others."""
    platform = renderer._platform
    display = getattr(platform, "_egl_display", None)
    if display is None:
        renderer.delete()
        return
    EGL = importlib.import_module("OpenGL.EGL")
    platform._egl_display = None  # Nothing is left for `delete`, which runs at exit.
    try:
        EGL.eglMakeCurrent(display, EGL.EGL_NO_SURFACE, EGL.EGL_NO_SURFACE, platform._egl_context)
    except importlib.import_module("OpenGL.error").Error:
        # A renderer that was never closed ended EGL for all when it was collected as garbage; the
        # context and its memory went with it.
        return
    renderer._renderer.delete()
    release_context()
    EGL.eglDestroyContext(display, platform._egl_context)
