"""Rendering a person on a stage with pyrender: pictures with shadows and exact masks."""

from types import TracebackType
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, UInt8

from neuhmr.body.open_body import OpenBodySurface
from neuhmr.offscreen_gl import close_renderer, load_pyrender, open_renderer, release_context
from neuhmr.people.person import textured_layout
from neuhmr.people.stage import Lamp, Panel, Stage
from neuhmr.people.surface_points import vertex_normals

_GL_CAMERA = np.diag([1.0, -1.0, -1.0, 1.0])
"""OpenGL cameras look along -z with +y up; OpenCV ones along +z with +y down."""

_LAMP_DISTANCE = 12.0
"""How far lamps are from the person (m): beyond the walls, which face away and stay even."""


class StageRenderer:
    """Holds the GL context, one stage and one person; use as a context manager.

    The GL context is the state that makes this a class: it costs most of a second to open.
    """

    def __init__(self, height: int, width: int, surface: OpenBodySurface, faces: np.ndarray):
        self._pyrender: Any = load_pyrender()
        self._size = (height, width)
        self._faces = faces
        self._layout = textured_layout(faces, surface.vt, surface.ft)
        self._renderer: Any = open_renderer(height, width)
        self._scene: Any = None
        self._person: Any = None
        self._material: Any = None
        self._camera: Any = None

    def __enter__(self) -> "StageRenderer":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        close_renderer(self._renderer)

    def set_stage(self, stage: Stage) -> None:
        """Build the room and its lights."""
        pyrender = self._pyrender
        self._scene = pyrender.Scene(bg_color=[0.5, 0.5, 0.5, 1.0], ambient_light=stage.ambient)
        materials = [self._textured(texture) for texture in stage.textures]
        for panel in stage.panels:
            self._scene.add(_panel_mesh(pyrender, panel, materials[panel.texture]))
        # Every directional light casts shadows and costs a pass; only the key lamp is one.
        self._scene.add(
            pyrender.DirectionalLight(color=_light_color(stage.key), intensity=stage.key.intensity),
            pose=_lamp_pose(stage.key),
        )
        for lamp in stage.fills:
            power = lamp.intensity * _LAMP_DISTANCE**2
            light = pyrender.PointLight(color=_light_color(lamp), intensity=power)
            self._scene.add(light, pose=_lamp_pose(lamp))
        self._person = self._camera = None

    def set_person_texture(self, texture: UInt8[np.ndarray, "size size 3"]) -> None:
        """Upload the texture of the person to be shown."""
        self._material = self._textured(texture)

    def render(
        self,
        vertices: Float[np.ndarray, "vertices 3"],
        K: Float[np.ndarray, "3 3"],
        T_camera_stage: Float[np.ndarray, "4 4"],
    ) -> tuple[UInt8[np.ndarray, "height width 3"], Bool[np.ndarray, "height width"]]:
        """Take a picture of the person and find the pixels that show it.

        Args:
            vertices: clothed surface (m, stage frame).
            K: intrinsics of an OpenCV camera without skew (px).
            T_camera_stage: rigid transform into the camera's frame (OpenCV axes).
        """
        self._place(vertices, K, T_camera_stage)
        flags = self._pyrender.RenderFlags
        try:
            color, _ = self._renderer.render(self._scene, flags=flags.SHADOWS_DIRECTIONAL)
            segments, _ = self._renderer.render(
                self._scene, flags=flags.SEG, seg_node_map={self._person: (255, 255, 255)}
            )
        finally:
            release_context()
        return color[..., :3].copy(), segments[..., 0] > 127

    def _place(self, vertices: np.ndarray, K: np.ndarray, T_camera_stage: np.ndarray) -> None:
        pyrender = self._pyrender
        for node in (self._person, self._camera):
            if node is not None:
                self._scene.remove_node(node)
        normals = vertex_normals(vertices, self._faces)
        primitive = pyrender.Primitive(
            positions=vertices[self._layout.vertex].astype(np.float32),
            normals=normals[self._layout.vertex].astype(np.float32),
            texcoord_0=self._layout.uv.astype(np.float32),
            indices=self._layout.faces,
            material=self._material,
        )
        self._person = self._scene.add(pyrender.Mesh([primitive]))
        camera = pyrender.IntrinsicsCamera(K[0, 0], K[1, 1], K[0, 2], K[1, 2], znear=0.1, zfar=30.0)
        pose = np.linalg.inv(T_camera_stage) @ _GL_CAMERA
        self._camera = self._scene.add(camera, pose=pose)

    def _textured(self, texture: np.ndarray) -> Any:
        pyrender = self._pyrender
        image = pyrender.Texture(source=np.ascontiguousarray(texture), source_channels="RGB")
        return pyrender.MetallicRoughnessMaterial(
            baseColorTexture=image, metallicFactor=0.0, roughnessFactor=0.85, smooth=True
        )


def _light_color(lamp: Lamp) -> Float[np.ndarray, "3"]:
    """Colors must be floats: an integer array silently gives no light."""
    return lamp.color.astype(np.float64)


def _panel_mesh(pyrender: Any, panel: Panel, material: Any) -> Any:
    corners = panel.corners
    normal = np.cross(corners[1] - corners[0], corners[3] - corners[0])
    across, up = panel.repeats
    primitive = pyrender.Primitive(
        positions=corners.astype(np.float32),
        normals=np.tile(normal / np.linalg.norm(normal), (4, 1)).astype(np.float32),
        texcoord_0=np.array([[0, 0], [across, 0], [across, up], [0, up]], np.float32),
        indices=np.array([[0, 1, 2], [0, 2, 3]]),
        material=material,
    )
    return pyrender.Mesh([primitive])


def _lamp_pose(lamp: Lamp) -> Float[np.ndarray, "4 4"]:
    """A directional light shines along the -z axis of its node."""
    backward = -lamp.direction / np.linalg.norm(lamp.direction)
    side = np.cross([0.0, 1.0, 0.0], backward)
    side = side / np.linalg.norm(side)
    pose = np.eye(4)
    pose[:3, :3] = np.stack([side, np.cross(backward, side), backward], axis=1)
    pose[:3, 3] = backward * _LAMP_DISTANCE + np.array([0.0, 0.9, 0.0])
    return pose
