"""Shading a mesh's visible surface with OpenGL (pyrender, without a screen)."""

import os
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor

from neuhmr.errors import MissingDependencyError
from neuhmr.geometry.cameras import Camera
from neuhmr.rendering.mesh_shading import AMBIENT, GAMMA, LIGHTS, vertex_normals

# pyrender divides by pi, and its matte shading is a little darker than Lambert's law.
OPENGL_STRENGTH = 3.4

# What pyrender and the EGL bindings raise where no usable device is found.
_STARTING_PROBLEMS = (AssertionError, AttributeError, RuntimeError, TypeError, ValueError)


class OpenGlShader:
    """A pyrender scene with its lights, into which one mesh at a time is put."""

    def __init__(self, height: int, width: int) -> None:
        # PyOpenGL chooses its platform when it is first imported; without a screen only EGL works.
        os.environ.setdefault("PYOPENGL_PLATFORM", "egl")
        if not hasattr(np, "infty"):
            setattr(np, "infty", np.inf)  # noqa: B010 - pyrender 0.1.45 needs the old name
        try:
            import pyrender
            from OpenGL.error import Error as OpenGlError
        except (ImportError, OSError, AttributeError) as problem:
            raise MissingDependencyError(
                f"pyrender cannot be loaded ({problem}); install libegl1 and the package pyrender."
            ) from problem
        try:
            self._renderer: Any = pyrender.OffscreenRenderer(width, height)
        except (OpenGlError, ImportError, OSError, *_STARTING_PROBLEMS) as problem:
            platform = os.environ["PYOPENGL_PLATFORM"]
            reason = " ".join(str(problem).split())
            raise MissingDependencyError(
                f"OpenGL does not start on the platform {platform} ({reason}); install libegl1 "
                "and a driver such as libgl1-mesa-dri."
            ) from problem
        _release_context()
        self._pyrender: Any = pyrender
        self._scene: Any = pyrender.Scene(bg_color=np.zeros(4), ambient_light=np.full(3, AMBIENT))
        for direction, strength in LIGHTS:
            light = pyrender.DirectionalLight(np.ones(3), strength * OPENGL_STRENGTH)
            self._scene.add(light, pose=_look_along(-np.array(direction)))

    def shade(
        self, vertices: Tensor, faces: Tensor, camera: Camera, color: tuple[float, float, float]
    ) -> tuple[Float[np.ndarray, "height width 3"], Float[np.ndarray, "height width"]]:
        """Shade the visible surface; returns colors and the share of each pixel that is covered."""
        pyrender, scene = self._pyrender, self._scene
        flip = np.array([1.0, -1.0, -1.0], np.float32)  # OpenGL: y up, looking along -z.
        material = pyrender.MetallicRoughnessMaterial(
            baseColorFactor=(*(np.array(color) ** GAMMA), 1.0),
            metallicFactor=0.0,
            roughnessFactor=0.8,
            doubleSided=True,
        )
        primitive = pyrender.Primitive(
            positions=vertices.numpy() * flip,
            normals=vertex_normals(vertices, faces).numpy() * flip,
            indices=faces.numpy().astype(np.uint32),
            material=material,
        )
        K = camera.K.double().numpy()
        lens = pyrender.IntrinsicsCamera(K[0, 0], K[1, 1], K[0, 2], K[1, 2], znear=0.05, zfar=1000)
        nodes = [scene.add(lens), scene.add(pyrender.Mesh([primitive]))]
        scene.main_camera_node = nodes[0]
        try:
            rendered = self._renderer.render(scene, flags=pyrender.RenderFlags.RGBA)
        finally:
            _release_context()
            for node in nodes:
                scene.remove_node(node)
        values = rendered[0].astype(np.float32) / 255.0
        coverage = values[..., 3]
        # Colors of outline pixels are mixed with the black behind them.
        return values[..., :3] / coverage.clip(1e-6)[..., None], coverage

    def close(self) -> None:
        """Give the memory back, and leave EGL running for other overlays.

        pyrender's own `delete` shuts EGL down for the whole process.
        """
        platform = self._renderer._platform
        display = getattr(platform, "_egl_display", None)
        if display is None:
            self._renderer.delete()
            return
        from OpenGL import EGL

        platform.make_current()
        self._renderer._renderer.delete()
        _release_context()
        EGL.eglDestroyContext(display, platform._egl_context)
        platform._egl_display = None  # Nothing is left for `delete`, which runs at exit.


def _release_context() -> None:
    """Let go of the EGL context: pyrender keeps it, and then no other thread can draw."""
    if os.environ["PYOPENGL_PLATFORM"] != "egl":
        return
    from OpenGL import EGL

    display = EGL.eglGetCurrentDisplay()
    if display:
        EGL.eglMakeCurrent(display, EGL.EGL_NO_SURFACE, EGL.EGL_NO_SURFACE, EGL.EGL_NO_CONTEXT)


def _look_along(direction: Float[np.ndarray, " 3"]) -> Float[np.ndarray, "4 4"]:
    """Pose of an OpenGL light that shines along a direction of the camera frame."""
    backward = -direction / np.linalg.norm(direction) * [1.0, -1.0, -1.0]
    helper = np.eye(3)[np.abs(backward).argmin()]
    right = np.cross(helper, backward)
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, :3] = np.stack([right, np.cross(backward, right), backward], axis=1)
    return pose
