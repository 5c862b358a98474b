"""Shading a mesh's visible surface with OpenGL (pyrender, without a screen)."""

from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor

from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.mesh_normals import vertex_normals
from neuhmr.offscreen_gl import close_renderer, load_pyrender, open_renderer, release_context
from neuhmr.rendering.mesh_shading import AMBIENT, GAMMA, LIGHTS

# pyrender divides by pi, and its matte shading is a little darker than Lambert's law.
OPENGL_STRENGTH = 3.4


class OpenGlShader:
    """A pyrender scene with its lights, into which one mesh at a time is put."""

    def __init__(self, height: int, width: int) -> None:
        pyrender = load_pyrender()
        self._renderer: Any = open_renderer(height, width)
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
            release_context()
            for node in nodes:
                scene.remove_node(node)
        values = rendered[0].astype(np.float32) / 255.0
        coverage = values[..., 3]
        # Colors of outline pixels are mixed with the black behind them.
        return values[..., :3] / coverage.clip(1e-6)[..., None], coverage

    def close(self) -> None:
        """Give the memory back, and leave EGL running for other overlays."""
        close_renderer(self._renderer)


def _look_along(direction: Float[np.ndarray, " 3"]) -> Float[np.ndarray, "4 4"]:
    """Pose of an OpenGL light that shines along a direction of the camera frame."""
    backward = -direction / np.linalg.norm(direction) * [1.0, -1.0, -1.0]
    helper = np.eye(3)[np.abs(backward).argmin()]
    right = np.cross(helper, backward)
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, :3] = np.stack([right, np.cross(backward, right), backward], axis=1)
    return pose
